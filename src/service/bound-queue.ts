// A queue for another Worker, which holds a stub of this. RPC finds the methods that stand here, so each verb has one;
// it carries no signals, and of what is thrown the name, the message, `code` and `details`.
import { RpcTarget } from "cloudflare:workers";
import type { QueueHandle } from "../client/queue-handle.ts";
import type { KeyLimitsEntry } from "../core/config/keys-schema.ts";
import type { TaskQueueError } from "../core/errors.ts";
import type { FailurePage } from "../core/failures/groups.ts";
import type { NewRedrive, Redrive } from "../core/failures/redrive.ts";
import type { HistorySpan, QueueHistory } from "../core/metrics/history.ts";
import type { KeyPage, KeyQuery, KeyView } from "../core/metrics/key-view.ts";
import type { QueueView } from "../core/metrics/queue-view.ts";
import type {
  AckResult,
  AddOptions,
  DeleteResult,
  ListQuery,
  RedriveResult,
  ReleaseResult,
  ResultOptions,
  TaskPage,
  TombstonePage,
  TombstoneQuery,
} from "../core/task/calls.ts";
import type { LeaseRequest } from "../core/task/lease.ts";
import type { NewTime } from "../core/task/new-task.ts";
import type { AddResult, Task } from "../core/task/task.ts";
import type { NewTaskOf } from "../core/task/typed-task.ts";

type Held = Pick<Task, "name" | "lease">;

export class BoundQueue<P = unknown> extends RpcTarget {
  readonly #handle: () => QueueHandle<P>;

  /** `handle` throws where the queue may not be used: then each verb does, which somebody awaits. */
  constructor(handle: () => QueueHandle<P>) {
    super();
    this.#handle = handle;
  }

  add(task: NewTaskOf<P>): Promise<Task>;
  add(tasks: readonly NewTaskOf<P>[], options?: AddOptions): Promise<AddResult<TaskQueueError>[]>;
  async add(
    given: NewTaskOf<P> | readonly NewTaskOf<P>[],
    options?: AddOptions,
  ): Promise<Task | AddResult<TaskQueueError>[]> {
    return this.#handle().add(given as readonly NewTaskOf<P>[], options);
  }

  async get(name: string): Promise<Task> {
    return this.#handle().get(name);
  }

  async result<T = unknown>(name: string, options?: Pick<ResultOptions, "timeout">): Promise<T> {
    return this.#handle().result<T>(name, options);
  }

  async list(query?: ListQuery): Promise<TaskPage> {
    return this.#handle().list(query);
  }

  async delete(names: readonly string[]): Promise<DeleteResult[]> {
    return this.#handle().delete(names);
  }

  async lease(request: LeaseRequest): Promise<Task[]> {
    return this.#handle().lease(request);
  }

  async acknowledge(held: readonly Held[]): Promise<AckResult[]> {
    return this.#handle().acknowledge(held);
  }

  async modifyLease(held: Held, seconds: number): Promise<Task> {
    return this.#handle().modifyLease(held, seconds);
  }

  async fail(held: Held, error?: string): Promise<Task> {
    return this.#handle().fail(held, error);
  }

  async run(name: string): Promise<Task> {
    return this.#handle().run(name);
  }

  async reschedule(name: string, time: NewTime): Promise<Task> {
    return this.#handle().reschedule(name, time);
  }

  redrive(names: readonly string[]): Promise<RedriveResult[]>;
  redrive(all: "all"): Promise<{ redriven: number }>;
  async redrive(names: readonly string[] | "all"): Promise<RedriveResult[] | { redriven: number }> {
    return this.#handle().redrive(names as "all");
  }

  async failures(): Promise<FailurePage> {
    return this.#handle().failures();
  }

  async startRedrive(given?: NewRedrive): Promise<Redrive> {
    return this.#handle().startRedrive(given);
  }

  async redrives(): Promise<Redrive[]> {
    return this.#handle().redrives();
  }

  async cancelRedrive(id: string): Promise<Redrive> {
    return this.#handle().cancelRedrive(id);
  }

  async tombstones(query?: TombstoneQuery): Promise<TombstonePage> {
    return this.#handle().tombstones(query);
  }

  async release(name: string): Promise<ReleaseResult> {
    return this.#handle().release(name);
  }

  async purge(): Promise<QueueView> {
    return this.#handle().purge();
  }

  async pause(): Promise<QueueView> {
    return this.#handle().pause();
  }

  async resume(): Promise<QueueView> {
    return this.#handle().resume();
  }

  async define(entry: object): Promise<QueueView> {
    return this.#handle().define(entry);
  }

  async remove(): Promise<void> {
    return this.#handle().remove();
  }

  async keys(query?: KeyQuery): Promise<KeyPage> {
    return this.#handle().keys(query);
  }

  async key(key: string): Promise<KeyView> {
    return this.#handle().key(key);
  }

  async limitKey(key: string, limits: KeyLimitsEntry): Promise<KeyView> {
    return this.#handle().limitKey(key, limits);
  }

  async resetKey(key: string): Promise<KeyView> {
    return this.#handle().resetKey(key);
  }

  async describe(): Promise<QueueView> {
    return this.#handle().describe();
  }

  async history(span?: HistorySpan): Promise<QueueHistory> {
    return this.#handle().history(span);
  }
}
