import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import type { Room } from "../../chat/model";
import { ProfileCard } from "./ProfileCard";

type Show = (identity: string, anchor: HTMLElement) => void;

const ProfileContext = createContext<Show>(() => {});

/** Shows the card of somebody, beside the element that was pressed for it. */
export const useShowProfile = () => useContext(ProfileContext);

/** Around whatever shows people; `room` is where they are met, and may be put out. */
export function ProfileProvider({ room, children }: { room: Room | null; children: ReactNode }) {
  const [shown, setShown] = useState<{ identity: string; anchor: HTMLElement } | null>(null);
  const show = useCallback<Show>((identity, anchor) => setShown({ identity, anchor }), []);
  const close = useCallback(() => setShown(null), []);
  const card = useMemo(
    () => shown && <ProfileCard key={shown.identity} room={room} {...shown} onClose={close} />,
    [shown, room, close],
  );
  return (
    <ProfileContext value={show}>
      {children}
      {card}
    </ProfileContext>
  );
}
