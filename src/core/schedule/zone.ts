// Conversion between local time and instants. A local time is written as the ms since 1970 at which a clock
// in UTC shows the same. Offsets come from Intl, which has every zone's history.

const DAY_MS = 86_400_000;
const SECOND_MS = 1000;
const UTC = "UTC";

export function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en-US", { timeZone: name }));
  } catch {
    return false;
  }
}

/**
 * The first instant at which the zone's clock shows this local time (whole seconds) or a later one. So a time
 * that comes twice is due the first time, and one that is skipped right after the gap.
 */
export function firstInstantOf(local: number, zone: string): number {
  // No zone changes its clock twice in two days: these are the offsets before and after a change near by.
  const offsets = [offsetAt(local - DAY_MS, zone), offsetAt(local + DAY_MS, zone)];
  const [more, less] = [Math.max(...offsets), Math.min(...offsets)];
  if (offsetAt(local - more, zone) === more) return local - more;
  if (offsetAt(local - less, zone) === less) return local - less;
  return changeBetween(local - more, local - less, zone);
}

/**
 * The local time up to which the zone's clock has shown everything by this instant. It is what the clock
 * shows, but for the hour that comes a second time: there the clock had been further.
 */
export function reachedAt(instant: number, zone: string): number {
  const local = instant + offsetAt(instant, zone);
  const second = Math.floor(instant / SECOND_MS) * SECOND_MS;
  const first = firstInstantOf(second + local - instant, zone);
  if (first === second) return local;
  const before = offsetAt(first, zone);
  return changeBetween(first, second, zone) + before - 1;
}

/** The first instant after `from`, `to` at the latest, with another offset than `from` has. */
function changeBetween(from: number, to: number, zone: string): number {
  const before = offsetAt(from, zone);
  let [same, other] = [from, to];
  while (other - same > SECOND_MS) {
    const middle = Math.floor((same + other) / 2 / SECOND_MS) * SECOND_MS;
    if (offsetAt(middle, zone) === before) same = middle;
    else other = middle;
  }
  return other;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Local time minus UTC, in ms. */
function offsetAt(instant: number, zone: string): number {
  if (zone === UTC) return 0;
  const second = Math.floor(instant / SECOND_MS) * SECOND_MS;
  const fields: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(second)) fields[type] = Number(value);
  const { year = 0, month = 1, day, hour, minute, second: s } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, s) - second;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric" },
    ...{ hour: "numeric", minute: "numeric", second: "numeric" },
  });
  formats.set(zone, format);
  return format;
}
