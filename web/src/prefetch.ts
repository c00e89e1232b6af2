import { prefetchSdk } from "./chat/sdk";

export const loadHouse = () => import("./House");

/** Starts the download of what comes after the sign-in page. */
export function prefetchHouse(): void {
  prefetchSdk();
  loadHouse().catch(() => {}); // asked for again when it is needed, and there a failure is shown
}
