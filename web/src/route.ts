import { useRoute } from "wouter";

/** The room that the address names, and the message in it, by index: `/r/<sid>` and `/r/<sid>/m/<index>`. */
export function useRoomRoute(): { sid: string | null; at: number | null } {
  const [, params] = useRoute("/r/:sid/*?");
  const index = params?.["*"]?.match(/^m\/(\d{1,15})$/)?.[1];
  return { sid: params?.sid ?? null, at: index === undefined ? null : Number(index) };
}

export const permalink = (sid: string, index: number) => `/r/${sid}/m/${index}`;
