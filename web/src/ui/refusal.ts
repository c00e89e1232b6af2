import { ApiError } from "../chat/api";
import i18n from "../i18n";

/** What to tell a person of a request that failed: the server's own sentence, where it gave one. */
export function refusal(error: unknown): string {
  if (!(error instanceof ApiError)) return i18n.t("failure.other");
  if (error.code === "network" || error.status >= 500) return i18n.t("failure.network");
  return error.message || i18n.t("failure.other");
}
