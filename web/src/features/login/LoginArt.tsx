/** The house front in the evening: windows, some with their light on. Pure decoration. */

const columns = [25, 197, 369, 541];
const rows = [-169, 51, 271, 491, 711, 931];
const dark = "#0b3140";
const light = "#1d5d73";

type Guest = { x: number; scale: number; fill: string };
/** Who is at home, by `column,row`. */
const people: Record<string, Guest[]> = {
  "2,1": [{ x: 87, scale: 1.25, fill: dark }],
  "0,2": [
    { x: 107, scale: 1.02, fill: light },
    { x: 51, scale: 1.25, fill: dark },
  ],
  "3,2": [{ x: 53, scale: 1.15, fill: dark }],
  "1,3": [
    { x: 107, scale: 1.02, fill: light },
    { x: 51, scale: 1.25, fill: dark },
  ],
  "2,3": [
    { x: 45, scale: 1.1, fill: dark },
    { x: 111, scale: 1.1, fill: light },
  ],
  "0,4": [],
  "3,4": [
    { x: 47, scale: 1.02, fill: light },
    { x: 103, scale: 1.25, fill: dark },
  ],
  "1,5": [{ x: 77, scale: 1.25, fill: dark }],
  "2,5": [{ x: 87, scale: 1.25, fill: dark }],
};

export function LoginArt({ className }: { className?: string | undefined }) {
  return (
    <svg className={className} viewBox="0 0 720 880" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <defs>
        <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stopColor="#0a2833" />
          <stop offset="1" stopColor="#154c60" />
        </linearGradient>
        <radialGradient id="lamp" cx=".5" cy=".28" r=".95">
          <stop offset="0" stopColor="#ffe09a" />
          <stop offset=".55" stopColor="#ffc847" />
          <stop offset="1" stopColor="#f5a81c" />
        </radialGradient>
        <clipPath id="pane">
          <path d="M9 118V0a68 68 0 0 1 136 0v118z" />
        </clipPath>
      </defs>
      <rect width="720" height="880" fill="url(#sky)" />
      {rows.map((y, row) =>
        columns.map((x, column) => (
          <g key={`${x},${y}`} transform={`translate(${x} ${y})`}>
            <Window place={`${column},${row}`} />
          </g>
        )),
      )}
    </svg>
  );
}

function Window({ place }: { place: string }) {
  const guests = people[place];
  return (
    <>
      <path d="M0 118V0a77 77 0 0 1 154 0v118z" fill="#104051" />
      <path d="M9 118V0a68 68 0 0 1 136 0v118z" fill={guests ? "url(#lamp)" : "#0b2f3d"} />
      {guests ? (
        <g clipPath="url(#pane)">
          <path d="M77-68v26" stroke={dark} strokeWidth="2.5" />
          <path d="M64-30a13 13 0 0 1 26 0z" fill={dark} />
          {guests.map(({ x, scale, fill }) => (
            <g key={x} transform={`translate(${x} 122) scale(${scale})`} fill={fill}>
              <circle cy="-46" r="13" />
              <path d="M-24 0v-6a24 24 0 0 1 48 0v6z" />
            </g>
          ))}
          {place === "3,2" && <Plant />}
          {place === "2,3" && <Words />}
          {place === "0,4" && <Cat />}
        </g>
      ) : (
        <path d="M77-68v186M9 8h136" stroke="#104051" strokeWidth="4" />
      )}
      <rect x="-8" y="118" width="170" height="7" rx="3.5" fill="#1c586c" />
    </>
  );
}

function Plant() {
  return (
    <g transform="translate(115 118)" fill={light}>
      <path d="M-15-28h30l-4 28h-22z" />
      <path
        d="M0-28c-2-22-14-30-24-32 0 18 10 28 24 32zM0-28c0-26 8-38 20-44 4 20-4 36-20 44zM-2-30c-8-26-4-44 2-56 8 14 10 34 2 56z"
        fill="#2c6e5b"
      />
    </g>
  );
}

function Words() {
  return (
    <g transform="translate(51 -10)">
      <path d="M4 32c3-2 4-4 4-8V14A14 14 0 0 1 22 0h26a14 14 0 0 1 0 32z" fill="#fff7e2" />
      <g fill={dark}>
        <circle cx="24" cy="16" r="3.5" />
        <circle cx="36" cy="16" r="3.5" />
        <circle cx="48" cy="16" r="3.5" />
      </g>
    </g>
  );
}

function Cat() {
  return (
    <g transform="translate(77 118)" fill={dark}>
      <path d="M-26 0c0-26 6-40 18-48l-2-20 10 8h10l10-8-1 22c-2 8-6 10-8 12 8 8 12 18 12 34z" />
      <path d="M20-4c22 2 26-16 20-30" fill="none" stroke={dark} strokeWidth="7" strokeLinecap="round" />
    </g>
  );
}
