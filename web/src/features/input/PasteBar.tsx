import { ClipboardPaste } from "lucide-react";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/Button";
import { Bar } from "./Bar";
import { applyEdit } from "./edit";
import { fence } from "./format";
import { linesOf } from "./usePaste";

interface PasteBarProps {
  /** What was pasted; it stands in the text at `at`. */
  pasted: string;
  at: number;
  field: RefObject<HTMLTextAreaElement | null>;
  onFiles: (files: File[]) => void;
  onClose: () => void;
}

/** Offers to put a long text that was pasted in its proper place. */
export function PasteBar({ pasted, at, field, onFiles, onClose }: PasteBarProps) {
  const { t } = useTranslation();
  const end = at + pasted.length;
  function asCode() {
    if (field.current) applyEdit(field.current, fence(field.current.value, at, end));
    onClose();
  }
  function asFile() {
    if (field.current) applyEdit(field.current, { from: at, to: end, text: "", select: [at, at] });
    onFiles([new File([pasted], t("input.pastedName"), { type: "text/plain" })]);
    onClose();
  }
  return (
    <Bar icon={ClipboardPaste} role="status" closes={t("close")} onClose={onClose}>
      <span>{t("input.pasted", { count: linesOf(pasted) })}</span>
      <Button look="link" onClick={asCode}>
        {t("input.asCode")}
      </Button>
      <Button look="link" onClick={asFile}>
        {t("input.asFile")}
      </Button>
    </Bar>
  );
}
