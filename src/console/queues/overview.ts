// Aggregates all queues over the last minute.
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { mergedPercentile } from "./merge-percentiles.ts";

export interface Overview {
  /** Per second. */
  added: number;
  done: number;
  /** Share of completed attempts that succeeded; null if none completed. */
  success: number | null;
  /** Seconds; null when nothing was recorded. */
  lateness: Spread;
  runTime: Spread;
  tasks: number;
  failed: number;
}

export interface Spread {
  p50: number | null;
  p99: number | null;
}

export function overviewOf(queues: readonly Pick<WatchedQueue, "statistics">[]): Overview {
  const all = queues.map(({ statistics }) => statistics);
  const sum = (pick: (statistics: WatchedQueue["statistics"]) => number) =>
    all.reduce((total, statistics) => total + pick(statistics), 0);
  const done = sum((it) => it.doneLastMinute);
  const ended = done + sum((it) => it.retriedLastMinute + it.failedLastMinute);
  return {
    added: sum((it) => it.addedLastMinute) / 60,
    done: done / 60,
    success: ended === 0 ? null : done / ended,
    lateness: spread(all.map(({ lateness }) => lateness.lastMinute)),
    runTime: spread(all.map(({ runTime }) => runTime.lastMinute)),
    tasks: sum((it) => it.tasks),
    failed: sum((it) => it.failed),
  };
}

function spread(percentiles: Parameters<typeof mergedPercentile>[0]): Spread {
  return { p50: mergedPercentile(percentiles, 0.5), p99: mergedPercentile(percentiles, 0.99) };
}
