// How long until what is due has gone, if all goes on as it does now.
import type { WatchedQueue } from "../../core/metrics/queue-changes.ts";
import { duration } from "../format/times.ts";

export type Drain =
  | { kind: "empty" }
  | { kind: "takes"; seconds: number }
  /** Comes as fast as it goes, or faster. */
  | { kind: "grows" }
  /** Nothing goes. */
  | { kind: "constant" };

type Looked = Pick<WatchedQueue, "state" | "statistics" | "history">;

/** Now is the last half minute; where nothing went in it, the last minute. */
const NOW_MS = 30_000;

/** `now` in ms since 1970. */
export function drainOf(queue: Looked, now: number): Drain {
  const backlog = backlogOf(queue.statistics);
  if (backlog === 0) return { kind: "empty" };
  const { added, gone } = flowOf(queue, now);
  if (gone === 0 || queue.state !== "running") return { kind: "constant" };
  if (gone <= added) return { kind: "grows" };
  return { kind: "takes", seconds: backlog / (gone - added) };
}

/** Tasks a second. */
function flowOf({ statistics, history }: Looked, now: number): { added: number; gone: number } {
  const recent = history.points.filter(({ at }) => Date.parse(at) > now - NOW_MS);
  const sum = (pick: (point: (typeof recent)[number]) => number) =>
    recent.reduce((total, point) => total + pick(point), 0);
  const gone = sum(({ done, failed }) => done + failed);
  // The slot under way has only begun, and the first has more than half a minute in it.
  const seconds = (now - Date.parse(recent[0]?.at ?? "")) / 1000;
  if (gone > 0) return { added: sum(({ added }) => added) / seconds, gone: gone / seconds };
  const { doneLastMinute, failedLastMinute, addedLastMinute } = statistics;
  return { added: addedLastMinute / 60, gone: (doneLastMinute + failedLastMinute) / 60 };
}

/** Tasks that could be at work if there were room; beyond a thousand the states are not told apart. */
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
    case "constant":
      return "standing still";
  }
}
