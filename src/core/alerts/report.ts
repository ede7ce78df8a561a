// What one of a queue's objects knows that its alerts are about, and what all of them know together. Times in ms since 1970.
import type { FailureCounts } from "./failure-window.ts";
import type { Outage } from "./reading.ts";

/** What the attempts of one object say of the target. */
export interface TargetReport {
  outage?: Outage | undefined;
  /** When one was last answered well, as far as is known since the object's start. */
  goodAt?: number | undefined;
}

/** What is due on one object, and how fast it goes. */
export interface BacklogReport {
  due: number;
  /**
   * Tasks a second that the queue starts, where all of it goes as fast as this shard, which may have slowed down; absent
   * without a limit. What part of that a shard has now is another a moment later.
   */
  queueRate?: number | undefined;
  /** Half of its attempts take less (seconds); null where none ended of late. */
  runTime: number | null;
}

/** What another shard tells the first of itself. */
export interface AlertReport extends TargetReport {
  /** When the task was or is due that has waited longest, or will first. */
  oldestDue?: number | undefined;
  backlog: BacklogReport;
  /** Of each alert about failures; `mark` tells which alert of the name it is. */
  failures: Readonly<Record<string, { mark: string; counts: FailureCounts }>>;
}

export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

/** Of counts in the same slots. */
export function sumOfFailures(all: readonly FailureCounts[]): FailureCounts {
  const sum = new Map<number, number>();
  for (const [slot, count] of all.flat()) sum.set(slot, (sum.get(slot) ?? 0) + count);
  return [...sum];
}

export function sumOfBacklogs(all: readonly BacklogReport[]): BacklogReport {
  const times = all.flatMap(({ runTime }) => runTime ?? []);
  const queueRate = rateOfAll(all);
  return {
    due: all.reduce((sum, { due }) => sum + due, 0),
    ...(queueRate !== undefined && { queueRate }),
    runTime: times.length > 0 ? times.reduce((sum, one) => sum + one, 0) / times.length : null,
  };
}

// Each shard's tasks take as long as the queue takes for so many at its rate; one of a version before says no rate.
function rateOfAll(all: readonly BacklogReport[]): number | undefined {
  let [tasks, seconds] = [0, 0];
  for (const { due, queueRate } of all) {
    if (queueRate === undefined || due === 0) continue;
    tasks += due;
    seconds += due / queueRate;
  }
  return tasks > 0 ? tasks / seconds : undefined;
}

/**
 * Since when no object has had a good answer. One whose attempts had begun to fail before another had a good answer
 * counts from that on.
 */
export function outageOfAll(all: readonly TargetReport[]): Outage | undefined {
  const goodAt = Math.max(...all.map((it) => it.goodAt ?? Number.NEGATIVE_INFINITY));
  const outages = all.flatMap(({ outage }) => outage ?? []);
  const still = outages.filter(({ since, last = since }) => last > goodAt);
  if (still.length === 0) return undefined;
  const since = Math.min(...still.map((it) => Math.max(it.since, goodAt)));
  const lasts = still.flatMap(({ last }) => last ?? []);
  return lasts.length > 0 ? { since, last: Math.max(...lasts) } : { since };
}
