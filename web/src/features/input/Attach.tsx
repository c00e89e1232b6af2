import { Plus } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { isUpload } from "./keys";

/** Opens the browser's choice of files; so does Ctrl+U, anywhere in the page. */
export function Attach({ className, onFiles }: { className: string | undefined; onFiles: (files: File[]) => void }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (!isUpload(event) || event.defaultPrevented || document.querySelector('[role$="dialog"], [role="menu"]'))
        return;
      event.preventDefault(); // of the page's source
      input.current?.click();
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          target.value = ""; // so that the same file can be chosen again
        }}
      />
      <IconButton label={t("input.attach")} className={className} onClick={() => input.current?.click()}>
        <Icon of={Plus} />
      </IconButton>
    </>
  );
}
