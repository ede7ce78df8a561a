// Cron expressions of five fields, or six with seconds first. Croner parses them, always in UTC: time zones
// are handled in zone.ts.
import { Cron } from "croner";
import { cut } from "../errors.ts";
import type { LocalTimes } from "./local-times.ts";
import { ScheduleError } from "./tokens.ts";

/** Whether the text is meant as a cron expression: App Engine's schedules begin with a word or name a time. */
export function isExpression(text: string): boolean {
  return /^\s*[@\d*?]/.test(text) && !/:|\bof\b|^\s*\d(st|nd|rd|th)/i.test(text);
}

/** Throws a ScheduleError. */
export function parseExpression(text: string): LocalTimes {
  const cron = read(text.trim());
  return (after) => cron.nextRun(new Date(after))?.getTime();
}

const NICKNAMES = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];

const SECOND = "a second from 0 to 59";
const FIELDS = [
  "a minute from 0 to 59",
  "an hour from 0 to 23",
  "a day from 1 to 31, or L",
  "a month from 1 to 12, or jan to dec",
  "a weekday from 0 to 7, or sun to sat",
];

function read(text: string): Cron {
  if (text.startsWith("@")) checkNickname(text);
  else checkFields(text.split(/\s+/));
  return cronOf(text) ?? fail('a cron expression such as "0 9 * * 1-5" that can be read as one');
}

function checkNickname(text: string): void {
  if (NICKNAMES.includes(text.toLowerCase())) return;
  if (/^@every/i.test(text)) fail('an interval in words, such as "every 5 minutes"');
  if (/^@reboot$/i.test(text)) fail("a time: a Worker has no start to run something at");
  fail(`one of ${NICKNAMES.join(", ")}`);
}

// The library's own messages speak of its code; each field is tried alone instead.
function checkFields(texts: readonly string[]): void {
  const fields = texts.length === FIELDS.length + 1 ? [SECOND, ...FIELDS] : FIELDS;
  if (texts.length !== fields.length) {
    const names = "minute, hour, day, month, weekday";
    fail(`five fields (${names}), or six with the second in front, not ${texts.length}`);
  }
  for (const [index, expected] of fields.entries()) {
    const alone = texts.map((field, i) => (i === index ? field : "*")).join(" ");
    if (!cronOf(alone)) fail(`${expected}, not "${cut(texts[index] ?? "")}"`);
  }
}

function cronOf(text: string): Cron | undefined {
  try {
    return new Cron(text, { mode: "5-or-6-parts", utcOffset: 0, paused: true });
  } catch {
    return undefined;
  }
}

function fail(expected: string): never {
  throw new ScheduleError(expected);
}
