// Whether the condition of an alert holds, by figures of its queue. Times in ms since 1970.
import type { AlertCondition } from "./alert.ts";
import { type FailureCounts, failuresFallAt, failuresIn } from "./failure-window.ts";

/** Attempts that failed one after another, by a 5xx or without an answer. */
export interface Outage {
  /** When the first of them ended. */
  since: number;
  /** When the last did; absent where that is not known since the object's start. */
  last?: number;
}

export interface AlertFigures {
  /** When the task was or is due that has waited longest, or will first; what runs or is leased aside. */
  oldestDue?: number | undefined;
  /** Seconds until what is due is done; null where nobody can say. */
  drainSeconds: number | null;
  failures: FailureCounts;
  outage?: Outage | undefined;
}

export interface Reading {
  /** Undefined where it cannot be said: then all stays as it was. */
  holds: boolean | undefined;
  /** What the condition is about: seconds, or tasks. */
  value: number;
  /** When time alone may change it. */
  changesAt?: number;
}

export function readingOf(when: AlertCondition, figures: AlertFigures, now: number): Reading {
  if (when.kind === "oldest_due_older_than") return ofOldest(when.seconds, figures, now);
  if (when.kind === "failed") return ofFailures(when, figures.failures, now);
  if (when.kind === "target_dead") return ofTarget(when.seconds, figures.outage);
  const { drainSeconds } = figures;
  if (drainSeconds === null) return { holds: undefined, value: 0 };
  return { holds: drainSeconds > when.seconds, value: drainSeconds };
}

function ofOldest(seconds: number, { oldestDue }: AlertFigures, now: number): Reading {
  if (oldestDue === undefined) return { holds: false, value: 0 };
  const at = oldestDue + seconds * 1000;
  const value = Math.max(0, (now - oldestDue) / 1000);
  return at <= now ? { holds: true, value } : { holds: false, value, changesAt: at };
}

function ofFailures(
  { moreThan, seconds }: Extract<AlertCondition, { kind: "failed" }>,
  failures: FailureCounts,
  now: number,
): Reading {
  const value = failuresIn(failures, now, seconds * 1000);
  if (value <= moreThan) return { holds: false, value };
  return { holds: true, value, changesAt: failuresFallAt(failures, moreThan, seconds * 1000) };
}

// By what attempts say alone: a queue on which nothing is tried any more says nothing new of its target.
function ofTarget(seconds: number, outage: Outage | undefined): Reading {
  if (!outage) return { holds: false, value: 0 };
  const value = ((outage.last ?? outage.since) - outage.since) / 1000;
  if (outage.last === undefined) return { holds: undefined, value };
  return { holds: value >= seconds, value };
}
