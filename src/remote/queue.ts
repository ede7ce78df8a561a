// A queue elsewhere: the verbs of the Worker's own QueueHandle, over HTTP.
import type { AlertTest } from "../core/alerts/alert-view.ts";
import type { KeyLimitsEntry } from "../core/config/keys-schema.ts";
import { errorOf, type TaskQueueError, unwrap } from "../core/errors.ts";
import type { FailurePage } from "../core/failures/groups.ts";
import {
  acceptRedrive,
  checkRedriveId,
  type NewRedrive,
  type Redrive,
} from "../core/failures/redrive.ts";
import type { HistorySpan, QueueHistory } from "../core/metrics/history.ts";
import type { KeyPage, KeyQuery, KeyView } from "../core/metrics/key-view.ts";
import type { QueueEvent } from "../core/metrics/queue-event.ts";
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
  WaitOptions,
} from "../core/task/calls.ts";
import type { NewGroup } from "../core/task/group.ts";
import type { LeaseRequest } from "../core/task/lease.ts";
import type { NewTime } from "../core/task/new-task.ts";
import { checkTaskName } from "../core/task/new-task-rules.ts";
import { answerOf } from "../core/task/result-error.ts";
import { checkSendable } from "../core/task/sendable.ts";
import type { AddResult, NewTask, Task } from "../core/task/task.ts";
import type { NewTaskOf } from "../core/task/typed-task.ts";
import { addAll, addOne } from "./add-calls.ts";
import { type Outgoing, outgoing } from "./adding.ts";
import type { Call, Connection } from "./connection.ts";
import { endedTask } from "./ended-task.ts";
import {
  type ExportedPage,
  type ExportOptions,
  exportedPages,
  type Imported,
} from "./exporting.ts";
import { createGroup, type RemoteGroup } from "./group.ts";
import { acknowledge, fail, type Held, lease, modifyLease } from "./leasing.ts";
import type { CallOptions } from "./options.ts";
import { keyPath, part } from "./paths.ts";
import { PullWorker, type WorkHandler, type WorkOptions } from "./pull-worker.ts";
import { QueueCalls, taskPath } from "./queue-calls.ts";
import { follow } from "./tail.ts";

/** Whether an add may be repeated, for which a task without a name gets one. Default: the client's. */
export interface Repeatable {
  idempotent?: boolean;
}

export class RemoteQueue<P = unknown> {
  readonly name: string;
  readonly #calls: QueueCalls;
  readonly #isIdempotent: boolean;

  constructor(name: string, connection: Connection, isIdempotent: boolean) {
    this.name = name;
    this.#calls = new QueueCalls(connection, name);
    this.#isIdempotent = isIdempotent;
  }

