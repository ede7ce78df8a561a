// What is saved of one name of a queue: a task that is on it, one that failed and is kept, or what is remembered of one
// that has ended. Each is a line of JSON. Times are ms since 1970, as on disk: nothing is rounded.
import { fromBase64, toBase64 } from "../bytes.ts";
import type { StoredResult } from "../task/result.ts";
import type { Progress, StoredTask, TaskSpec } from "../task/task.ts";

/** On the queue. What it had of a lease, or of an attempt under way, is not saved: it waits. */
export interface SavedTask {
  kind: "task";
  /** `key` is its place, which its time comes from. */
  task: Omit<StoredTask, "lease"> & { key: number };
  /** Of a debounced or throttled one under way: what waits for it to end. */
  next?: { due: number; createdAt: number; spec: TaskSpec; body: string | Uint8Array | undefined };
  /** It ends should it not be started in time. */
  mayExpire?: true;
}

/** Failed or expired, with its attempts. */
export interface SavedFailure {
  kind: "failed";
  task: Omit<StoredTask, "lease">;
  endedAt: number;
  keptUntil: number;
  nameUntil: number;
  /** It is to be put on the dead-letter queue. */
  isLetter?: true;
}

/** A name that is still taken though its task has ended. */
export interface SavedName {
  kind: "name";
  name: string;
  state: "done" | "deleted" | "failed";
  createdAt: number;
  endedAt: number;
  nameUntil: number;
  progress: Progress;
  result?: StoredResult;
}

export type SavedRecord = SavedTask | SavedFailure | SavedName;

/** What became of a record that was to be taken in. */
export type Taken = "imported" | "skipped";

export function nameOfRecord(record: SavedRecord): string {
  return record.kind === "name" ? record.name : record.task.name;
}

/** Where a walk over a queue goes on: behind a name, in one of its shards. */
export interface WalkPlace {
  shard: number;
  /** Of the queue's shards, so that it is seen when their number changes. */
  version: number;
  name: string;
  key: number;
}

export interface SavedPage {
  records: SavedRecord[];
  /** Of the queue's shards. */
  version: number;
  /** Absent behind the last. */
  next?: WalkPlace;
}

/** Before the first name. */
export const FIRST_WALK_PLACE: WalkPlace = Object.freeze({
  shard: 0,
  version: -1,
  name: "",
  key: -1,
});

/** A record as a line of JSON, without its end. */
export function lineOf(record: SavedRecord): string {
  if (record.kind === "name") return JSON.stringify(record);
  const { kind, task, ...rest } = record;
  const { body, ...plain } = task;
  const next = "next" in rest && rest.next ? { next: withBody(rest.next) } : {};
  return JSON.stringify({ kind, ...plain, ...bodyOf(body), ...rest, ...next });
}

function withBody<T extends { body: string | Uint8Array | undefined }>({ body, ...rest }: T) {
  return { ...rest, ...bodyOf(body) };
}

function bodyOf(body: string | Uint8Array | undefined) {
  if (body === undefined) return {};
  return typeof body === "string" ? { body } : { bodyBase64: toBase64(body) };
}

/** The other way round. */
export function bodyIn(given: { body?: unknown; bodyBase64?: unknown }) {
  return typeof given.bodyBase64 === "string"
    ? (fromBase64(given.bodyBase64) ?? undefined)
    : (given.body as string | undefined);
}
