// What is saved of one name of a queue: a task that is on it, one that failed and is kept, or what is remembered of one
// that has ended; and of a group: what it is, and how its subtasks ended. Each is a line of JSON. Times are ms since
// 1970, as on disk: nothing is rounded.
import { fromBase64, toBase64 } from "../bytes.ts";
import type { FailurePolicy, GroupState, MasterName } from "../task/group.ts";
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

/** A group that has something on the queue. Its name may be another group's later: `made` tells them apart. */
export interface SavedGroup {
  kind: "group";
  name: string;
  /** The queue it was saved with. */
  queue: string;
  made: number;
  onFailure: FailurePolicy;
  state: GroupState;
  open: boolean;
  total: number;
  /** The numbers of the subtasks its master has added, as spans. */
  numbered?: [from: number, to: number][];
  /** What its subtasks and batches are numbered from. */
  first: { index: number; batch: number };
  /** The number of its next batch. */
  batches: number;
  queues: string[];
  endedAt?: number;
  master?: MasterName;
  masterMadeAt?: number;
  /** `added`: the queue it was saved with has it. */
  then?: { queue: string; task: object; added?: boolean; error?: string };
  cancelled?: true;
  /** The last of its batches that the queue has. */
  accepted?: number;
  /** Subtasks on their way to their queue; a group with several such batches has a line for each. */
  batch?: SavedBatch;
}

export interface SavedBatch {
  number: number;
  queue: string;
  indexes: number[];
  tasks: object[];
}

/** How subtasks of a group ended, on whatever queue. */
export interface SavedSubtasks {
  kind: "subtasks";
  name: string;
  /** The queue they were saved with, and all that are the group's. */
  queue: string;
  queues: string[];
  made: number;
  subtasks: SavedSubtask[];
}

export interface SavedSubtask {
  index: number;
  queue: string;
  name?: string;
  state: "done" | "failed" | "deleted";
  result?: StoredResult;
  error?: string;
}

/** The same of a queue that is to have another name. */
export function onQueue<T extends SavedOfGroup>(saved: T, to: string): T {
  const at = (queue: string) => (queue === saved.queue ? to : queue);
  const placed = <P extends { queue: string }>(it: P): P => ({ ...it, queue: at(it.queue) });
  const queues = [...new Set(saved.queues.map(at))];
  if (saved.kind === "subtasks") {
    return { ...saved, queue: to, queues, subtasks: saved.subtasks.map(placed) };
  }
  const { master, then, batch } = saved;
  return {
    ...saved,
    ...{ queue: to, queues },
    ...(master && { master: placed(master) }),
    ...(then && { then: placed(then) }),
    ...(batch && { batch: placed(batch) }),
  };
}

/** What lies under a name of the queue. */
export type SavedOfName = SavedTask | SavedFailure | SavedName;
export type SavedOfGroup = SavedGroup | SavedSubtasks;
export type SavedRecord = SavedOfName | SavedOfGroup;

export function isOfGroup(record: SavedRecord): record is SavedOfGroup {
  return record.kind === "group" || record.kind === "subtasks";
}

/** The queues that a group has to do with. */
export function queuesOfGroup(record: SavedOfGroup): string[] {
  if (record.kind === "subtasks") return record.queues;
  const { queues, master, then, batch } = record;
  return [...new Set([...queues, ...[master, then, batch].flatMap((it) => it?.queue ?? [])])];
}

/** What became of a record that was to be taken in. */
export type Taken = "imported" | "skipped";

export function nameOfRecord(record: SavedRecord): string {
  return "task" in record ? record.task.name : record.name;
}

/**
 * What a walk goes over, in this order: names; then, where there are groups, what each of them is; the subtasks that were
 * added since the walk began, behind whose names it may have been; and how subtasks ended. What is on a queue, and
 * what has ended, is so seen behind what the group says it has: no subtask falls in between.
 */
export const WALKS = ["names", "groups", "late", "subtasks"] as const;

/** Where a walk over a queue goes on: behind a name, in one of its shards. */
export interface WalkPlace {
  /** Default names. */
  walk?: (typeof WALKS)[number];
  /** When the walk began. */
  begun?: number;
  /** The group behind which it goes on; or in which, behind `after`: a batch's number, or a subtask's. */
  group?: string;
  after?: number;
  shard: number;
  /** How many there are, as the first says. Default 1. */
  shards?: number;
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

/** The beginning of what comes behind a walk over one shard; undefined behind the last. */
export function nextWalk(
  { walk = "names", shard, version, begun, shards = 1 }: WalkPlace,
  hasGroups: boolean,
): WalkPlace | undefined {
  const begin = { ...FIRST_WALK_PLACE, version, shards, ...(begun !== undefined && { begun }) };
  if (shard + 1 < shards) return { ...begin, walk, shard: shard + 1 };
  const next = WALKS[WALKS.indexOf(walk) + 1];
  return next && hasGroups ? { ...begin, walk: next } : undefined;
}

/** A record as a line of JSON, without its end. */
export function lineOf(record: SavedRecord): string {
  if (!("task" in record)) return JSON.stringify(record);
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
