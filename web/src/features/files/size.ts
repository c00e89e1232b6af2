import type { Attachment } from "../../chat/model";

const widest = 360;
const tallest = 300;
/** Of a picture whose size nobody has said: it is fitted into this. */
const usual = { width: 240, height: 180 };
/** What is lower or narrower is hard to see and to press. */
const least = 44;

/** The place that a picture takes in the log, in CSS pixels: reserved before it is there, so that nothing moves. */
export function placeOf({ width, height }: Pick<Attachment, "width" | "height">): { width: number; height: number } {
  if (!width || !height) return usual;
  const scale = Math.min(1, widest / width, tallest / height);
  return { width: Math.max(least, Math.round(width * scale)), height: Math.max(least, Math.round(height * scale)) };
}
