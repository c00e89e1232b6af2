import { useMutation } from "@tanstack/react-query";
import { Archive, Lock } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../chat/model";
import { roomsApi } from "../../chat/roomsApi";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { refusal } from "../../ui/refusal";
import { ChatInput } from "../input/ChatInput";
import { useRights } from "../members/useMembers";
import styles from "./Composer.module.css";

/** Where one writes; or why one cannot. */
export function Composer({ room }: { room: Room }) {
  const { t } = useTranslation();
  const rights = useRights(room);
  const reopen = useMutation({ mutationFn: () => roomsApi.edit(room.sid, { archived: false }) });
  if (room.archived) {
    return (
      <div className={styles.closed} role="status">
        <Icon of={Archive} />
        <p>{reopen.error ? refusal(reopen.error) : t("room.isArchived")}</p>
        {rights.moderate && (
          <Button look="link" disabled={reopen.isPending} onClick={() => reopen.mutate()}>
            {t("room.unarchive")}
          </Button>
        )}
      </div>
    );
  }
  if (rights.write) return <ChatInput room={room} />;
  return (
    <div className={styles.closed} role="status">
      <Icon of={Lock} />
      <p>{t("room.readOnly")}</p>
    </div>
  );
}
