import "./styles/base.css";
import "./i18n";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { ChatProvider } from "./ChatContext";
import { api } from "./chat/api";
import { createChat } from "./chat/chat";
import { connect } from "./chat/sdk";
import { browserPopups } from "./popups";
import { applyTheme } from "./ui/theme";

applyTheme();
const chat = createChat({ api, connect, popups: browserPopups() });
window.addEventListener("pagehide", () => chat.leavesPage());
chat.begin();

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <ChatProvider chat={chat}>
      <App />
    </ChatProvider>
  </StrictMode>,
);
