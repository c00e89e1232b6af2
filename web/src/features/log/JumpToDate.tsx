import { type FormEvent, type ReactNode, useState } from "react";
import { Dialog, DialogTrigger, Popover, Button as Pressable } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useChatActions } from "../../ChatContext";
import { Button } from "../../ui/Button";
import floating from "../../ui/Floating.module.css";
import styles from "./ChatLog.module.css";
import { midnight } from "./format";
import popovers from "./Popovers.module.css";

/** The day's name in the log, as a button that takes the reader to another day. */
export function JumpToDate({ sid, at, children }: { sid: string; at: number; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <DialogTrigger>
      <Pressable className={styles.date}>
        {children}
        <span className="sr">{t("log.jumpToDate")}</span>
      </Pressable>
      <Popover className={floating.popover} placement="bottom start">
        <Dialog className={popovers.dates} aria-label={t("log.jumpToDate")}>
          {({ close }) => <DateForm sid={sid} at={at} onDone={close} />}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

/** Where to go in time: a day, or one of the usual ones. */
export function DateForm({ sid, at, onDone }: { sid: string; at: number; onDone: () => void }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const [day, setDay] = useState(asField(at));
  const [note, setNote] = useState<"none" | "failed" | "busy" | null>(null);

  async function go(moment: number) {
    setNote("busy");
    try {
      if (await chat.jumpToDate(sid, moment)) onDone();
      else setNote("none");
    } catch {
      setNote("failed");
    }
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
    if (day) go(new Date(year, month - 1, date).getTime());
  }

  return (
    <>
      <h3>{t("log.jumpToDate")}</h3>
      <div className={popovers.quick}>
        <button type="button" onClick={() => go(midnight(Date.now(), -7))}>
          {t("log.lastWeek")}
        </button>
        <button type="button" onClick={() => go(midnight(Date.now(), -30))}>
          {t("log.lastMonth")}
        </button>
        <button type="button" onClick={() => go(0)}>
          {t("log.beginning")}
        </button>
      </div>
      <form onSubmit={submit}>
        <label htmlFor="jump-day">{t("log.day")}</label>
        <input id="jump-day" type="date" required value={day} onChange={(event) => setDay(event.target.value)} />
        <Button type="submit" look="primary" disabled={note === "busy"}>
          {t("log.go")}
        </Button>
        {(note === "none" || note === "failed") && (
          <p className={popovers.note} role="alert">
            {t(note === "none" ? "log.noneSince" : "log.failedDate")}
          </p>
        )}
      </form>
    </>
  );
}

/** As a date field has it, in the reader's own time zone. */
function asField(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
