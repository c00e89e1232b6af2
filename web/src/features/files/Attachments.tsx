import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Attachment } from "../../chat/model";
import { Button } from "../../ui/Button";
import { isPicture } from "../../ui/file";
import styles from "./Attachments.module.css";
import { FileCard } from "./FileCard";
import { placeOf } from "./size";
import { useFileUrl } from "./useFileUrl";

const Lightbox = lazy(() => import("./Lightbox"));

/** The files of a message: pictures, sound and films are shown, everything else is there to be saved. */
export function Attachments({ files }: { files: Attachment[] }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState<string | null>(null);
  if (files.length === 0) return null;
  const pictures = files.filter(({ type }) => isPicture(type));
  return (
    <ul className={styles.files} aria-label={t("files.list")}>
      {files.map((file) => (
        <li key={file.sid} className={isPicture(file.type) ? styles.beside : undefined}>
          <One file={file} onShow={() => setShown(file.sid)} />
        </li>
      ))}
      {shown !== null && (
        <Suspense>
          <Lightbox pictures={pictures} first={shown} onClose={() => setShown(null)} />
        </Suspense>
      )}
    </ul>
  );
}

function One({ file, onShow }: { file: Attachment; onShow: () => void }) {
  if (isPicture(file.type)) return <Picture file={file} onShow={onShow} />;
  if (/^(audio|video)\//.test(file.type)) return <Recording file={file} />;
  return <FileCard file={file} />;
}

function Picture({ file, onShow }: { file: Attachment; onShow: () => void }) {
  const { t } = useTranslation();
  const { ref, url, failed, onError, retry } = useFileUrl<HTMLDivElement>(file.sid);
  const { width, height } = placeOf(file);
  return (
    <div ref={ref} className={styles.picture} style={{ inlineSize: width, aspectRatio: `${width} / ${height}` }}>
      {failed ? (
        <div className={styles.failed}>
          <span>{t("files.failedPicture")}</span>
          <Button look="link" onClick={retry}>
            {t("retry")}
          </Button>
        </div>
      ) : (
        <button type="button" aria-label={t("files.show", { name: file.name })} onClick={onShow}>
          {url && <img src={url} alt="" decoding="async" onError={onError} />}
        </button>
      )}
    </div>
  );
}

/** Sound or a film. What the browser cannot play can still be saved. */
function Recording({ file }: { file: Attachment }) {
  const { ref, url, failed, onError } = useFileUrl<HTMLDivElement>(file.sid);
  const isFilm = file.type.startsWith("video/");
  const Player = isFilm ? "video" : "audio";
  const { width, height } = placeOf(file);
  const place = isFilm && !failed ? { inlineSize: width, aspectRatio: `${width} / ${height}` } : {};
  return (
    <>
      <div ref={ref} className={styles.player} style={place}>
        {url && !failed && <Player src={url} controls preload="metadata" aria-label={file.name} onError={onError} />}
      </div>
      <FileCard file={file} />
    </>
  );
}
