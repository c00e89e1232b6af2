import { useEffect, useState } from "react";
import { useRoute } from "wouter";
import { accountApi, type Invitation } from "../../chat/accountApi";
import { ApiError } from "../../chat/api";

/** `none`: the address is not one of an invitation. `unknown`: there was no answer. */
export type InvitationState =
  | { state: "none" | "asking" | "unknown" | "dead"; code: string | null }
  | { state: "works"; code: string; invitation: Invitation };

/** The invitation that the address names: `/join/<code>`. */
export function useInvitation(): InvitationState {
  const [, params] = useRoute("/join/:code");
  const code = params?.code ?? null;
  const [found, setFound] = useState<InvitationState>({ state: code ? "asking" : "none", code });
  useEffect(() => {
    setFound({ state: code ? "asking" : "none", code });
    if (!code) return;
    let wanted = true;
    accountApi.invitation(code).then(
      (invitation) => wanted && setFound({ state: "works", code, invitation }),
      (error: unknown) =>
        wanted && setFound({ state: error instanceof ApiError && error.status === 404 ? "dead" : "unknown", code }),
    );
    return () => {
      wanted = false;
    };
  }, [code]);
  return found;
}
