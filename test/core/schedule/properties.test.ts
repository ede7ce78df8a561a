import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lastDue, parseSchedule } from "../../../src/core/schedule/schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Instants at which clocks changed, in zones of all sorts. */
const CHANGES: [zone: string, at: string][] = [
  ["America/New_York", "2026-03-08T07:00Z"],
  ["America/New_York", "2026-11-01T06:00Z"],
  ["Europe/Berlin", "2026-03-29T01:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00Z"],
  ["America/Sao_Paulo", "2018-11-04T03:00Z"],
  ["Africa/Casablanca", "2026-02-15T02:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00Z"],
  ["UTC", "2028-02-29T00:00Z"],
];
const aPlace = fc.constantFrom(...CHANGES).map(([zone, at]) => ({ zone, change: Date.parse(at) }));

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const ORDINALS = ["1st", "2nd", "3rd", "4th", "5th"];

/** A schedule with what it says in another form: which local minutes it names. */
interface Named {
  text: string;
  names: (local: Date) => boolean;
}

const some = (from: number, to: number) =>
  fc.uniqueArray(fc.integer({ min: from, max: to }), { minLength: 1, maxLength: 4 });
const minuteOf = (local: Date) => local.getUTCHours() * 60 + local.getUTCMinutes();
const clock = (minute: number) => `${Math.floor(minute / 60)}:${`${minute % 60}`.padStart(2, "0")}`;
// Most clocks change at night.
const aMinute = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 1439 }));

const weekly = fc.tuple(some(0, 6), aMinute).map(
  ([days, minute]): Named => ({
    text: `every ${days.map((day) => WEEKDAYS[day]).join(",")} ${clock(minute)}`,
    names: (local) => days.includes(local.getUTCDay()) && minuteOf(local) === minute,
  }),
);

const ordinal = fc.tuple(some(1, 5), some(0, 6), aMinute).map(
  ([ordinals, days, minute]): Named => ({
    text: `${ordinals.map((it) => ORDINALS[it - 1])} ${days.map((day) => WEEKDAYS[day])} of month ${clock(minute)}`,
    names: (local) =>
      ordinals.includes(Math.floor((local.getUTCDate() - 1) / 7) + 1) &&
      days.includes(local.getUTCDay()) &&
      minuteOf(local) === minute,
  }),
);

const monthly = fc.tuple(some(1, 31), aMinute).map(
  ([days, minute]): Named => ({
    text: `${days} of month ${clock(minute)}`,
    names: (local) => days.includes(local.getUTCDate()) && minuteOf(local) === minute,
  }),
);

const range = fc.tuple(fc.integer({ min: 1, max: 200 }), aMinute, aMinute).map(
  ([step, from, to]): Named => ({
    text: `every ${step} mins from ${clock(from)} to ${clock(to)}`,
    names: (local) => {
      const since = (minuteOf(local) - from + 1440) % 1440;
      return since <= (to - from + 1440) % 1440 && since % step === 0;
    },
  }),
);

const expression = fc.tuple(some(0, 59), some(0, 23), some(0, 6)).map(
  ([minutes, hours, days]): Named => ({
    text: `${minutes} ${hours} * * ${days}`,
    names: (local) =>
      minutes.includes(local.getUTCMinutes()) &&
      hours.includes(local.getUTCHours()) &&
      days.includes(local.getUTCDay()),
  }),
);

const named = fc.oneof(weekly, ordinal, monthly, range, expression);
const anyText = fc.oneof(
  named.map(({ text }) => text),
  fc.integer({ min: 1, max: 5000 }).map((n) => `every ${n} mins`),
  fc.constantFrom("every 5 mins synchronized", "*/7 * * * * *", "29 of feb 00:00", "0 0 L * *"),
);
/** Any ms from two days before a change to two days after. */
const anInstant = fc.integer({ min: -48 * HOUR, max: 48 * HOUR });

/** What the zone's clock shows, as Intl writes it. */
function localOf(instant: number, zone: string): number {
  const format =
    formats.get(zone) ?? new Intl.DateTimeFormat("sv-SE", { ...STYLE, timeZone: zone });
  formats.set(zone, format);
  return Date.parse(`${format.format(instant)}Z`);
}

const STYLE = { dateStyle: "short", timeStyle: "medium" } as const;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The due minutes by walking them all: one is due if the clock newly shows a time that is named. */
function dueByWalking({ names }: Named, zone: string, from: number, to: number): number[] {
  const due: number[] = [];
  let reached = localOf(from - 26 * HOUR, zone);
  for (let instant = from - 26 * HOUR + MINUTE; instant <= to; instant += MINUTE) {
    let isDue = false;
    for (const local = localOf(instant, zone); reached < local; ) {
      reached += MINUTE;
      isDue ||= names(new Date(reached));
    }
    if (isDue && instant > from) due.push(instant);
  }
  return due;
}

describe("next", () => {
  it("is later, a whole second, and the same for every instant before it: none is skipped", () => {
    const aPart = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(anyText, aPlace, anInstant, aPart, (text, { zone, change }, off, part) => {
        const schedule = parseSchedule(text, zone);
        const from = change + off;
        const next = schedule(from) as number;
        expect(next).toBeGreaterThan(from);
        expect(next % 1000).toBe(0);
        const between = Math.min(next - 1, Math.floor(from + part * (next - from)));
        expect(schedule(between)).toBe(next);
        expect(schedule(next - 1)).toBe(next);
      }),
      { numRuns: 2000 },
    );
  });

  it("names the same minutes as walking all of them does, around any change of clocks", () => {
    fc.assert(
      fc.property(named, aPlace, (schedule, { zone, change }) => {
        const [from, to] = [change - 30 * HOUR, change + 30 * HOUR];
        const next = parseSchedule(schedule.text, zone);
        const found: number[] = [];
        for (let at = next(from); at !== undefined && at <= to; at = next(at)) found.push(at);
        expect(found).toEqual(dueByWalking(schedule, zone, from, to));
      }),
      { numRuns: 150 },
    );
  });
});

describe("lastDue", () => {
  it("is the last of those that next goes through", () => {
    fc.assert(
      fc.property(anyText, aPlace, anInstant, anInstant, (text, { zone, change }, a, b) => {
        const schedule = parseSchedule(text, zone);
        const [after, now] = [change + Math.min(a, b), change + Math.max(a, b)];
        let last: number | undefined;
        let steps = 0;
        for (let at = schedule(after); at !== undefined && at <= now; at = schedule(at)) {
          last = at;
          if (++steps > 2000) return;
        }
        if (last !== undefined) expect(lastDue(schedule, after, now)).toBe(last);
      }),
    );
  });

  it("goes through a year of seconds without counting them", () => {
    const schedule = parseSchedule("* * * * * *", "Europe/Berlin");
    const now = Date.UTC(2027, 5, 1, 12, 0, 0, 500);
    expect(lastDue(schedule, now - 365 * 24 * HOUR, now)).toBe(now - 500);
  });
});
