// Cron expressions of five fields, or six with seconds first, as local times: zones are handled in zone.ts.
import { cut } from "../errors.ts";
import { monthdaysOf, numbersOf, type Span, weekdaysOf } from "./cron-fields.ts";
import { type LocalTimes, onDays } from "./local-times.ts";
import { ScheduleError } from "./tokens.ts";

/** Whether the text is meant as a cron expression: App Engine's schedules begin with a word or name a time. */
export function isExpression(text: string): boolean {
  return /^\s*[@\d*?]/.test(text) && !/:|\bof\b|^\s*\d(st|nd|rd|th)/i.test(text);
}

/** Throws a ScheduleError. */
export function parseExpression(text: string): LocalTimes {
  const trimmed = text.trim();
  const fields = (trimmed.startsWith("@") ? nicknamed(trimmed) : trimmed).split(/\s+/);
  if (fields.length !== FIELDS && fields.length !== FIELDS + 1) {
    const names = "minute, hour, day, month, weekday";
    fail(`five fields (${names}), or six with the second in front, not ${fields.length}`);
  }
  return timesOf(fields.length === FIELDS ? ["0", ...fields] : fields);
}

const FIELDS = 5;

const NICKNAMES: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

function nicknamed(text: string): string {
  if (/^@every/i.test(text)) fail('an interval in words, such as "every 5 minutes"');
  if (/^@reboot$/i.test(text)) fail("a time: a Worker has no start to run something at");
  const name = text.toLowerCase();
  if (!Object.hasOwn(NICKNAMES, name)) fail(`one of ${Object.keys(NICKNAMES).join(", ")}`);
  return NICKNAMES[name] as string;
}

const SIXTIETHS: Span = { from: 0, to: 59 };
const HOURS: Span = { from: 0, to: 23 };
const MONTHS: Span = {
  from: 1,
  to: 12,
  names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};

function timesOf(texts: readonly string[]): LocalTimes {
  const [second = "", minute = "", hour = "", monthday = "", month = "", given = ""] = texts;
  const need = <T>(field: T | undefined, expected: string, text: string): T =>
    field ?? fail(`${expected}, not "${cut(text)}"`);
  const seconds = need(numbersOf(second, SIXTIETHS), "a second from 0 to 59", second);
  const minutes = need(numbersOf(minute, SIXTIETHS), "a minute from 0 to 59", minute);
  const hours = need(numbersOf(hour, HOURS), "an hour from 0 to 23", hour);
  const days = need(monthdaysOf(monthday), "a day from 1 to 31, or L", monthday);
  const months = need(numbersOf(month, MONTHS), "a month from 1 to 12, or jan to dec", month);
  const weekday = given.replace(/^\+/, "");
  const weekdays = need(weekdaysOf(weekday), "a weekday from 0 to 7, or sun to sat", given);
  // Of a day and a weekday that are both given, either is enough, unless a plus wants both.
  const needsBoth = days.isAny || weekdays.isAny || weekday !== given;
  const isOn = (day: Date) =>
    months.includes(day.getUTCMonth() + 1) &&
    (needsBoth ? days.has(day) && weekdays.has(day) : days.has(day) || weekdays.has(day));
  return onDays(isOn, (after) => timeAfter(hours, minutes, seconds, after));
}

const [SECOND_MS, MINUTE_MS, HOUR_MS] = [1000, 60_000, 3_600_000];

/** The first time of a day after one of it, in ms after midnight. */
function timeAfter(
  hours: readonly number[],
  minutes: readonly number[],
  seconds: readonly number[],
  after: number,
): number | undefined {
  for (const hour of hours) {
    if ((hour + 1) * HOUR_MS <= after) continue;
    for (const minute of minutes) {
      const start = hour * HOUR_MS + minute * MINUTE_MS;
      if (start + MINUTE_MS <= after) continue;
      const second = seconds.find((it) => start + it * SECOND_MS > after);
      if (second !== undefined) return start + second * SECOND_MS;
    }
  }
  return undefined;
}

function fail(expected: string): never {
  throw new ScheduleError(expected);
}
