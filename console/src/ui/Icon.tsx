/** Pictures of one line each, drawn on 24 by 24 units in the colour of the text. */
const PATHS = {
  hotplate: "M4 19h16M8 15c-1.6-2 1.6-3.5 0-6M12 15c-1.6-2.5 1.6-5 0-8.5M16 15c-1.6-2 1.6-3.5 0-6",
  functions: "M9 20c2 0 2.5-1.5 3-4l1.5-8c.4-2.5 1-4 3-4M8 11h8",
  runs: "M4 6h16M4 12h10M4 18h6M17 13l4 3-4 3z",
  live: "M3 12h4l3-7 4 14 3-7h4",
  schedules: "M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
  workers: "M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.01M7.5 16h.01",
  auto: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
  copy: "M8 8h12v12H8zM16 8V4H4v12h4",
  check: "M4 12l5 5L20 6",
  cross: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  play: "M7 4l13 8-13 8z",
  pause: "M8 5v14M16 5v14",
  stop: "M6 6h12v12H6z",
  again: "M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6",
  edit: "M4 20l1-5L16 4l4 4L9 19z",
  share: "M12 15V3M8 7l4-4 4 4M5 12v8h14v-8",
  bell: "M6 17V11a6 6 0 0 1 12 0v6l2 1H4zM10 21h4",
  download: "M12 3v12M8 11l4 4 4-4M4 20h16",
  upload: "M12 15V3M8 7l4-4 4 4M4 20h16",
  up: "M6 15l6-6 6 6",
  down: "M6 9l6 6 6-6",
  right: "M9 6l6 6-6 6",
  left: "M15 6l-6 6 6 6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  warning: "M12 4L2.5 20h19zM12 10v4M12 17h.01",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside a text, or within something that has a name of its own: readers of screens pass it over. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.9"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
