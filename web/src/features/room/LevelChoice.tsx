import { useTranslation } from "react-i18next";
import type { Room } from "../../chat/model";
import { MenuChoice } from "../../ui/Menu";
import { useLevel } from "./roomActions";

/** Part of a room's menu: what one is told of it. */
export function LevelChoice({ room }: { room: Room }) {
  const { t } = useTranslation();
  const { level, choose } = useLevel(room);
  const options = (["all", "mentions", "muted"] as const).map((value) => ({ value, text: t(`rooms.level.${value}`) }));
  return <MenuChoice label={t("rooms.level.title")} value={level} onChange={choose} options={options} />;
}
