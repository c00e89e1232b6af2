import type { LucideIcon } from "lucide-react";

/** Sizes and strokes of the visual language: 18 px in buttons, 16 in rows and text, 14 for marks. */
export function Icon({ of: Glyph, size = 18, mirror = false }: { of: LucideIcon; size?: number; mirror?: boolean }) {
  return (
    <Glyph
      size={size}
      strokeWidth={size <= 14 ? 2 : 1.75}
      aria-hidden="true"
      className={mirror ? "mirror" : undefined}
    />
  );
}
