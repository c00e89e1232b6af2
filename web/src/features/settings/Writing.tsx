import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Switch } from "../../ui/Switch";
import { chooseSendKey, sendKey } from "../input/sendKey";

/** How one writes, in this browser. */
export function Writing() {
  const { t } = useTranslation();
  const [key, setKey] = useState(sendKey);
  function choose(withCtrl: boolean) {
    const chosen = withCtrl ? "ctrlEnter" : "enter";
    setKey(chosen);
    chooseSendKey(chosen);
  }
  return (
    <>
      <p>{t("settings.writing.text")}</p>
      <Switch
        isSelected={key === "ctrlEnter"}
        onChange={choose}
        description={t(key === "ctrlEnter" ? "settings.writing.ctrlEnterOn" : "settings.writing.ctrlEnterOff")}
      >
        {t("settings.writing.ctrlEnter")}
      </Switch>
    </>
  );
}
