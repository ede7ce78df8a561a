// App Engine's schedule language. The grammar is that of the SDK's parser, which accepts more than the
// reference documents: quarters, and weekdays with intervals.
import { type DayRule, type LocalTimes, localTimes } from "./local-times.ts";
import { type Kind, only, ScheduleError, type Words } from "./tokens.ts";

/** A schedule that nothing ties to the clock on the wall: ms from one time to the next. */
export interface Interval {
  every: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const START = '"every", 1st to 5th, or days of the month';
const TIME = "a time from 00:00 to 23:59";
const WEEKDAYS = '"day", or weekdays such as mon,tuesday';
const MONTHS = '"month", "quarter", or months such as jan,february';

/** Throws a ScheduleError. */
export function parseGroc(words: Words): LocalTimes | Interval {
  const isEvery = words.maybe(only("every")) ?? false;
  const count = isEvery ? (words.maybe(numberOf) ?? impliedOne(words)) : undefined;
  if (count !== undefined) return interval(words, count);
  const rule = dayRule(words, isEvery);
  const time = words.need(timeOf, TIME);
  words.end();
  return localTimes(rule, [time]);
}

// The published grammar wants the number; App Engine's server takes "every minute" of files in production.
function impliedOne(words: Words): 1 | undefined {
  return words.isNext(/^(min|minute|hour)$/) ? 1 : undefined;
}

function interval(words: Words, count: number): LocalTimes | Interval {
  const step = count * words.need(unitOf, "hours or minutes");
  if (step === 0) throw new ScheduleError("an interval of 1 or more");
  const range = rangeOf(words, step);
  if (!range) {
    words.end('"from" and "to", "synchronized", or the end');
    return { every: step };
  }
  const rule = words.maybe(only("on")) ? weekdaysOf(words) : {};
  words.end();
  const length = (range.to - range.from + DAY_MS) % DAY_MS;
  if (rule.weekdays && range.from + length >= DAY_MS) {
    throw new ScheduleError('with "on" a range that ends on the day it begins');
  }
  const steps = Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step);
  const times = steps.map((it) => (range.from + it) % DAY_MS).sort((a, b) => a - b);
  return localTimes(rule, times);
}

/** From and to, both included. Synchronized is from 00:00 to 23:59. */
function rangeOf(words: Words, step: number): { from: number; to: number } | undefined {
  if (words.maybe(only("synchronized"))) {
    if (DAY_MS % step === 0) return { from: 0, to: DAY_MS - MINUTE_MS };
    throw new ScheduleError('with "synchronized" an interval that 24 hours are a multiple of');
  }
  if (!words.maybe(only("from"))) return undefined;
  const from = words.need(timeOf, TIME);
  words.need(only("to"), '"to"');
  return { from, to: words.need(timeOf, TIME) };
}

function dayRule(words: Words, isEvery: boolean): DayRule {
  if (isEvery) return { ...weekdaysOf(words), ...ofMonths(words) };
  const ordinals = words.list(ordinalOf, "1st, 2nd, 3rd, 4th or 5th");
  if (ordinals) {
    const { weekdays } = weekdaysOf(words);
    // The 1st day is that of the month, the 1st Monday is the first one there is.
    return { ...(weekdays ? { ordinals, weekdays } : { monthdays: ordinals }), ...ofMonths(words) };
  }
  const monthdays = words.list(monthdayOf, "a day from 1 to 31") ?? words.fail(START);
  words.need(only("of"), '"of" and months');
  return { monthdays, ...monthsOf(words) };
}

function weekdaysOf(words: Words): Pick<DayRule, "weekdays"> {
  if (words.maybe(only("day"))) return {};
  if (words.isNext(/^(mins|minutes|hours)$/)) words.fail('a number, as in "every 1 minutes",');
  return { weekdays: words.list(weekdayOf, WEEKDAYS) ?? words.fail(WEEKDAYS) };
}

function ofMonths(words: Words): Pick<DayRule, "months"> {
  return words.maybe(only("of")) ? monthsOf(words) : {};
}

function monthsOf(words: Words): Pick<DayRule, "months"> {
  if (words.maybe(only("month"))) return {};
  if (words.maybe(only("quarter"))) return { months: monthsOfQuarters([1]) };
  const ofQuarter = words.list(ordinalOf, "1st, 2nd or 3rd");
  if (!ofQuarter) return { months: words.list(monthOf, MONTHS) ?? words.fail(MONTHS) };
  if (ofQuarter.some((ordinal) => ordinal > 3)) throw new ScheduleError("1st to 3rd of a quarter");
  for (const word of ["month", "of", "quarter"]) words.need(only(word), `"${word}"`);
  return { months: monthsOfQuarters(ofQuarter) };
}

function monthsOfQuarters(ordinals: readonly number[]): number[] {
  return [0, 3, 6, 9].flatMap((before) => ordinals.map((ordinal) => before + ordinal));
}

const numberOf: Kind<number> = (word) => (/^\d{1,5}$/.test(word) ? Number(word) : undefined);

const monthdayOf: Kind<number> = (word) =>
  /^(0?[1-9]|[12]\d|3[01])$/.test(word) ? Number(word) : undefined;

const unitOf: Kind<number> = (word) =>
  /^hours?$/.test(word) ? HOUR_MS : /^min(ute)?s?$/.test(word) ? MINUTE_MS : undefined;

const timeOf: Kind<number> = (word) => {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(word) ?? [];
  return hours === undefined ? undefined : Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS;
};

const ORDINALS = ["first|1st", "second|2nd", "third|3rd", "fourth|4th", "fifth|5th"];
const ordinalOf = oneOf(ORDINALS, 1);

const DAYS = ["sun(day)?", "mon(day)?", "tue(sday)?", "wed(nesday)?", "thu(rsday)?", "fri(day)?"];
const weekdayOf = oneOf([...DAYS, "sat(urday)?"], 0);

const monthOf = oneOf(
  [
    ...["jan(uary)?", "feb(ruary)?", "mar(ch)?", "apr(il)?", "may", "june?", "july?"],
    ...["aug(ust)?", "sep(tember)?", "oct(ober)?", "nov(ember)?", "dec(ember)?"],
  ],
  1,
);

/** Words by their number: the first pattern's is `start`. */
function oneOf(patterns: readonly string[], start: number): Kind<number> {
  const known = patterns.map((pattern) => new RegExp(`^(${pattern})$`));
  return (word) => {
    const index = known.findIndex((pattern) => pattern.test(word));
    return index < 0 ? undefined : start + index;
  };
}
