import { X } from "lucide-react";
import {
  Text,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
  UNSTABLE_Toast as ToastRow,
} from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "./Button";
import { Icon } from "./Icon";
import styles from "./Toast.module.css";

interface Message {
  text: string;
  action?: { label: string; onPress: () => void };
}

const queue = new ToastQueue<Message>({ maxVisibleToasts: 2 });
const shownFor = 5_000;

/** Says what cannot be seen in its place, such as "Link copied"; goes by itself, unless somebody is on it. */
export function toast(text: string, options: Omit<Message, "text"> = {}): void {
  queue.add({ text, ...options }, { timeout: shownFor });
}

/** Where toasts appear: once in the page. */
export function Toasts() {
  const { t } = useTranslation();
  return (
    <ToastRegion queue={queue} className={styles.region as string} aria-label={t("toasts")}>
      {({ toast: shown }) => (
        <ToastRow toast={shown} className={styles.toast as string}>
          <ToastContent>
            <Text slot="title">{shown.content.text}</Text>
          </ToastContent>
          {shown.content.action && (
            <Button
              look="quiet"
              size="sm"
              onClick={() => {
                shown.content.action?.onPress();
                queue.close(shown.key);
              }}
            >
              {shown.content.action.label}
            </Button>
          )}
          <IconButton label={t("close")} onClick={() => queue.close(shown.key)}>
            <Icon of={X} size={16} />
          </IconButton>
        </ToastRow>
      )}
    </ToastRegion>
  );
}
