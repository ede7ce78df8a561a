// Incremental updates of watched queues: the server computes a change, the client applies it.
import { beginOf, type HistoryMark, type HistoryPoint, type QueueHistory } from "./history.ts";
import type { QueueView } from "./queue-view.ts";

/** A queue as those who watch it know it: its history is the last quarter of an hour. */
export interface WatchedQueue extends QueueView {
  history: QueueHistory;
}

/** The first that a watcher hears. */
export interface WatchedQueues {
  /** RFC 3339, by the queues' clock. */
  now: string;
  queues: WatchedQueue[];
}

type Fields = Omit<QueueView, "name" | "statistics">;

/** Of one queue what changed; a field that is there no more is null. */
export type QueueChange = { name: string; history?: undefined } & {
  [Field in keyof Fields]?: Fields[Field] | null;
} & {
  statistics?: Partial<QueueView["statistics"]>;
  /** To replace the one that began `at` the same time, or to be appended. */
  points?: HistoryPoint[];
  /** New ones. */
  marks?: HistoryMark[];
};

/** What a watcher hears from then on; a queue that is new comes whole. */
export interface QueueChanges {
  now: string;
  queues: (WatchedQueue | QueueChange)[];
  /** Names of queues that are no more. */
  removed?: string[];
}

/** The change from `known` to `view` with `recent` history; undefined when there is none. */
export function changeOf(
  known: WatchedQueue,
  view: QueueView,
  recent: QueueHistory,
): QueueChange | undefined {
  const { history, statistics, ...before } = known;
  const { statistics: statisticsNow, ...now } = view;
  const points = recent.points.filter((point) => !isAmong(point, history.points));
  const marks = recent.marks.filter((mark) => !isAmong(mark, history.marks));
  const numbers = changed(statistics, statisticsNow);
  const change = {
    ...changed(before, now),
    ...(isEmpty(numbers) ? {} : { statistics: numbers }),
    ...(points.length > 0 ? { points } : {}),
    ...(marks.length > 0 ? { marks } : {}),
  };
  return isEmpty(change) ? undefined : ({ name: known.name, ...change } as QueueChange);
}

/** The queue as it is known after the change; `now` in ms since 1970. */
export function withChange(
  known: WatchedQueue,
  { points = [], marks = [], statistics, ...fields }: QueueChange,
  now: number,
): WatchedQueue {
  const { history, ...before } = known;
  const view = { ...before, ...fields } as QueueView & Record<string, unknown>;
  for (const [field, value] of Object.entries(view)) if (value === null) delete view[field];
  view.statistics = { ...known.statistics, ...statistics };
  return { ...view, history: withNews(history, points, marks, now) };
}

/** All queues after the changes, in their order; new ones come last. */
export function withChanges(known: readonly WatchedQueue[], changes: QueueChanges): WatchedQueue[] {
  const now = Date.parse(changes.now);
  const queues = new Map(known.map((queue) => [queue.name, queue]));
  for (const name of changes.removed ?? []) queues.delete(name);
  for (const change of changes.queues) {
    const before = queues.get(change.name);
    if (change.history) queues.set(change.name, change);
    else if (before) queues.set(change.name, withChange(before, change, now));
  }
  return [...queues.values()];
}

function withNews(
  history: QueueHistory,
  points: readonly HistoryPoint[],
  marks: readonly HistoryMark[],
  now: number,
): QueueHistory {
  const from = beginOf("15m", now);
  const isHeld = ({ at }: { at: string }) => Date.parse(at) >= from;
  const merged = new Map([...history.points, ...points].map((point) => [point.at, point]));
  return {
    ...history,
    points: [...merged.values()].filter(isHeld).sort(byTime),
    marks: [...history.marks, ...marks].filter(isHeld).sort(byTime),
  };
}

function byTime(a: { at: string }, b: { at: string }): number {
  return a.at < b.at ? -1 : Number(a.at > b.at);
}

function isAmong<T>(one: T, known: readonly T[]): boolean {
  const text = JSON.stringify(one);
  return known.some((other) => JSON.stringify(other) === text);
}

function changed<T extends object>(before: T, now: T): Partial<Record<keyof T, unknown>> {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])] as (keyof T)[];
  const different = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]));
  const values = different.map((key) => [key, now[key] ?? null]);
  return Object.fromEntries(values) as Partial<Record<keyof T, unknown>>;
}

function isEmpty(fields: object): boolean {
  return Object.keys(fields).length === 0;
}
