import { type RefObject, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatActions } from "../../ChatContext";
import { isTouch } from "./keys";

/** Puts files with the draft of a room, and says which were not taken and why. */
export function useFiles(sid: string, field: RefObject<HTMLTextAreaElement | null>) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const [refused, setRefused] = useState<string[]>([]);

  async function attach(files: File[]): Promise<void> {
    setRefused([]);
    if (!isTouch()) field.current?.focus({ preventScroll: true }); // so that Enter sends them
    const refusals = await chat.attach(sid, files);
    setRefused(refusals.map((refusal) => t(refusal.key, { ...refusal })));
  }
  return { attach, refused, forgive: () => setRefused([]) };
}
