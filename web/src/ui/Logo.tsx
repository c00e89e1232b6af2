/** A doorway that speaks: an arch whose foot is the tail of a speech bubble. */
export function Logo({ size }: { size: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <path
        fill="currentColor"
        d="M12 29.5H2.6c-1.5 0-2.1-1.9-.9-2.8C4 25 5 22.8 5 19.5V14a11 11 0 0 1 22 0v14a1.5 1.5 0 0 1-1.5 1.5H20V15a4 4 0 0 0-8 0z"
      />
    </svg>
  );
}
