import { useTranslation } from "react-i18next";
import { ApiError } from "../../chat/api";
import { refusal } from "../../ui/refusal";
import { TextField } from "../../ui/TextField";

const longest = 80;

/** Whether a refusal is about the name, and is said at its field. */
export const isAboutName = (error: unknown) =>
  error instanceof ApiError && ["room_exists", "bad_name"].includes(error.code);

interface RoomNameFieldProps {
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  /** Why the room was refused, if it was. */
  error: unknown;
  /** Typing forgets what was wrong. */
  onForget: () => void;
}

/** A room's name, and what is wrong with it. */
export function RoomNameField({ value, onChange, hint, error, onForget }: RoomNameFieldProps) {
  const { t } = useTranslation();
  const wrong = isAboutName(error);
  return (
    <TextField
      label={t("rooms.name")}
      value={value}
      onChange={(typed) => {
        onChange(typed);
        if (wrong) onForget();
      }}
      maxLength={longest}
      description={hint}
      error={wrong ? refusal(error) : null}
      autoFocus
    />
  );
}
