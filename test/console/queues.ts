// Queues as the page knows them, for its tests.
import type { HistoryPoint } from "../../src/core/metrics/history.ts";
import type { WatchedQueue } from "../../src/core/metrics/queue-changes.ts";

/** ms since 1970 */
export const NOW = Date.parse("2026-03-01T12:00:00.000Z");

type Given = Partial<Omit<WatchedQueue, "statistics" | "history">> & {
  statistics?: Partial<WatchedQueue["statistics"]>;
  states?: Partial<WatchedQueue["statistics"]["states"]>;
  points?: Partial<HistoryPoint>[];
};

const QUIET = { p50: null, p90: null, p99: null, count: 0 };

/** A push queue at rest with 5/s, a bucket of 5 and 10 slots, but for what is given. */
export function queueWith({ statistics, states, points = [], ...rest }: Given = {}): WatchedQueue {
  return {
    ...{ name: "mail", mode: "push", state: "running", rate: "5/s" },
    ...{ bucketSize: 5, maxConcurrentRequests: 10, acl: [] },
    retryParameters: { minBackoffSeconds: 0.1, maxBackoffSeconds: 3600, maxDoublings: 16 },
    extensions: { tombstoneTtl: 777_600, keepFailed: 604_800 },
    statistics: {
      ...{ tasks: 0, failed: 0, oldestEta: null, executedLastMinute: 0, addedLastMinute: 0 },
      ...{ startedLastMinute: 0, doneLastMinute: 0, retriedLastMinute: 0, failedLastMinute: 0 },
      ...{ expired: 0, expiredLastMinute: 0 },
      lateness: { lastMinute: QUIET, lastHour: QUIET },
      runTime: { lastMinute: QUIET, lastHour: QUIET },
      ...{ inFlight: 0, enforcedRate: 5, tokens: 5 },
      states: {
        ...{ scheduled: 0, due: 0, running: 0, leased: 0, waiting: 0, failed: 0, expired: 0 },
        ...states,
      },
      ...statistics,
    },
    history: { slotSeconds: 10, points: points.map(pointWith), marks: [] },
    ...rest,
  };
}

export function pointWith(given: Partial<HistoryPoint> = {}): HistoryPoint {
  return {
    at: at(0),
    ...{ added: 0, started: 0, done: 0, retried: 0, failed: 0, deleted: 0, expired: 0, tasks: 0 },
    ...{ lateness: null, runTime: null },
    ...given,
  };
}

/** RFC 3339, so many seconds from now. */
export function at(seconds: number): string {
  return new Date(NOW + seconds * 1000).toISOString();
}
