const size = 8;
const fonts = '"Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", "Twemoji Mozilla", sans-serif';

/** Whether this system has a picture for an emoji: one, as wide as one, and the same in whatever colour it is written. */
export function isSupported(emoji: string): boolean {
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const context = canvas.getContext?.("2d", { willReadFrequently: true });
  if (!context) return false;
  context.font = `${size}px ${fonts}`;
  context.textBaseline = "top";
  if (context.measureText(emoji).width >= size * 2) return false;
  const [blue, red] = ["#00f", "#f00"].map((colour) => {
    context.clearRect(0, 0, size, size);
    context.fillStyle = colour;
    context.fillText(emoji, 0, 0);
    return context.getImageData(0, 0, size, size).data;
  });
  return Boolean(blue?.some(Boolean)) && String(blue) === String(red);
}
