// The history of a queue of several shards, put together of theirs.
import type { HistoryPoint, QueueHistory } from "./history.ts";
import type { MedianAndP99 } from "./history-ring.ts";
import { gainOf, noTransitions, TRANSITION_KINDS } from "./transitions.ts";

/** The history of one shard; `tasks` are on it now. */
export interface HistoryPart {
  history: QueueHistory;
  tasks: number;
}

/** Marks are of the queue, and those of its first shard. */
export function mergedHistory(parts: readonly HistoryPart[]): QueueHistory {
  const [{ history } = NONE] = parts;
  const times = new Set(parts.flatMap((part) => part.history.points.map(({ at }) => at)));
  return { ...history, points: [...times].sort().map((at) => mergedPoint(at, parts)) };
}

const NONE: HistoryPart = { history: { slotSeconds: 0, points: [], marks: [] }, tasks: 0 };

function mergedPoint(at: string, parts: readonly HistoryPart[]): HistoryPoint {
  const points = parts.flatMap(({ history }) => history.points.find((one) => one.at === at) ?? []);
  const counts = noTransitions();
  for (const step of TRANSITION_KINDS) {
    counts[step] = points.reduce((sum, point) => sum + point[step], 0);
  }
  return {
    at,
    ...counts,
    tasks: parts.reduce((sum, part) => sum + tasksAt(part, at), 0),
    lateness: mergedTimes(
      points.map(({ lateness, started }) => ({ times: lateness, count: started })),
    ),
    runTime: mergedTimes(points.map((point) => ({ times: point.runTime, count: endedIn(point) }))),
  };
}

// A slot without events is left out: then it is as it was at the end of the one before, or before the one after.
function tasksAt({ history, tasks }: HistoryPart, at: string): number {
  const { points } = history;
  const last = points.findLast((point) => point.at <= at);
  if (last) return last.tasks;
  const [next] = points;
  return next ? Math.max(0, next.tasks - gainOf(next)) : tasks;
}

function endedIn({ done, retried, failed }: HistoryPoint): number {
  return done + retried + failed;
}

interface Weighted {
  times: MedianAndP99 | null;
  count: number;
}

const SAMPLES = 100;
const ROUNDING = 1e-6;

// Of a slot that is over each shard knows two percentiles. Between them its times are taken to grow evenly by a factor,
// from the median down to nothing evenly: where all shards are alike, so is what is put together.
function mergedTimes(all: readonly Weighted[]): MedianAndP99 | null {
  const samples = all.flatMap(({ times, count }) => (times ? samplesOf(times, count) : []));
  if (samples.length === 0) return null;
  samples.sort((a, b) => a.value - b.value);
  const total = samples.reduce((sum, { weight }) => sum + weight, 0);
  const at = (share: number) => {
    let seen = 0;
    const found = samples.find(({ weight }) => {
      seen += weight;
      return seen >= share * total - ROUNDING;
    });
    return Math.round((found?.value ?? 0) * 1000) / 1000;
  };
  return { p50: at(0.5), p99: at(0.99) };
}

function samplesOf({ p50, p99 }: MedianAndP99, count: number) {
  const weight = Math.max(1, count);
  return Array.from({ length: SAMPLES }, (_, i) => ({
    value: valueAt((i + 1) / SAMPLES, p50, p99),
    weight,
  }));
}

function valueAt(share: number, p50: number, p99: number): number {
  if (share <= 0.5) return p50 * share * 2;
  if (share >= 0.99) return p99;
  // Zero grows by no factor.
  const [low, high] = [p50 + MIN_S, p99 + MIN_S];
  return low * (high / low) ** ((share - 0.5) / 0.49) - MIN_S;
}

/** Values below a millisecond are not told apart. */
const MIN_S = 0.0005;
