// A queue elsewhere: the verbs of the Worker's own QueueHandle, over HTTP.
import type { AlertTest } from "../core/alerts/alert-view.ts";
import type { KeyLimitsEntry } from "../core/config/keys-schema.ts";
import { checkQueueName } from "../core/config/names.ts";
import { errorOf, type Failure, invalid, type TaskQueueError, unwrap } from "../core/errors.ts";
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
import { isSameLease, type LeaseRequest } from "../core/task/lease.ts";
import type { NewTime } from "../core/task/new-task.ts";
import { checkTaskName } from "../core/task/new-task-rules.ts";
import { answerOf } from "../core/task/result-error.ts";
import { checkSendable } from "../core/task/sendable.ts";
import { type AddResult, hasEnded, type NewTask, type Task } from "../core/task/task.ts";
import type { NewTaskOf } from "../core/task/typed-task.ts";
import { acknowledgedBefore } from "./acknowledging.ts";
import { isTaken, type Outgoing, outgoing, takenBefore } from "./adding.ts";
import { now, sleep } from "./clock.ts";
import type { Call, Connection } from "./connection.ts";
import {
  type ExportedPage,
  type ExportOptions,
  exportedPages,
  type Imported,
} from "./exporting.ts";
import { createGroup, type RemoteGroup } from "./group.ts";
import { type CallOptions, checkNumber } from "./options.ts";
import { keyPath, part } from "./paths.ts";
import { PullWorker, type WorkHandler, type WorkOptions } from "./pull-worker.ts";
import { follow } from "./tail.ts";

/** Whether an add may be repeated, for which a task without a name gets one. Default: the client's. */
export interface Repeatable {
  idempotent?: boolean;
}

/** How a task's end is asked for: seldom at first, and then more seldom. */
const RESULT_POLL_MS = { first: 200, max: 2000, growth: 1.5 };
/** Requests side by side, where each task has one of its own. */
const AT_ONCE = 8;

export class RemoteQueue<P = unknown> {
  readonly name: string;
  readonly #connection: Connection;
  readonly #isIdempotent: boolean;

  constructor(name: string, connection: Connection, isIdempotent: boolean) {
    this.name = name;
    this.#connection = connection;
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
    if (Array.isArray(given)) return this.#addAll(leaving, idempotent, options);
    return this.#addOne(leaving[0] as Outgoing, idempotent, options);
  }

