import { useTranslation } from "react-i18next";
import { useChatActions } from "../../ChatContext";
import type { Attachment } from "../../chat/model";
import { toast } from "../../ui/Toast";

/** Saves a file under its name. Its address is asked for only now, as it lives for minutes. */
export function useDownload() {
  const { t } = useTranslation();
  const chat = useChatActions();
  return async ({ sid, name }: Attachment) => {
    try {
      const link = document.createElement("a");
      link.href = await chat.fileUrl(sid);
      link.download = name;
      link.rel = "noopener";
      if (new URL(link.href).origin !== window.location.origin) link.target = "_blank"; // there a name is not obeyed
      link.click();
    } catch {
      toast(t("files.failedDownload", { name }));
    }
  };
}
