import { recall, remember } from "../../ui/memory";

/** What sends a message: Enter, or Ctrl+Enter, so that Enter breaks the line. In this browser. */
export type SendKey = "enter" | "ctrlEnter";

const memory = "roomful:send";

export const sendKey = (): SendKey => (recall(memory) === "ctrlEnter" ? "ctrlEnter" : "enter");
export const chooseSendKey = (key: SendKey) => remember(memory, key);
