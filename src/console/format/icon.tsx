// Decorative icons, hidden from screen readers; there is always text beside them.

const PATHS = {
  scheduled: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3l2 1.5",
  due: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5.6a2.4 2.4 0 1 0 0 4.8a2.4 2.4 0 1 0 0-4.8",
  running: "M5 3.2v9.6l7.5-4.8z",
  leased: "M3.5 7h9v6h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
  waiting: "M4.5 2.5h7M4.5 13.5h7M5 2.5c0 3.5 6 7.5 6 11M11 2.5c0 3.5-6 7.5-6 11",
  failed: "M4 4l8 8M12 4l-8 8",
  expired: "M4.5 2.5h7M4.5 13.5h7M5 2.5c0 3.5 6 7.5 6 11M3 11L13 5",
  done: "M3 8.5l3.2 3.3L13 4.8",
  deleted: "M3.5 8h9",
  paused: "M5.5 3.5v9M10.5 3.5v9",
  disabled: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M4.2 4.2l7.6 7.6",
  bad: "M8 2.5l6 11H2zM8 6.5v3.3M8 11.6v.3",
  warn: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5.2v3.6M8 10.7v.3",
  live: "M8 5.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5",
  reconnecting: "M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.7h-2.7",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1",
  moon: "M13 9.4A5.5 5.5 0 0 1 6.6 3a5.5 5.5 0 1 0 6.4 6.4z",
  system: "M2.5 3.5h11v7.5h-11zM6 13.5h4M8 11v2.5",
  close: "M4 4l8 8M12 4l-8 8",
  plus: "M8 3v10M3 8h10",
  arrow: "M3 8h9M8.5 4.5L12 8l-3.5 3.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
