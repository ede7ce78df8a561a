// What can be asked of a queue's object: the one interface between callers and objects, whatever door
// they came through.

import type { QueueConfig } from "../../core/config/queue-config.ts";
import type { Answer } from "../../core/errors.ts";
import type { HistorySpan, QueueHistory } from "../../core/metrics/history.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import type { LeaseRequest } from "../../core/task/lease.ts";
import type { NewTime } from "../../core/task/new-task.ts";
import type { Task, TaskState } from "../../core/task/task.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { WireOutcome } from "../delivery/outcome.ts";
import type { AddCall, Added } from "./admission.ts";
import type { AckResult, Hold } from "./leasing/leasing.ts";

export type { QueueView };

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

/** A queue at a moment, as whoever watches it is told. */
export interface Pulse {
  /** By the queue's clock, ms since 1970. */
  now: number;
  view: QueueView;
  history: QueueHistory;
}

/** The RPC surface of a queue's object. */
export interface QueueVerbs {
  add(calls: readonly AddCall[]): Promise<Answer<Added[]>[]>;
  get(name: string): Promise<Answer<Task>>;
  /** The task once it has ended, or after `waitSeconds` (60 at most) as it is then. */
  result(name: string, waitSeconds: number): Promise<Answer<Task>>;
  list(query: ListQuery): Promise<Answer<TaskPage>>;
  delete(names: readonly string[]): Promise<DeleteResult[]>;
  run(name: string): Promise<Answer<Task>>;
  reschedule(name: string, time: NewTime): Promise<Answer<Task>>;
  redrive(names: readonly string[]): Promise<RedriveResult[]>;
  redriveAll(): Promise<number>;
  tombstones(query: TombstoneQuery): Promise<Answer<TombstonePage>>;
  release(name: string): Promise<boolean>;
  purge(): Promise<QueueView>;
  pause(): Promise<QueueView>;
  resume(): Promise<QueueView>;
  describe(): Promise<QueueView>;
  /** What it did lately. */
  history(span: HistorySpan): Promise<QueueHistory>;
  /** How it stands, and what it did lately as far as that is newer than `since` (ms since 1970). */
  pulse(since: number): Promise<Pulse>;
  /** What it goes by; in contrast to `describe` it reads no rows. */
  config(): Promise<QueueConfig>;
  lease(request: LeaseRequest): Promise<Answer<Task[]>>;
  acknowledge(holds: readonly Hold[]): Promise<Answer<AckResult[]>>;
  modifyLease(hold: Hold, seconds: number): Promise<Answer<Task>>;
  /** Makes or changes a queue that does not stand in queue.yaml, by an entry of that file's form. */
  define(entry: unknown): Promise<Answer<QueueView>>;
  /** Removes such a queue with its tasks. */
  remove(): Promise<Answer<true>>;
  /** Does what is overdue; a scheduled trigger calls it, in case the platform lost an alarm. */
  wake(): Promise<void>;
  /** Asked by a long attempt: settles with the reason when it is to be cut off, or once it has ended. */
  ending(attempt: number): Promise<string>;
}

/** The RPC surface of a courier: an object from which tasks go out of the Worker. */
export interface CourierVerbs {
  carry(delivery: Delivery): Promise<WireOutcome>;
}