  /**
   * Queues a task and answers when it is on disk. Throws TaskAlreadyExistsError while a task of its name
   * lives, TombstonedTaskError while the name's tombstone does, or the class of whatever is wrong with it. A name
   * that was taken by an earlier try of the same call is no error.
   */
  add(task: NewTaskOf<P>, options?: CallOptions & Repeatable): Promise<Task>;
  /**
   * Queues up to 1,000 tasks. One bad task refuses them all; a name that is taken refuses its own entry
   * only, which then holds the error, or with `atomic` throws and adds none.
   */
  add(
    tasks: readonly NewTaskOf<P>[],
    options?: AddOptions & CallOptions & Repeatable,
  ): Promise<AddResult<TaskQueueError>[]>;
  async add(
    given: NewTaskOf<P> | readonly NewTaskOf<P>[],
    options: AddOptions & CallOptions & Repeatable = {},
  ): Promise<Task | AddResult<TaskQueueError>[]> {
    const { idempotent = this.#isIdempotent } = options;
    const tasks = (Array.isArray(given) ? given : [given]) as readonly NewTask[];
    const refusal = checkSendable(tasks);
    if (refusal.failure) throw errorOf(refusal.failure);
    const leaving = tasks.map((task) => outgoing(task, idempotent));
    if (Array.isArray(given)) return addAll(this.#calls, leaving, idempotent, options);
    return addOne(this.#calls, leaving[0] as Outgoing, idempotent, options);
  }

  /**
   * Creates a group: a fan-out of subtasks on this queue, or on those they name, and what follows when they
   * have all ended. Throws GroupAlreadyExistsError.
   */
  async group(given: NewGroup, options?: CallOptions): Promise<RemoteGroup> {
    return createGroup(this.#calls.connection, given, this.name, options);
  }

  /** The task of this name, in whatever state; throws UnknownTaskError. */
  async get(name: string, options?: CallOptions): Promise<Task> {
    return this.#call(this.#calls.get(taskPath(name)), options);
  }

  /**
   * What the handler answered the task of this name with, on a queue with `extensions.keep_results`. Asks again and
   * again until the task has ended, `timeout` seconds at most (default 30). Throws a ResultError when it has
   * not ended by then, failed or was deleted.
   */
  async result<T = unknown>(
    name: string,
    { timeout = 30, ...options }: ResultOptions & CallOptions = {},
  ): Promise<T> {
    const get = () => this.get(name, options);
    return answerOf(await endedTask(get, timeout, options.signal)) as T;
  }

  /** A page of the queue's tasks in due order; with `state: "failed"`, of those that failed. */
  async list(query: ListQuery = {}, options?: CallOptions): Promise<TaskPage> {
    return this.#call({ ...this.#calls.get("/tasks"), query }, options);
  }

  /** Deletes up to 1,000 tasks; for each whether it was there until now. */
  async delete(names: readonly string[], options?: CallOptions): Promise<DeleteResult[]> {
    return this.#calls.results(this.#calls.post("/tasks:delete", { names }, true), options);
  }

  /**
   * Leases tasks of a pull queue, the oldest first: nobody else gets them until the lease ends. With
   * `waitSeconds` it answers as soon as there is one. Throws InvalidLeaseTimeError, QueuePausedError.
   */
  async lease(request: LeaseRequest, options?: CallOptions): Promise<Task[]> {
    return lease(this.#calls, request, options);
  }

  /**
   * Ends up to 1,000 leased tasks; for each whether its lease still held, and if not, the error that says why. One
   * that an earlier try of the same call has ended is acknowledged.
   */
  async acknowledge(held: readonly Held[], options?: CallOptions): Promise<AckResult[]> {
    return acknowledge(this.#calls, held, options);
  }

  /**
   * Makes a lease end `seconds` from now; 0 gives the task back. The answer has the lease's new
   * token. Throws TaskLeaseExpiredError when it no longer holds.
   */
  async modifyLease(held: Held, seconds: number, options?: CallOptions): Promise<Task> {
    return modifyLease(this.#calls, held, seconds, options);
  }

  /**
   * Gives up a leased task: it is kept as failed, with `error` as its last attempt's, whatever leases it had left.
   * Throws TaskLeaseExpiredError when its lease no longer holds.
   */
  async fail(held: Held, error?: string, options?: CallOptions): Promise<Task> {
    return fail(this.#calls, held, error, options);
  }

  /**
   * Works on the tasks of a pull queue until it is stopped: leases them, calls the handler, keeps their leases
   * meanwhile, and acknowledges those it is done with. One whose handler throws is to be had again later.
   */
  work(handler: WorkHandler<P>, options?: WorkOptions): PullWorker<P> {
    return new PullWorker(this, handler, options);
  }

  /** Runs the task as soon as a slot is free, regardless of its ETA, the rate or a pause. Throws UnknownTaskError. */
  async run(name: string, options?: CallOptions): Promise<Task> {
    return this.#call(this.#calls.post(`${taskPath(name)}:run`, undefined, false), options);
  }

  /** Gives a waiting task another time; its attempts and retries stay counted. Throws UnknownTaskError. */
  async reschedule(name: string, time: NewTime, options?: CallOptions): Promise<Task> {
    const call = this.#calls.post(`${taskPath(name)}:reschedule`, { ...time }, true);
    return this.#call(call, options);
  }

  /** Puts up to 1,000 failed tasks back on the queue, due now and as if they were new. */
  redrive(names: readonly string[], options?: CallOptions): Promise<RedriveResult[]>;
  /** Puts all failed tasks back. */
  redrive(all: "all", options?: CallOptions): Promise<{ redriven: number }>;
  async redrive(
    names: readonly string[] | "all",
    options?: CallOptions,
  ): Promise<RedriveResult[] | { redriven: number }> {
    const path = "/tasks:redrive";
    if (names !== "all")
      return this.#calls.results(this.#calls.post(path, { names }, false), options);
    return this.#call(this.#calls.post(path, { all: true }, false), options);
  }

  /** What went wrong with the failed and the expired tasks: those of one fault together. */
  async failures(options?: CallOptions): Promise<FailurePage> {
    return this.#call(this.#calls.get("/failures"), options);
  }

  /**
   * Begins to put failed tasks back on the queue, as fast as `rate` says and those of one fault or all; answers with how
   * it stands, while it goes on by itself. One of the same fault that is under way goes on at this rate.
   */
  async startRedrive(given: NewRedrive = {}, options?: CallOptions): Promise<Redrive> {
    const { rate, fingerprint } = unwrap(acceptRedrive(given));
    const body = { all: true, rate, fingerprint };
    return this.#call(this.#calls.post("/tasks:redrive", body, false), options);
  }

  /** Redrives under way, and the last twenty that have ended, the newest first. */
  async redrives(options?: CallOptions): Promise<Redrive[]> {
    const call = this.#calls.get("/redrives");
    const { redrives } = await this.#call<{ redrives: Redrive[] }>(call, options);
    return redrives;
  }

  /** Stops a redrive: what is back on the queue stays there. Throws UnknownTaskError. */
  async cancelRedrive(id: string, options?: CallOptions): Promise<Redrive> {
    const path = `/redrives/${part(id, checkRedriveId(id))}:cancel`;
    return this.#call(this.#calls.post(path, undefined, true), options);
  }

  /** A page of the names that are still taken though their tasks have ended, in their order. */
  async tombstones(query: TombstoneQuery = {}, options?: CallOptions): Promise<TombstonePage> {
    return this.#call({ ...this.#calls.get("/tombstones"), query }, options);
  }

  /** Frees the name of a task that was done or deleted, so that it can be added again at once. */
  async release(name: string, options?: CallOptions): Promise<ReleaseResult> {
    const path = `/tombstones/${part(name, checkTaskName(name))}`;
    return this.#call(this.#calls.delete(path), options);
  }

  /** Deletes every task on the queue; their names stay reserved as those of deleted tasks do. */
  async purge(options?: CallOptions): Promise<QueueView> {
    return this.#call(this.#calls.post(":purge", undefined, false), options);
  }

  /** Stops dispatch, and nothing else. */
  async pause(options?: CallOptions): Promise<QueueView> {
    return this.#call(this.#calls.post(":pause", undefined, true), options);
  }

  async resume(options?: CallOptions): Promise<QueueView> {
    return this.#call(this.#calls.post(":resume", undefined, true), options);
  }

  /**
   * Makes this queue, or changes it, by an entry as queue.yaml has them; the name may be left out. Throws
   * QueueInFileError for a queue of queue.yaml, InvalidQueueNameError.
   */
  async define(entry: object, options?: CallOptions): Promise<QueueView> {
    return this.#call(this.#calls.put("", entry), options);
  }

  /** Removes a queue made by `define`, with its tasks and names. Throws QueueInFileError as that does. */
  async remove(options?: CallOptions): Promise<void> {
    const { connection } = this.#calls;
    const { error, isRepeat } = await connection.outcomeOf(this.#calls.delete(""), options);
    if (error && !(isRepeat && error.code === "UNKNOWN_QUEUE")) throw error;
  }

  /** A page of the keys that the queue's tasks name, by name: what waits and runs of each, and its limits. */
  async keys(query: KeyQuery = {}, options?: CallOptions): Promise<KeyPage> {
    return this.#call({ ...this.#calls.get("/keys"), query: { ...query } }, options);
  }

  /** One key, whether it has tasks or not. */
  async key(key: string, options?: CallOptions): Promise<KeyView> {
    return this.#call(this.#calls.get(keyPath(key)), options);
  }

  /**
   * Sets limits of one key, by an entry as `extensions.keys` has them, at once and until they are reset; what it
   * leaves out is as queue.yaml says.
   */
  async limitKey(key: string, limits: KeyLimitsEntry, options?: CallOptions): Promise<KeyView> {
    return this.#call(this.#calls.put(keyPath(key), limits), options);
  }

  /** Makes the limits of one key those of queue.yaml again. */
  async resetKey(key: string, options?: CallOptions): Promise<KeyView> {
    return this.#call(this.#calls.delete(keyPath(key)), options);
  }

  /** Sends a message of the alert that says it is a test, once; what came of it. */
  async testAlert(name: string, options?: CallOptions): Promise<AlertTest> {
    const path = `/alerts/${encodeURIComponent(name)}:test`;
    return this.#call(this.#calls.post(path, undefined, false), options);
  }

  /**
   * The queue as lines of JSON, a page at a time, while it goes on. A connection that breaks is made again where the
   * last page ended, and each page is checked. Throws NoAnswerError when nothing comes any more.
   */
  export(options: ExportOptions = {}): AsyncGenerator<ExportedPage, undefined> {
    return exportedPages(this.#calls.connection, this.#calls.path(":export"), options);
  }

  /** Takes in lines of an export, 1,000 records at most, where their names are free. */
  async import(lines: readonly string[], options?: CallOptions): Promise<Imported> {
    const call = this.#calls.post(":import", undefined, true);
    return this.#call({ ...call, lines: lines.join("\n") }, options);
  }

  /** Configuration, state and statistics. */
  async describe(options?: CallOptions): Promise<QueueView> {
    return this.#call(this.#calls.get(""), options);
  }

  /** What the queue did lately: a quarter of an hour in steps of ten seconds, or six hours in steps of two minutes. */
  async history(span: HistorySpan = "15m", options?: CallOptions): Promise<QueueHistory> {
    return this.#call({ ...this.#calls.get("/history"), query: { span } }, options);
  }

  /**
   * What happens to the queue and its tasks, as it happens, until `signal` aborts, which throws, or the loop is left. A
   * connection that breaks is made anew: what was missed meanwhile is an event `missed` without a count. Throws
   * UnknownQueueError, and whatever else the queues refuse with.
   */
  tail({ signal }: WaitOptions = {}): AsyncGenerator<QueueEvent, void> {
    return follow(this.#calls.connection, this.#calls.get("/events"), signal);
  }

  async #call<T>(call: Call, options: CallOptions | undefined): Promise<T> {
    return this.#calls.connection.call<T>(call, options);
  }
}
