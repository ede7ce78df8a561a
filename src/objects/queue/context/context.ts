// What operations on a queue are given: its rows, its definition, and what its consumers have under way.
import type { AlertView } from "../../../core/alerts/alert-view.ts";
import type { Bucket, BucketShape } from "../../../core/dispatch/bucket.ts";
import type { Answer, Failure } from "../../../core/errors.ts";
import type { Place } from "../../../core/list-place.ts";
import type { Resharding } from "../../../core/metrics/queue-view.ts";
import type { LimitState } from "../../../core/sharding/limit.ts";
import type { ShardMap } from "../../../core/sharding/shard-map.ts";
import type { AcceptRule, RuledTask } from "../../../core/task/add-rule.ts";
import type { Added, ListQuery } from "../../../core/task/calls.ts";
import type { Admission } from "../../../core/task/new-task.ts";
import type { TaskState } from "../../../core/task/task.ts";
import type { QueueStore } from "../../../store/queue/queue-store.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { Commit } from "../../commit.ts";
import type { PartAsk } from "../../shard-part.ts";
import type { QueueDefinition } from "./definition.ts";
import type { Statistics } from "./statistics.ts";

type RowId = Pick<TaskRow, "key" | "name">;

/** What is with handlers. */
export interface PushState {
  /** Attempts without an answer yet. */
  readonly running: number;
  /** How many there may be; of several shards each has its share. */
  readonly slots: number;
  isRunning(task: RowId): boolean;
  /** When the task's attempt that is under way began (ms). */
  attemptOf(
    task: RowId,
  ): { readonly startedAt: number; readonly call?: { readonly size: number } } | undefined;
  /** Tasks with their handlers: all of them, and those in rows up to `key`. */
  runningTasks(key: number): { all: number; upTo: number };
  /** The bucket now, absent without a rate limit. */
  tokens(): { level: Bucket; shape: BucketShape } | undefined;
  /** What there is of each limit that the queue draws from. */
  limits(): readonly LimitState[];
}

/** What is with workers. */
export interface PullState {
  /** Tasks whose leases hold at `now` (ms), as far as they have been seen since the object's start. */
  leasedAt(now: number): number;
}

/** The place of an object among those of its queue. */
export interface ShardPlace {
  readonly index: number;
  readonly map: ShardMap;
  readonly isSharded: boolean;
  /** The name, if its task lives here once all are where they belong; else one like it that does, if there is one. */
  ownName(name: string): string | undefined;
  /** Whether the queue has nothing yet, and so nothing to move. */
  readonly isNew: boolean;
  /** Of the first shard, inside the commit that makes the queue: how many shards it begins with. */
  begin(): void;
  /** The number of shards may change now, if it was to. */
  noticeDefinition(): void;
  /** Inside a commit: this is the map from now on. */
  goBy(map: ShardMap): void;
}

/** Why tasks of keys wait. */
export interface KeyReasons {
  /** Says it of one task after the other, and looks at each key once. */
  newWhy(): (task: Pick<TaskRow, "key" | "spec">) => string | undefined;
}

/** Adds by rules: ifExists, debounce, throttle. */
export interface RuledAdds {
  /** The rule of a new task, if it has one. */
  acceptRule: AcceptRule;
  /** Inside a commit. */
  add(queue: QueueContext, task: RuledTask, now: number): Added;
  /** Why the task would not be added. */
  refusal(queue: QueueContext, task: RuledTask, now: number): Failure | undefined;
  /** What becomes of a task whose name is to go to another shard; null where it is to be added there. */
  addWhereItWas(queue: QueueContext, given: unknown, admission: Admission): Answer<Added | null>;
}

/** What of a list's rows one answer has. */
export interface PartRows {
  rows: TaskRow[];
  upTo?: Place;
  isTired?: true;
  /** Of a search: the keys of all that were looked at. */
  scanned?: number[];
}

/** Looks for tasks by what is in them. */
export interface TaskSearch {
  part(query: ListQuery, ask: PartAsk): PartRows;
}

export interface QueueContext {
  readonly name: string;
  /** Which of the queue's objects it is, and how many there are. */
  readonly shard: ShardPlace;
  readonly store: QueueStore;
  readonly commit: Commit;
  readonly definition: QueueDefinition;
  readonly statistics: Statistics;
  readonly push: PushState;
  readonly pull: PullState;
  /** What it has for tasks with keys; a Worker may do without. */
  readonly keys: KeyReasons | undefined;
  /** Adds by rules; a Worker may do without. */
  readonly ruled: RuledAdds | undefined;
  /** Its alerts; a Worker may do without. */
  readonly alerts: { views(): AlertView[]; clear(): void } | undefined;
  /** Finds tasks by what is in them; a Worker may do without. */
  readonly search: TaskSearch | undefined;
  /** How far a change of the number of shards is, while there is one. */
  readonly resharding: Resharding | undefined;
  /** Paused by hand. */
  readonly isPaused: boolean;
  /** ms since 1970 */
  now(): number;
  stateOf(task: TaskRow, now: number): TaskState;
  /** Whether the directory lists it, as it has to before a task is answered. */
  readonly isListed: boolean;
  ensureListed(): Promise<void>;
  /** What new tasks are checked against, unless the queue takes none. */
  admission(): Answer<Admission>;
  /** A row was written at `key`: consumers look at it again. */
  rowWritten(key: number): void;
  /** Inside a commit: the task at this row was deleted or moved; once that is certain, consumers forget it. */
  forget(...tasks: readonly RowId[]): void;
  /** Inside a commit: every row was deleted. */
  forgetAll(): void;
}
