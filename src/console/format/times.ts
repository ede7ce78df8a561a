// Time and duration formatting.

/** `850 ms`, `4.2 s`, `42 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`. */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 0.9995) return `${Math.round(s * 1000)} ms`;
  if (s < 9.95) return `${trimmed(s.toFixed(1))} s`;
  if (s < 59.5) return `${Math.round(s)} s`;
  if (s < 3599.5) return parts(s, 60, "min", 1, "s");
  if (s < 86_370) return parts(s, 3600, "h", 60, "min");
  return parts(s, 86_400, "d", 3600, "h");
}

function parts(s: number, large: number, largeUnit: string, small: number, unit: string): string {
  const total = Math.round(s / small);
  const [a, b] = [Math.floor((total * small) / large), total % (large / small)];
  return b === 0 ? `${a} ${largeUnit}` : `${a} ${largeUnit} ${b} ${unit}`;
}

function trimmed(number: string): string {
  return number.replace(/\.0$/, "");
}

/** `4 min 10 s ago`, `in 12 s`, `now`; times in ms since 1970. */
export function fromNow(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  const whole = duration(Math.floor(Math.abs(seconds)));
  return seconds > 0 ? `in ${whole}` : `${whole} ago`;
}

/** The time zone used for display. */
export type Zone = "local" | "utc";

/** `2026-11-24 14:03:22.123`; ms since 1970. */
export function dateTime(at: number, zone: Zone): string {
  return shifted(at, zone).toISOString().slice(0, 23).replace("T", " ");
}

/** `14:03:22`, with the date unless it is today's. */
export function clockTime(at: number, zone: Zone, now: number): string {
  const [date, time] = dateTime(at, zone).split(" ") as [string, string];
  const isToday = dateTime(now, zone).startsWith(date);
  return isToday ? time.slice(0, 8) : `${date} ${time.slice(0, 8)}`;
}

// A date whose UTC fields are the zone's local time.
function shifted(at: number, zone: Zone): Date {
  const offset = zone === "utc" ? 0 : new Date(at).getTimezoneOffset();
  return new Date(at - offset * 60_000);
}

const INSTANT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

/** Splits text at its times: odd elements are RFC 3339 times, even ones the text between. */
export function cutAtInstants(text: string): string[] {
  return text.split(INSTANT);
}
