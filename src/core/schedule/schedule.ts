// Due times of a schedule: a pure function of time, the same for every caller.
import { isExpression, parseExpression } from "./expression.ts";
import { type Interval, parseGroc } from "./groc.ts";
import type { LocalTimes } from "./local-times.ts";
import { ScheduleError, Words } from "./tokens.ts";
import { firstInstantOf, reachedAt } from "./zone.ts";

/** The first due time after this instant (ms since 1970), undefined when none ever comes. */
export type Schedule = (after: number) => number | undefined;

/**
 * Reads App Engine's language or a cron expression; `zone` is an IANA time zone. Throws a ScheduleError, whose
 * message is the second half of "found X, expected ...".
 */
export function parseSchedule(text: string, zone = "UTC"): Schedule {
  const times = isExpression(text) ? parseExpression(text) : parseGroc(new Words(text));
  if ("every" in times) return byInterval(times);
  if (times(0) === undefined) throw new ScheduleError("a schedule that comes round");
  return byClock(times, zone);
}

// Counted from 1970, not from the last run: so a restart, a deploy or a second object changes no due time.
function byInterval({ every }: Interval): Schedule {
  return (after) => (Math.floor(after / every) + 1) * every;
}

/**
 * A local time is due at the first instant at which the zone's clock shows it or a later one. Once in the hour
 * that comes twice, once though it is skipped; times that are skipped together are due together, once.
 */
function byClock(times: LocalTimes, zone: string): Schedule {
  return (after) => {
    const local = times(reachedAt(after, zone));
    return local === undefined ? undefined : firstInstantOf(local, zone);
  };
}

const SECOND_MS = 1000;

/** The last due time after `after` that is not after `now`; there has to be one. */
export function lastDue(schedule: Schedule, after: number, now: number): number {
  const isDueAfter = (at: number) => (schedule(at) ?? Number.POSITIVE_INFINITY) <= now;
  let [before, since] = [after, now];
  // Due times are whole seconds, so the last one follows an instant at most a second before it.
  while (since - before > SECOND_MS / 2) {
    const middle = Math.floor((before + since) / 2);
    if (isDueAfter(middle)) before = middle;
    else since = middle;
  }
  return schedule(before) as number;
}
