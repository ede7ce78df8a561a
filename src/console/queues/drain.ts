// Estimates the time until the due tasks are drained at the current rate.
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { duration } from "../format/times.ts";

export type Drain =
  | { kind: "empty" }
  | { kind: "takes"; seconds: number }
  /** Tasks are added as fast as they are drained, or faster. */
  | { kind: "grows" }
  /** No task is drained. */
  | { kind: "stands" };

type ProblemInput = Pick<WatchedQueue, "state" | "statistics" | "history">;

/** The rate is taken over the last half minute, or the last minute if none was drained in it. */
const NOW_MS = 30_000;

/** `now` in ms since 1970. */
export function drainOf(queue: ProblemInput, now: number): Drain {
  const backlog = backlogOf(queue.statistics);
  if (backlog === 0) return { kind: "empty" };
  const { added, gone } = flowOf(queue, now);
  if (gone === 0 || queue.state !== "running") return { kind: "stands" };
  if (gone <= added) return { kind: "grows" };
  return { kind: "takes", seconds: backlog / (gone - added) };
}

/** Tasks a second. */
function flowOf(
  { statistics, history }: ProblemInput,
  now: number,
): { added: number; gone: number } {
  const recent = history.points.filter(({ at }) => Date.parse(at) > now - NOW_MS);
  const sum = (pick: (point: (typeof recent)[number]) => number) =>
    recent.reduce((total, point) => total + pick(point), 0);
  const gone = sum(({ done, failed, expired }) => done + failed + expired);
  // The current slot is incomplete, and the first reaches back more than half a minute.
  const seconds = (now - Date.parse(recent[0]?.at ?? "")) / 1000;
  if (gone > 0) return { added: sum(({ added }) => added) / seconds, gone: gone / seconds };
  const { doneLastMinute, failedLastMinute, expiredLastMinute, addedLastMinute } = statistics;
  const goneLastMinute = doneLastMinute + failedLastMinute + expiredLastMinute;
  return { added: addedLastMinute / 60, gone: goneLastMinute / 60 };
}

/** Due tasks; beyond a thousand the states are not counted separately. */
export function backlogOf({ tasks, states }: WatchedQueue["statistics"]): number {
  return (
    states.due ?? Math.max(0, tasks - (states.scheduled ?? 0) - states.waiting - states.running)
  );
}

export function drainText(drain: Drain): string {
  switch (drain.kind) {
    case "empty":
      return "–";
    case "takes":
      return duration(drain.seconds);
    case "grows":
      return "growing";
    case "stands":
      return "standing still";
  }
}