  async #addOne(leaving: Outgoing, mayRepeat: boolean, options: CallOptions): Promise<Task> {
    // It would be read as several tasks.
    if (Object.hasOwn(Object(leaving.task), "tasks")) {
      throw errorOf(invalid("tasks", leaving.task, "no such field; add takes a list").failure);
    }
    const begun = now();
    const call = this.#post("/tasks", leaving.task, mayRepeat);
    const { value, error, isRepeat } = await this.#connection.outcomeOf<Task>(call, options);
    if (!error) return value;
    if (!isRepeat || !isTaken(error)) throw error;
    const found = await this.#takenBefore(leaving, begun, error, options);
    if ("error" in found) throw found.error;
    return found.task;
  }

  async #addAll(
    leaving: readonly Outgoing[],
    mayRepeat: boolean,
    { atomic = false, ...options }: AddOptions & CallOptions,
  ): Promise<AddResult<TaskQueueError>[]> {
    const begun = now();
    const call = this.#post(
      "/tasks",
      { tasks: leaving.map(({ task }) => task), atomic },
      mayRepeat,
    );
    const outcome = await this.#connection.outcomeOf<{ results: AddResult[] }>(call, options);
    const { value, error, isRepeat } = outcome;
    const isLost = error !== undefined && atomic && isRepeat && isTaken(error);
    if (error && !isLost) throw error;
    const settle = async (result: AddResult, index: number): Promise<AddResult<TaskQueueError>> => {
      if (!result.error) return result;
      if (!isRepeat || !isTaken(result.error)) return { error: errorOf(result.error) };
      return this.#takenBefore(leaving[index] as Outgoing, begun, result.error, options);
    };
    const results: AddResult[] = value?.results ?? leaving.map(() => ({ error: error as Failure }));
    const settled = await inTurns(results, settle);
    // All of them are there by the first try, or a name was taken before it.
    if (isLost && settled.some((result) => result.error)) throw error;
    return settled;
  }

  #takenBefore(leaving: Outgoing, begun: number, failure: Failure, options: CallOptions) {
    return takenBefore(leaving, begun, failure, (name) => this.get(name, options));
  }

  /**
   * Creates a group: a fan-out of subtasks on this queue, or on those they name, and what follows when they
   * have all ended. Throws GroupAlreadyExistsError.
   */
  async group(given: NewGroup, options?: CallOptions): Promise<RemoteGroup> {
    return createGroup(this.#connection, given, this.name, options);
  }

  /** The task of this name, in whatever state; throws UnknownTaskError. */
  async get(name: string, options?: CallOptions): Promise<Task> {
    return this.#connection.call(this.#get(taskPath(name)), options);
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
    const end = now() + checkNumber("timeout", timeout) * 1000;
    let task = await this.get(name, options);
    for (let pause = RESULT_POLL_MS.first; !hasEnded(task) && now() < end; ) {
      await sleep(Math.min(pause, end - now()), options.signal);
      pause = Math.min(pause * RESULT_POLL_MS.growth, RESULT_POLL_MS.max);
      task = await this.get(name, options);
    }
    return answerOf(task) as T;
  }

  /** A page of the queue's tasks in due order; with `state: "failed"`, of those that failed. */
  async list(query: ListQuery = {}, options?: CallOptions): Promise<TaskPage> {
    return this.#connection.call({ ...this.#get("/tasks"), query }, options);
  }

  /** Deletes up to 1,000 tasks; for each whether it was there until now. */
  async delete(names: readonly string[], options?: CallOptions): Promise<DeleteResult[]> {
    return this.#results(this.#post("/tasks:delete", { names }, true), options);
  }

  /**
   * Leases tasks of a pull queue, the oldest first: nobody else gets them until the lease ends. With
   * `waitSeconds` it answers as soon as there is one. Throws InvalidLeaseTimeError, QueuePausedError.
   */
  async lease(request: LeaseRequest, options?: CallOptions): Promise<Task[]> {
    const call = this.#post("/tasks:lease", { ...request }, true);
    const waitSeconds = Number(request.waitSeconds) || 0;
    const { tasks } = await this.#connection.call<TaskPage>({ ...call, waitSeconds }, options);
    return tasks;
  }

  /**
   * Ends up to 1,000 leased tasks; for each whether its lease still held, and if not, the error that says why. One
   * that an earlier try of the same call has ended is acknowledged.
   */
  async acknowledge(
    held: readonly Pick<Task, "name" | "lease">[],
    options?: CallOptions,
  ): Promise<AckResult[]> {
    const leases = held.map(({ name, lease = "" }) => ({ name, lease }));
    const call = this.#post("/tasks:ack", { leases }, true);
    const outcome = await this.#connection.outcomeOf<{ results: AckResult[] }>(call, options);
    if (outcome.error) throw outcome.error;
    const { results } = outcome.value;
    return outcome.isRepeat ? results.map(acknowledgedBefore) : results;
  }

  /**
   * Makes a lease end `seconds` from now; 0 gives the task back. The answer has the lease's new
   * token. Throws TaskLeaseExpiredError when it no longer holds.
   */
  async modifyLease(
    { name, lease = "" }: Pick<Task, "name" | "lease">,
    seconds: number,
    options?: CallOptions,
  ): Promise<Task> {
    const call = this.#post(
      `${taskPath(name)}:modifyLease`,
      { lease, leaseSeconds: seconds },
      true,
    );
    const { value, error, isRepeat } = await this.#connection.outcomeOf<Task>(call, options);
    if (!error) return value;
    if (!isRepeat || error.code !== "TASK_LEASE_EXPIRED") throw error;
    // The try before may have given the lease another token.
    const task = await this.get(name, options);
    if (seconds === 0 || isSameLease(task.lease, lease)) return task;
    throw error;
  }

  /**
   * Gives up a leased task: it is kept as failed, with `error` as its last attempt's, whatever leases it had left.
   * Throws TaskLeaseExpiredError when its lease no longer holds.
   */
  async fail(
    { name, lease = "" }: Pick<Task, "name" | "lease">,
    error?: string,
    options?: CallOptions,
  ): Promise<Task> {
    const call = this.#post(`${taskPath(name)}:fail`, { lease, error }, true);
    const outcome = await this.#connection.outcomeOf<Task>(call, options);
    if (!outcome.error) return outcome.value;
    const isTombstone = outcome.error.code === "TOMBSTONED_TASK";
    const task = outcome.isRepeat && isTombstone ? await this.get(name, options) : undefined;
    if (task?.state === "failed") return task;
    throw outcome.error;
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
    return this.#connection.call(this.#post(`${taskPath(name)}:run`, undefined, false), options);
  }

  /** Gives a waiting task another time; its attempts and retries stay counted. Throws UnknownTaskError. */
  async reschedule(name: string, time: NewTime, options?: CallOptions): Promise<Task> {
    const call = this.#post(`${taskPath(name)}:reschedule`, { ...time }, true);
    return this.#connection.call(call, options);
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
    if (names !== "all") return this.#results(this.#post(path, { names }, false), options);
    return this.#connection.call(this.#post(path, { all: true }, false), options);
  }

  /** What went wrong with the failed and the expired tasks: those of one fault together. */
  async failures(options?: CallOptions): Promise<FailurePage> {
    return this.#connection.call(this.#get("/failures"), options);
  }

  /**
   * Begins to put failed tasks back on the queue, as fast as `rate` says and those of one fault or all; answers with how
   * it stands, while it goes on by itself. One of the same fault that is under way goes on at this rate.
   */
  async startRedrive(given: NewRedrive = {}, options?: CallOptions): Promise<Redrive> {
    const { rate, fingerprint } = unwrap(acceptRedrive(given));
    const body = { all: true, rate, fingerprint };
    return this.#connection.call(this.#post("/tasks:redrive", body, false), options);
  }

  /** Redrives under way, and the last twenty that have ended, the newest first. */
  async redrives(options?: CallOptions): Promise<Redrive[]> {
    const { redrives } = await this.#connection.call<{ redrives: Redrive[] }>(
      ...[this.#get("/redrives"), options],
    );
    return redrives;
  }

  /** Stops a redrive: what is back on the queue stays there. Throws UnknownTaskError. */
  async cancelRedrive(id: string, options?: CallOptions): Promise<Redrive> {
    const path = `/redrives/${part(id, checkRedriveId(id))}:cancel`;
    return this.#connection.call(this.#post(path, undefined, true), options);
  }

  /** A page of the names that are still taken though their tasks have ended, in their order. */
  async tombstones(query: TombstoneQuery = {}, options?: CallOptions): Promise<TombstonePage> {
    return this.#connection.call({ ...this.#get("/tombstones"), query }, options);
  }

  /** Frees the name of a task that was done or deleted, so that it can be added again at once. */
  async release(name: string, options?: CallOptions): Promise<ReleaseResult> {
    const path = this.#path(`/tombstones/${part(name, checkTaskName(name))}`);
    return this.#connection.call({ method: "DELETE", path, mayRepeat: true }, options);
  }

  /** Deletes every task on the queue; their names stay reserved as those of deleted tasks do. */
  async purge(options?: CallOptions): Promise<QueueView> {
    return this.#connection.call(this.#post(":purge", undefined, false), options);
  }

  /** Stops dispatch, and nothing else. */
  async pause(options?: CallOptions): Promise<QueueView> {
    return this.#connection.call(this.#post(":pause", undefined, true), options);
  }

  async resume(options?: CallOptions): Promise<QueueView> {
    return this.#connection.call(this.#post(":resume", undefined, true), options);
  }

  /**
   * Makes this queue, or changes it, by an entry as queue.yaml has them; the name may be left out. Throws
   * QueueInFileError for a queue of queue.yaml, InvalidQueueNameError.
   */
  async define(entry: object, options?: CallOptions): Promise<QueueView> {
    const call: Call = { method: "PUT", path: this.#path(""), body: entry, mayRepeat: true };
    return this.#connection.call(call, options);
  }

  /** Removes a queue made by `define`, with its tasks and names. Throws QueueInFileError as that does. */
  async remove(options?: CallOptions): Promise<void> {
    const call: Call = { method: "DELETE", path: this.#path(""), mayRepeat: true };
    const { error, isRepeat } = await this.#connection.outcomeOf(call, options);
    if (error && !(isRepeat && error.code === "UNKNOWN_QUEUE")) throw error;
  }

  /** A page of the keys that the queue's tasks name, by name: what waits and runs of each, and its limits. */
  async keys(query: KeyQuery = {}, options?: CallOptions): Promise<KeyPage> {
    return this.#connection.call({ ...this.#get("/keys"), query: { ...query } }, options);
  }

  /** One key, whether it has tasks or not. */
  async key(key: string, options?: CallOptions): Promise<KeyView> {
    return this.#connection.call(this.#get(keyPath(key)), options);
  }

  /**
   * Sets limits of one key, by an entry as `extensions.keys` has them, at once and until they are reset; what it
   * leaves out is as queue.yaml says.
   */
  async limitKey(key: string, limits: KeyLimitsEntry, options?: CallOptions): Promise<KeyView> {
    const path = this.#path(keyPath(key));
    return this.#connection.call({ method: "PUT", path, body: limits, mayRepeat: true }, options);
  }

  /** Makes the limits of one key those of queue.yaml again. */
  async resetKey(key: string, options?: CallOptions): Promise<KeyView> {
    const path = this.#path(keyPath(key));
    return this.#connection.call({ method: "DELETE", path, mayRepeat: true }, options);
  }

  /** Sends a message of the alert that says it is a test, once; what came of it. */
  async testAlert(name: string, options?: CallOptions): Promise<AlertTest> {
    const path = this.#path(`/alerts/${encodeURIComponent(name)}:test`);
    return this.#connection.call({ method: "POST", path, mayRepeat: false }, options);
  }

  /**
   * The queue as lines of JSON, a page at a time, while it goes on. A connection that breaks is made again where the
   * last page ended, and each page is checked. Throws NoAnswerError when nothing comes any more.
   */
  export(options: ExportOptions = {}): AsyncGenerator<ExportedPage, undefined> {
    return exportedPages(this.#connection, this.#path(":export"), options);
  }

  /** Takes in lines of an export, 1,000 records at most, where their names are free. */
  async import(lines: readonly string[], options?: CallOptions): Promise<Imported> {
    const path = this.#path(":import");
    const call: Call = { method: "POST", path, lines: lines.join("\n"), mayRepeat: true };
    return this.#connection.call(call, options);
  }

  /** Configuration, state and statistics. */
  async describe(options?: CallOptions): Promise<QueueView> {
    return this.#connection.call(this.#get(""), options);
  }

  /** What the queue did lately: a quarter of an hour in steps of ten seconds, or six hours in steps of two minutes. */
  async history(span: HistorySpan = "15m", options?: CallOptions): Promise<QueueHistory> {
    return this.#connection.call({ ...this.#get("/history"), query: { span } }, options);
  }

  /**
   * What happens to the queue and its tasks, as it happens, until `signal` aborts, which throws, or the loop is left. A
   * connection that breaks is made anew: what was missed meanwhile is an event `missed` without a count. Throws
   * UnknownQueueError, and whatever else the queues refuse with.
   */
  tail({ signal }: WaitOptions = {}): AsyncGenerator<QueueEvent, void> {
    return follow(this.#connection, this.#get("/events"), signal);
  }

  async #results<T>(call: Call, options: CallOptions | undefined): Promise<T[]> {
    return (await this.#connection.call<{ results: T[] }>(call, options)).results;
  }

  #get(path: string): Call {
    return { method: "GET", path: this.#path(path), mayRepeat: true };
  }

  #post(path: string, body: unknown, mayRepeat: boolean): Call {
    return { method: "POST", path: this.#path(path), body, mayRepeat };
  }

  #path(rest: string): string {
    return `/queues/${part(this.name, checkQueueName(this.name))}${rest}`;
  }
}

function taskPath(name: string): string {
  return `/tasks/${part(name, checkTaskName(name))}`;
}

/** What becomes of each value, AT_ONCE at a time. */
async function inTurns<T, Made>(
  values: readonly T[],
  make: (value: T, index: number) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < values.length; index = next++) {
      made[index] = await make(values[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return made;
}
