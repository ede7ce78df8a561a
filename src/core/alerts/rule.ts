// When an alert begins and when it is over. It begins at once, and is over only after its condition has not held for a
// time; between two beginnings lies a least time. So a queue that is now good, now bad, sends few messages. Times in ms.
import type { Reading } from "./reading.ts";

export interface AlertStanding {
  /** Since when it is on; absent while it is not. */
  begunAt?: number | undefined;
  /** Since when the condition has not held, while it is on. */
  fineSince?: number | undefined;
  /** When it last began. */
  lastBegunAt?: number | undefined;
}

/** So long the condition must not hold before it is over. */
export const CALM_MS = 5 * 60_000;
/** The least time from one beginning to the next. */
export const LEAST_BETWEEN_MS = 15 * 60_000;

export interface AlertStep {
  standing: AlertStanding;
  event?: "begun" | "over";
  /** When time alone may change it; absent where it cannot. */
  nextAt?: number;
}

export function stepOf(standing: AlertStanding, reading: Reading, now: number): AlertStep {
  return standing.begunAt === undefined
    ? stepOfQuiet(standing, reading, now)
    : stepOfBegun(standing, reading, now);
}

function stepOfQuiet(standing: AlertStanding, reading: Reading, now: number): AlertStep {
  if (!reading.holds) return { standing, ...next(reading.changesAt) };
  const { lastBegunAt = Number.NEGATIVE_INFINITY } = standing;
  const mayBeginAt = lastBegunAt + LEAST_BETWEEN_MS;
  // A clock that was set back holds nothing up.
  if (now < mayBeginAt && now >= lastBegunAt) return { standing, nextAt: mayBeginAt };
  return { standing: { begunAt: now, lastBegunAt: now }, event: "begun", nextAt: now };
}

function stepOfBegun(standing: AlertStanding, reading: Reading, now: number): AlertStep {
  const { fineSince: before, ...begun } = standing;
  if (reading.holds !== false) {
    return { standing: before === undefined ? standing : begun, ...next(reading.changesAt) };
  }
  const fineSince = before === undefined || before > now ? now : before;
  const overAt = fineSince + CALM_MS;
  if (overAt <= now) {
    const { begunAt: _, ...over } = begun;
    return { standing: over, event: "over", nextAt: now };
  }
  const nextAt = Math.min(overAt, reading.changesAt ?? overAt);
  return { standing: before === fineSince ? standing : { ...begun, fineSince }, nextAt };
}

function next(at: number | undefined): { nextAt?: number } {
  return at === undefined ? {} : { nextAt: at };
}
