// What calls on queues are given beside tasks, and what they answer with: the same for callers inside the Worker
// and for those anywhere else.
import type { Failure } from "../errors.ts";
import type { Task, TaskSpec, TaskState } from "./task.ts";

export interface WaitOptions {
  /** Ends the wait when it aborts, such as a request's `signal` when its client hangs up. */
  signal?: AbortSignal | undefined;
}

export interface ResultOptions extends WaitOptions {
  /** Seconds to wait for the task to end. Default 30. */
  timeout?: number | undefined;
}

/** One caller's tasks; each entry is checked, so it may be anything. */
export interface AddCall {
  tasks: readonly unknown[];
  /** One name that is taken refuses the whole call. */
  atomic: boolean;
}

/**
 * What became of a new task, on its way back to the caller, whose side makes the view of it: the object's
 * time is all its callers', and no field goes back that the caller can tell. One that was added by a rule is the task
 * that has its name now. Times in ms since 1970.
 */
export type Added =
  | { name: string; due: number; createdAt: number; spec?: TaskSpec; error?: undefined }
  | { task: Task; error?: undefined }
  | { error: Failure };

export interface AddOptions {
  /** All tasks or none: one name that is taken refuses the whole call. Default false. */
  atomic?: boolean | undefined;
}

/** Which queues: `limit` at most (1 to 1,000, which is the default), after `cursor`. */
export interface QueueQuery {
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** Which tasks to list: in due order, `limit` at most (1 to 1,000, default 100), after `cursor`. */
export interface ListQuery {
  state?: TaskState | undefined;
  /** Of pull tasks: exactly this tag. */
  tag?: string | undefined;
  /** Exactly this key. */
  key?: string | undefined;
  prefix?: string | undefined;
  /** In the payload or the params, in whatever case. A page of a search may be short, or empty, and have a cursor. */
  text?: string | undefined;
  /** `name: value`: a header of exactly this value. */
  header?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface TaskPage {
  tasks: Task[];
  /** Of a search by `text` or `header`: how many tasks were looked at for this page. */
  scanned?: number | undefined;
  /** Absent on the last page. */
  cursor?: string | undefined;
}

export interface DeleteResult {
  name: string;
  /** Whether the task was there until now. */
  deleted: boolean;
}

export interface RedriveResult {
  name: string;
  /** Whether there was a failed task of this name, which is on the queue again. */
  redriven: boolean;
}

/** Which tombstones: by name, `limit` at most (1 to 1,000, default 100), after `cursor`. */
export interface TombstoneQuery {
  prefix?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface TombstonePage {
  tombstones: Task[];
  /** Absent on the last page. A page that has one may be short, or empty. */
  cursor?: string | undefined;
}

export interface ReleaseResult {
  name: string;
  /** Whether the name was a tombstone until now. */
  released: boolean;
}

/** What became of an acknowledgement. */
export type AckResult =
  | { name: string; acknowledged: true; error?: undefined }
  | { name: string; acknowledged: false; error: Failure };
