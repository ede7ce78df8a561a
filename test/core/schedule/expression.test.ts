// What expressions mean elsewhere: croner, an implementation that many use, reads the same ones and names the same times.
import { Cron } from "croner";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseSchedule } from "../../../src/core/schedule/schedule.ts";

const FROM = Date.parse("2026-01-29T22:58:30Z");

/** The next times, or undefined for a text that cannot be read or names none. */
function ours(text: string): number[] | undefined {
  try {
    return following(parseSchedule(text));
  } catch {
    return undefined;
  }
}

function theirs(text: string): number[] | undefined {
  try {
    const cron = new Cron(text, { mode: "5-or-6-parts", utcOffset: 0, paused: true });
    const times = following((after) => cron.nextRun(new Date(after))?.getTime());
    return times.length === 0 ? undefined : times;
  } catch {
    return undefined;
  }
}

function following(next: (after: number) => number | undefined): number[] {
  const times: number[] = [];
  for (let at: number | undefined = FROM; times.length < 6; times.push(at)) {
    at = next(at);
    if (at === undefined) return times;
  }
  return times;
}

const DAYS = [
  "L",
  "l",
  "LW",
  "15W",
  "1w",
  "31W",
  "L,3",
  "L,LW",
  "W",
  "L-3",
  "5,",
  "31",
  "30",
  "1-5W",
];
const WEEKDAYS = [
  ...["MON", "mon-fri", "sat,SUN", "fri-sun", "sun-tue", "7", "5-7", "0-7", "MON#2", "5#5", "1#05"],
  ...["friL", "5L", "5#L", "1-5#1", "1-3L", "*/2#1", "*L", "*#2", "+mon", "+1-5", "+", "+*", "1#6"],
  ...["mon#1,mon#3", "monday", "xmon", "1-mon", "mon/2", "sun-sat/2", "5L#2", "1#", "7#1", "*,1"],
];
const MONTHS = ["JAN", "jan-mar", "feb,aug", "dec-jan", "2", "jan/2", "1-12/5", "janu", "L"];

const below = (most: number) => {
  const n = fc.integer({ min: 0, max: most + 1 });
  const range = fc.tuple(n, n).map(([a, b]) => `${a}-${b}`);
  const step = fc.tuple(fc.oneof(range, fc.constantFrom("*", "?", "", "5")), n);
  return fc.oneof(
    n.map(String),
    range,
    step.map(([what, by]) => `${what}/${by}`),
    fc.constantFrom("*", "?", "*,1", "007", "-1", "1-", "a", "1--2", "#", "*/2/2", "**"),
  );
};
const some = (item: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant("*") },
    { weight: 5, arbitrary: item },
    fc.array(item, { minLength: 2, maxLength: 3 }).map((items) => items.join(",")),
  );
const fields = fc.tuple(
  ...[some(below(59)), some(below(59)), some(below(23))],
  some(fc.oneof(below(31), fc.constantFrom(...DAYS))),
  some(fc.oneof(below(12), fc.constantFrom(...MONTHS))),
  some(fc.oneof(below(7), fc.constantFrom(...WEEKDAYS))),
);
// Mostly of the five that everybody writes.
const anExpression = fc
  .tuple(fields, fc.nat({ max: 3 }))
  .map(([texts, how]) => texts.slice(how === 0 ? 0 : 1).join(" "));

const single = [
  ...DAYS.flatMap((day) => [`0 0 ${day} * *`, `0 0 ${day} * 1`, `0 0 ${day} 2 +5`]),
  ...WEEKDAYS.flatMap((day) => [`0 0 * * ${day}`, `0 0 13 * ${day}`, `5 4 */2 feb ${day}`]),
  ...MONTHS.map((month) => `0 0 1 ${month} *`),
];

it.each(single)("%s", (text) => {
  expect(ours(text)).toEqual(theirs(text));
});

it("any expression has the times it has elsewhere, or none in both", () => {
  fc.assert(
    fc.property(anExpression, (text) => {
      // croner looks for 400 years; what comes less often than every 41 is taken for never.
      expect(ours(text)).toEqual(theirs(text));
    }),
    { numRuns: 3000 },
  );
});
