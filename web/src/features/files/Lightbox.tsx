import { ChevronLeft, ChevronRight, Download, X } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { useTranslation } from "react-i18next";
import type { Attachment } from "../../chat/model";
import { IconButton } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import styles from "./Lightbox.module.css";
import { useDownload } from "./useDownload";
import { useFileUrl } from "./useFileUrl";

interface LightboxProps {
  pictures: Attachment[];
  /** The SID of the one to begin with. */
  first: string;
  onClose: () => void;
}

/** The pictures of a message over the whole page, one at a time. */
export default function Lightbox({ pictures, first, onClose }: LightboxProps) {
  const { t } = useTranslation();
  const download = useDownload();
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      pictures.findIndex(({ sid }) => sid === first),
    ),
  );
  const picture = pictures[at];
  if (!picture) return null;
  const step = (by: number) => setAt((now) => Math.min(pictures.length - 1, Math.max(0, now + by)));

  function onKeyDown(event: KeyboardEvent) {
    const rtl = getComputedStyle(document.body).direction === "rtl" ? -1 : 1;
    const by = { ArrowLeft: -rtl, ArrowRight: rtl }[event.key];
    if (by) step(by);
  }
  return (
    <ModalOverlay className={styles.scrim as string} isOpen onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className={styles.modal as string}>
        <Dialog className={styles.box as string} aria-label={picture.name || t("files.picture")}>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys of the dialog, whatever in it has the focus */}
          <div className={styles.content} onKeyDown={onKeyDown}>
            <header className={styles.head}>
              <bdi className="truncate">{picture.name}</bdi>
              {pictures.length > 1 && <span>{t("files.of", { at: at + 1, count: pictures.length })}</span>}
              <IconButton label={t("files.save")} onClick={() => download(picture)}>
                <Icon of={Download} />
              </IconButton>
              <IconButton label={t("close")} onClick={onClose} autoFocus>
                <Icon of={X} />
              </IconButton>
            </header>
            <Large key={picture.sid} picture={picture} />
            {at > 0 && (
              <IconButton label={t("files.before")} className={styles.before} onClick={() => step(-1)}>
                <Icon of={ChevronLeft} />
              </IconButton>
            )}
            {at < pictures.length - 1 && (
              <IconButton label={t("files.next")} className={styles.next} onClick={() => step(1)}>
                <Icon of={ChevronRight} />
              </IconButton>
            )}
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Large({ picture }: { picture: Attachment }) {
  const { t } = useTranslation();
  const { ref, url, failed, onError } = useFileUrl<HTMLDivElement>(picture.sid);
  return (
    <div ref={ref} className={styles.frame}>
      {failed && <p>{t("files.failedPicture")}</p>}
      {url && !failed && <img src={url} alt={picture.name} onError={onError} />}
    </div>
  );
}
