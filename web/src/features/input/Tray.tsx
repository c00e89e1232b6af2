import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useChatActions } from "../../ChatContext";
import type { OutgoingFile } from "../../chat/model";
import { IconButton } from "../../ui/Button";
import { fileIcon, isPicture, sizeOf } from "../../ui/file";
import { Icon } from "../../ui/Icon";
import { useBlobUrl } from "../files/useBlobUrl";
import styles from "./Tray.module.css";

/** The files that go with the message. */
export function Tray({ sid, files }: { sid: string; files: OutgoingFile[] }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  return (
    <ul className={styles.tray} aria-label={t("input.files")}>
      {files.map(({ id, name, type, content }) => (
        <li key={id} className={styles.chip}>
          <span className={styles.thumb}>
            {isPicture(type) ? <Thumb content={content} /> : <Icon of={fileIcon(type)} />}
          </span>
          <span className={styles.words}>
            <bdi className="truncate" title={name}>
              {name}
            </bdi>
            <small>{sizeOf(content.size)}</small>
          </span>
          <IconButton
            label={t("input.detach", { name })}
            className={styles.remove}
            onClick={() => chat.detach(sid, id)}
          >
            <Icon of={X} size={16} />
          </IconButton>
        </li>
      ))}
    </ul>
  );
}

function Thumb({ content }: { content: Blob }) {
  const address = useBlobUrl(content);
  return address && <img src={address} alt="" />;
}
