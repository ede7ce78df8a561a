// Converts a queue's history to chart columns: one entry per slot, including empty ones.
import type { HistoryPoint, HistorySpan, QueueHistory } from "../../core/metrics/history.ts";

const SPAN_SECONDS: Record<HistorySpan, number> = { "15m": 15 * 60, "6h": 6 * 3600 };

/** Seconds since 1970 and the values at each; null where unknown. */
export interface Series {
  at: number[];
  /** Per second. */
  added: (number | null)[];
  done: (number | null)[];
  retried: (number | null)[];
  failed: (number | null)[];
  tasks: (number | null)[];
  latenessP50: (number | null)[];
  latenessP99: (number | null)[];
  runTimeP50: (number | null)[];
  runTimeP99: (number | null)[];
}

/** `now` in ms since 1970. */
export function seriesOf(
  { slotSeconds, points }: QueueHistory,
  span: HistorySpan,
  now: number,
): Series {
  const byTime = new Map(points.map((point) => [Date.parse(point.at) / 1000, point]));
  const end = Math.floor(now / 1000 / slotSeconds) * slotSeconds;
  const slots = SPAN_SECONDS[span] / slotSeconds;
  const at = Array.from({ length: slots }, (_, index) => end - (slots - 1 - index) * slotSeconds);
  const found = at.map((second) => byTime.get(second));
  const seconds = at.map((begin) => Math.min(slotSeconds, now / 1000 - begin));
  const perSecond = (pick: (point: HistoryPoint) => number) =>
    found.map((point, index) => rateOf(point ? pick(point) : 0, seconds[index] as number));
  const measured = (pick: (point: HistoryPoint) => number | undefined) =>
    found.map((point) => (point && pick(point)) ?? null);
  return {
    at,
    added: perSecond(({ added }) => added),
    done: perSecond(({ done }) => done),
    retried: perSecond(({ retried }) => retried),
    failed: perSecond(({ failed }) => failed),
    tasks: carriedOn(found, before(points, at[0] ?? end)),
    latenessP50: measured(({ lateness }) => lateness?.p50),
    latenessP99: measured(({ lateness }) => lateness?.p99),
    runTimeP50: measured(({ runTime }) => runTime?.p50),
    runTimeP99: measured(({ runTime }) => runTime?.p99),
  };
}

/** The current slot is too short for a rate. */
const LEAST_SECONDS = 3;

function rateOf(n: number, seconds: number): number | null {
  return seconds < LEAST_SECONDS ? null : n / seconds;
}

function before(points: readonly HistoryPoint[], second: number): number | null {
  return points.findLast(({ at }) => Date.parse(at) / 1000 < second)?.tasks ?? null;
}

// An empty slot has as many tasks as the one before.
function carriedOn(
  found: readonly (HistoryPoint | undefined)[],
  first: number | null,
): (number | null)[] {
  let tasks = first;
  return found.map((point) => {
    tasks = point?.tasks ?? tasks;
    return tasks;
  });
}
