import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Attachment } from "../../chat/model";
import { fileIcon, sizeOf } from "../../ui/file";
import { Icon } from "../../ui/Icon";
import styles from "./FileCard.module.css";
import { useDownload } from "./useDownload";

/** A file by its name and size; pressed, it is saved. */
export function FileCard({ file }: { file: Attachment }) {
  const { t } = useTranslation();
  const download = useDownload();
  const { name, type, size } = file;
  return (
    <button type="button" className={styles.card} onClick={() => download(file)}>
      <span className="sr">{t("files.save")} </span>
      <span className={styles.icon}>
        <Icon of={fileIcon(type)} />
      </span>
      <span className={styles.words}>
        <bdi className="truncate" title={name}>
          {name}
        </bdi>
        <small>{sizeOf(size)}</small>
      </span>
      <Icon of={Download} />
    </button>
  );
}
