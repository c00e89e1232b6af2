import { Smile } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { EmojiButton } from "../emoji/EmojiPopover";
import { insertText } from "./edit";

interface InsertEmojiProps {
  className: string | undefined;
  field: RefObject<HTMLTextAreaElement | null>;
}

/** Picks an emoji and puts it where the caret is. */
export function InsertEmoji({ className, field }: InsertEmojiProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const picked = useRef("");
  useEffect(() => {
    if (isOpen || !picked.current) return;
    /** The picker does not let the focus go before it is gone, and one has to have it to type. */
    function insert() {
      const { current } = field;
      current?.focus({ preventScroll: true });
      if (!current || document.activeElement !== current) frame = requestAnimationFrame(insert);
      else insertText(current, picked.current);
    }
    let frame = requestAnimationFrame(insert);
    return () => {
      cancelAnimationFrame(frame);
      picked.current = "";
    };
  }, [isOpen, field]);
  return (
    <EmojiButton
      label={t("input.insertEmoji")}
      icon={Smile}
      className={className}
      isOpen={isOpen}
      onOpenChange={setOpen}
      onPick={(emoji) => {
        picked.current = emoji;
      }}
    />
  );
}
