// Queries on a queue, and the pages it answers with.
import type { Task, TaskState } from "../../../core/task/task.ts";

/** Which tasks to list: in due order, `limit` at most (1 to 1,000, default 100), after `cursor`. */
export interface ListQuery {
  state?: TaskState;
  /** Of pull tasks: exactly this tag. */
  tag?: string;
  prefix?: string;
  limit?: number;
  cursor?: string;
}

export interface TaskPage {
  tasks: Task[];
  /** Absent on the last page. */
  cursor?: string;
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
  prefix?: string;
  limit?: number;
  cursor?: string;
}

export interface TombstonePage {
  tombstones: Task[];
  /** Absent on the last page. A page that has one may be short, or empty. */
  cursor?: string;
}

export interface ReleaseResult {
  name: string;
  /** Whether the name was a tombstone until now. */
  released: boolean;
}
