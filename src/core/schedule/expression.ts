// Cron expressions of five fields, or six with seconds first. Croner parses them, always in UTC: time zones
// are handled in zone.ts.
import { Cron } from "croner";
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

function read(text: string): Cron {
  try {
    return new Cron(text, { mode: "5-or-6-parts", utcOffset: 0, paused: true });
  } catch (error) {
    const why = (error as Error).message.replace(/^CronPattern: /, "");
    throw new ScheduleError(`a cron expression (${why})`);
  }
}
