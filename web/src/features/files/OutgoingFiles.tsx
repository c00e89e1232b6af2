import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Outgoing, OutgoingFile } from "../../chat/model";
import { IconButton } from "../../ui/Button";
import { fileIcon, isPicture, sizeOf } from "../../ui/file";
import { Icon } from "../../ui/Icon";
import attachments from "./Attachments.module.css";
import card from "./FileCard.module.css";
import styles from "./OutgoingFiles.module.css";
import { placeOf } from "./size";
import { useBlobUrl } from "./useBlobUrl";

/** The files of a message that is on its way, where they will be when it is there, and how much of them is sent. */
export function OutgoingFiles({ sid, outgoing }: { sid: string; outgoing: Outgoing }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const part = useChatState((state) => state.uploads[outgoing.cid]);
  const { files, status, cid } = outgoing;
  if (files.length === 0) return null;
  return (
    <>
      <ul className={attachments.files} aria-label={t("files.list")}>
        {files.map((file) => (
          <li key={file.id} className={isPicture(file.type) ? attachments.beside : undefined}>
            {isPicture(file.type) ? <Preview file={file} /> : <Card file={file} />}
          </li>
        ))}
      </ul>
      {status === "sending" && (
        <div className={styles.progress}>
          <progress aria-label={t("files.sending")} max={1} value={part ?? 0} />
          <span aria-hidden="true">{Math.floor((part ?? 0) * 100)} %</span>
          <IconButton label={t("files.cancel")} onClick={() => chat.cancelUpload(sid, cid)}>
            <Icon of={X} size={16} />
          </IconButton>
        </div>
      )}
    </>
  );
}

function Preview({ file }: { file: OutgoingFile }) {
  const { width, height } = placeOf(file);
  const url = useBlobUrl(file.content);
  return (
    <div className={attachments.picture} style={{ inlineSize: width, aspectRatio: `${width} / ${height}` }}>
      {url && <img src={url} alt={file.name} />}
    </div>
  );
}

function Card({ file: { name, type, content } }: { file: OutgoingFile }) {
  return (
    <div className={card.card}>
      <span className={card.icon}>
        <Icon of={fileIcon(type)} />
      </span>
      <span className={card.words}>
        <bdi className="truncate" title={name}>
          {name}
        </bdi>
        <small>{sizeOf(content.size)}</small>
      </span>
    </div>
  );
}
