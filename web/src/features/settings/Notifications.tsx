import { useState } from "react";
import { useTranslation } from "react-i18next";
import { chooseText, showsText, standing, turnOff, turnOn } from "../../popups";
import { Switch } from "../../ui/Switch";

/** Whether this browser tells of what is new while one looks elsewhere. */
export function Notifications() {
  const { t } = useTranslation();
  const [now, setNow] = useState(standing);
  const [text, setText] = useState(showsText);
  const possible = now === "on" || now === "off";
  function chooseWhetherText(shows: boolean) {
    setText(shows);
    chooseText(shows);
  }
  return (
    <>
      <p>{t("settings.notifications.text")}</p>
      <Switch
        isSelected={now === "on"}
        disabled={!possible}
        onChange={async (on) => setNow(on ? await turnOn() : turnOff())}
        description={t(`settings.notifications.${now}`)}
      >
        {t("settings.notifications.here")}
      </Switch>
      <Switch
        isSelected={text}
        disabled={now !== "on"}
        onChange={chooseWhetherText}
        description={t("settings.notifications.showTextNote")}
      >
        {t("settings.notifications.showText")}
      </Switch>
    </>
  );
}
