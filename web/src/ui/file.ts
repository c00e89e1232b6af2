import { File, FileArchive, FileText, Film, type LucideIcon, Music, Image as Picture } from "lucide-react";
import i18next from "../i18n";

const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A size as people read it: "84 kB", "2.1 MB". */
export function sizeOf(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const format = { style: "unit", unit: units[power], unitDisplay: power ? "short" : "long", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(i18next.language, format as Intl.NumberFormatOptions).format(bytes / 1024 ** power);
}

const icons: [RegExp, LucideIcon][] = [
  [/^image\//, Picture],
  [/^video\//, Film],
  [/^audio\//, Music],
  [/zip|compressed|tar$/, FileArchive],
  [/^text\/|pdf|document|json|xml/, FileText],
];

/** What stands for a file of this type. */
export const fileIcon = (type: string): LucideIcon => icons.find(([pattern]) => pattern.test(type))?.[1] ?? File;

/** Pictures that a browser shows, and that carry no script. */
export const isPicture = (type: string) => /^image\/(png|jpeg|gif|webp|avif)$/.test(type);
