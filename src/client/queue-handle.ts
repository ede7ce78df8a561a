// The caller's side of a queue: what `queues.get(env, name)` returns. Turns refusals into error classes.

import type { AlertTest } from "../core/alerts/alert-view.ts";
import type { ActKind } from "../core/audit.ts";
import { readKeyLimits } from "../core/config/key-limits.ts";
import type { KeyLimitsEntry } from "../core/config/keys-schema.ts";
import { checkQueueName } from "../core/config/names.ts";
import { entryOf, type QueueConfig, type QueueFile } from "../core/config/queue-config.ts";
import {
  errorOf,
  invalid,
  type Refusal,
  type TaskQueueError,
  UnknownQueueError,
  unwrap,
} from "../core/errors.ts";
import type { FailurePage } from "../core/failures/groups.ts";
import { checkRedriveId, type NewRedrive, type Redrive } from "../core/failures/redrive.ts";
import { MAX_WAIT_S } from "../core/limits.ts";
import { type HistorySpan, type QueueHistory, SPANS } from "../core/metrics/history.ts";
import type { KeyPage, KeyQuery, KeyView } from "../core/metrics/key-view.ts";
import type { QueueEvent } from "../core/metrics/queue-event.ts";
import type { QueueReport } from "../core/metrics/queue-report.ts";
import type { QueueView } from "../core/metrics/queue-view.ts";
import { checkNames, checkNamesOnce } from "../core/task/batch.ts";
import type {
  AckResult,
  Added,
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
import { checkLease, checkLeaseTokens, type LeaseRequest } from "../core/task/lease.ts";
import type { NewTime } from "../core/task/new-task.ts";
import { checkKey } from "../core/task/new-task-fairness.ts";
import { checkTaskName } from "../core/task/new-task-rules.ts";
import { answerOf } from "../core/task/result-error.ts";
import { type AddResult, hasEnded, type Task } from "../core/task/task.ts";
import { type TraceContext, traced } from "../core/task/trace-context.ts";
import type { AnyPayloads, NewGroupOf, NewTaskOf, PayloadTypes } from "../core/task/typed-task.ts";
import { clock } from "../objects/host.ts";
import { resultOf } from "../objects/queue/admission.ts";
import { inFileRefusal } from "../objects/queue/context/definition.ts";
import { NO_FOLLOWERS } from "../objects/queue/context/no-followers.ts";
import type { QueueCalls } from "../objects/rpc.ts";
import { checkWait } from "../objects/waiters.ts";
import { audited } from "./audited.ts";
import type { Following } from "./following.ts";
import { GatheredAdds } from "./gathered-adds.ts";
import { createGroup, type GroupHandle } from "./group-handle.ts";
import { LeaseTurn } from "./lease-turn.ts";
import { failuresOf, startRedrive } from "./redrives.ts";
import type { CallerStubs } from "./stubs.ts";
import { answerTo } from "./waiting.ts";

/** The way from a handle to its queue. */
export interface QueueReach {
  stubs: CallerStubs;
  /** The queue's calls. Throws UnknownQueueError. */
  object: () => Promise<QueueCalls>;
}

export class QueueHandle<P = unknown, Payloads extends PayloadTypes = AnyPayloads> {
  readonly name: string;
  readonly #stubs: CallerStubs;
  readonly #file: QueueFile;
  readonly #following: Following | undefined;
  readonly #adds = new GatheredAdds(async (calls) => (await this.#object()).add(calls));

  /** `following`: what its events are read by; without it they are not. */
  constructor(name: string, stubs: CallerStubs, file: QueueFile, following?: Following) {
    this.name = name;
    this.#stubs = stubs;
    this.#file = file;
    this.#following = following;
  }

  /**
   * Queues a task and answers when it is on disk. Throws TaskAlreadyExistsError while a task of its name
   * lives, TombstonedTaskError while the name's tombstone does, or the class of whatever is wrong with
   * it. Adds begun together are sent together.
   */
  add(task: NewTaskOf<P>): Promise<Task>;
  /**
   * Queues up to 1,000 tasks. One bad task refuses them all; a name that is taken refuses its own entry
   * only, which then holds the error, or with `atomic` throws and adds none.
   */
  add(tasks: readonly NewTaskOf<P>[], options?: AddOptions): Promise<AddResult<TaskQueueError>[]>;
  async add(
    given: NewTaskOf<P> | readonly NewTaskOf<P>[],
    options: AddOptions = {},
  ): Promise<Task | AddResult<TaskQueueError>[]> {
    return this.addFrom(undefined, given, options);
  }

  /** As `add`, for a door: the request it is for belongs to this trace. */
  addFrom(trace: TraceContext | undefined, task: NewTaskOf<P>): Promise<Task>;
  addFrom(
    trace: TraceContext | undefined,
    tasks: readonly NewTaskOf<P>[],
    options: AddOptions,
  ): Promise<AddResult<TaskQueueError>[]>;
  addFrom(
    trace: TraceContext | undefined,
    given: NewTaskOf<P> | readonly NewTaskOf<P>[],
    options: AddOptions,
  ): Promise<Task | AddResult<TaskQueueError>[]>;
  addFrom(
    trace: TraceContext | undefined,
    given: NewTaskOf<P> | readonly NewTaskOf<P>[],
    { atomic = false }: AddOptions = {},
  ): Promise<Task | AddResult<TaskQueueError>[]> {
    const { tracing } = this.#stubs;
    if (!tracing) return this.#add(given, atomic, trace);
    const where = { queue: this.name };
    return tracing.adding(where, trace, (own) => this.#add(given, atomic, own));
  }

  async #add(
    all: NewTaskOf<P> | readonly NewTaskOf<P>[],
    atomic: boolean,
    trace: TraceContext | undefined,
  ): Promise<Task | AddResult<TaskQueueError>[]> {
    const given = trace ? tracedAll(all, trace) : all;
    if (!Array.isArray(given)) {
      const [added] = unwrap(await this.#adds.add({ tasks: [given], atomic: false }));
      const { task, error } = resultOf(this.name, added as Added);
      if (task) return task;
      throw errorOf(error);
    }
    const results = unwrap(await this.#adds.add({ tasks: given, atomic }));
    return results.map((added) => {
      const { task, error } = resultOf(this.name, added);
      return task ? { task } : { error: errorOf(error) };
    });
  }

  /**
   * Creates a group: a fan-out of subtasks on this queue, or on those they name, and what follows when they
   * have all ended. With `master`, the task that the handler runs, that task waits for the group, and the
   * handler may add more subtasks until it returns. Throws GroupAlreadyExistsError.
   */
  async group(given: NewGroupOf<Payloads, P>): Promise<GroupHandle<Payloads>> {
    const { handle } = await createGroup(this.#stubs, given as NewGroup, this.name);
    return handle as GroupHandle<Payloads>;
  }

  /** The task of this name, in whatever state; throws UnknownTaskError. */
  async get(name: string): Promise<Task> {
    return unwrap(await (await this.#object(checkTaskName(name))).get(name));
  }

  /**
   * What the handler answered the task of this name with, on a queue with `extensions.keep_results`: a JSON
   * value, a string, bytes, or undefined for an empty body. Waits for the task to end, `timeout` seconds
   * at most (default 30), or until `signal` aborts, whose reason is thrown. Throws a ResultError when it has
   * not ended by then, failed or was deleted, and InvalidTaskError for a timeout that is not a number of
   * seconds.
   */
  async result<T = unknown>(
    name: string,
    { timeout = 30, signal }: ResultOptions = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    const object = await this.#object(checkTaskName(name) ?? checkWait("timeout", timeout));
    const asked = async (seconds: number) =>
      unwrap(await answerTo(await object.result(name, seconds), signal));
    let task = await asked(timeout);
    for (let left = timeout; left > MAX_WAIT_S && !hasEnded(task); ) {
      left -= MAX_WAIT_S;
      task = await asked(left);
    }
    return answerOf(task) as T;
  }

  /** A page of the queue's tasks in due order; with `state: "failed"`, of those that failed. */
  async list(query: ListQuery = {}): Promise<TaskPage> {
    return unwrap(await (await this.#object()).list(query));
  }

  /**
   * Deletes up to 1,000 tasks; for each whether it was there until now: one that is not is no error, its
   * `deleted` is false. An attempt in flight ends, and is not repeated. Throws DuplicateTaskNameError.
   */
  async delete(names: readonly string[]): Promise<DeleteResult[]> {
    const object = await this.#object(checkNamesOnce(names));
    const count = (results: DeleteResult[]) => results.filter(({ deleted }) => deleted).length;
    return this.#act("delete", only(names), () => object.delete(names), count);
  }

  /**
   * Leases tasks of a pull queue, the oldest first: nobody else gets them until the lease ends. With
   * `waitSeconds` it answers as soon as there is one. When `signal` aborts, its reason is thrown and nothing
   * is leased: what was already given goes back, and is not counted. Throws InvalidLeaseTimeError,
   * QueuePausedError.
   */
  async lease(request: LeaseRequest, { signal }: WaitOptions = {}): Promise<Task[]> {
    const turn = await this.lineUp(request, { signal });
    if (!(turn instanceof LeaseTurn)) return turn;
    try {
      const tasks = await turn.tasks(signal);
      if (tasks.length > 0) await turn.take(tasks, signal);
      return tasks;
    } finally {
      turn.leave();
    }
  }

  /** As `lease`, but where it would wait, it answers with the turn, whose steps are then the caller's. */
  async lineUp(request: LeaseRequest, { signal }: WaitOptions = {}): Promise<Task[] | LeaseTurn> {
    signal?.throwIfAborted();
    const object = await this.#object();
    signal?.throwIfAborted();
    const begunAt = clock();
    const taken = (tasks: readonly Task[]) =>
      this.#stubs.tracing?.leased(this.name, tasks, begunAt);
    const leased = await object.lease(request);
    if (!("got" in leased)) return new LeaseTurn(leased, taken, (tasks) => this.#withdraw(tasks));
    const tasks = unwrap(leased.got);
    if (signal?.aborted) {
      await this.#withdraw(tasks);
      throw signal.reason;
    }
    taken(tasks);
    return tasks;
  }

  // The object may have been reset in the meantime, which breaks the stub that leased.
  async #withdraw(tasks: readonly Task[]): Promise<void> {
    const leased = tasks.map(({ name, lease = "" }) => ({ name, lease }));
    if (leased.length > 0) await this.#ownObject().withdrawLeases(leased);
  }

  /**
   * Ends up to 1,000 leased tasks; for each whether its lease still held, and if not, the error that says why.
   * Throws DuplicateTaskNameError for a lease that is there twice.
   */
  async acknowledge(held: readonly Pick<Task, "name" | "lease">[]): Promise<AckResult[]> {
    const leases = held.map(({ name, lease = "" }) => ({ name, lease }));
    return unwrap(await (await this.#object(checkLeaseTokens(leases))).acknowledge(leases));
  }

  /**
   * Makes a lease end `seconds` from now; 0 gives the task back. The answer has the lease's new
   * token. Throws TaskLeaseExpiredError when it no longer holds.
   */
  async modifyLease(
    { name, lease = "" }: Pick<Task, "name" | "lease">,
    seconds: number,
  ): Promise<Task> {
    const object = await this.#object(checkTaskName(name) ?? checkLease(lease));
    return unwrap(await object.modifyLease({ name, lease }, seconds));
  }

  /**
   * Gives up a leased task: it is kept as failed, with `error` as its last attempt's, whatever leases it had left.
   * Throws TaskLeaseExpiredError when its lease no longer holds.
   */
  async fail({ name, lease = "" }: Pick<Task, "name" | "lease">, error?: string): Promise<Task> {
    const object = await this.#object(checkTaskName(name) ?? checkLease(lease));
    return unwrap(await object.failLeased({ name, lease }, error));
  }

  /**
   * Runs the task as soon as a slot is free, regardless of its ETA, the rate or a pause: one attempt, also
   * when called twice. A failed task goes back onto the queue first. Throws UnknownTaskError.
   */
  async run(name: string): Promise<Task> {
    const object = await this.#object(checkTaskName(name));
    return this.#act("run", name, async () => unwrap(await object.run(name)), one);
  }

  /**
   * Gives a waiting task another time; its attempts and retries stay counted. Throws UnknownTaskError, and
   * InvalidTaskError for a task that is running or has failed.
   */
  async reschedule(name: string, time: NewTime): Promise<Task> {
    const object = await this.#object(checkTaskName(name));
    const reschedule = async () => unwrap(await object.reschedule(name, time));
    return this.#act("reschedule", name, reschedule, one);
  }

  /**
   * Puts up to 1,000 failed tasks back on the queue, due now and as if they were new; for each whether there was
   * one until now.
   */
  redrive(names: readonly string[]): Promise<RedriveResult[]>;
  /** Puts all failed tasks back. */
  redrive(all: "all"): Promise<{ redriven: number }>;
  async redrive(names: readonly string[] | "all"): Promise<RedriveResult[] | { redriven: number }> {
    const object = await this.#object(names === "all" ? undefined : checkNames(names));
    if (names === "all") {
      const all = async () => ({ redriven: await object.redriveAll() });
      return this.#act("redrive", undefined, all, ({ redriven }) => redriven);
    }
    const count = (results: RedriveResult[]) => results.filter(({ redriven }) => redriven).length;
    return this.#act("redrive", only(names), () => object.redrive(names), count);
  }

  /**
   * What went wrong with the failed and the expired tasks: those of one fault together, with how many there are and when
   * the first and the last failed. It looks at their records, the last first, for less than a second, and says how far it came.
   */
  async failures(): Promise<FailurePage> {
    return failuresOf(await this.#object());
  }

  /**
   * Begins to put failed tasks back on the queue, as fast as `rate` says and those of one fault or all; answers with how
   * it stands, while it goes on by itself. What fails again is not taken again. One of the same fault that is under way
   * goes on at this rate.
   */
  async startRedrive(given: NewRedrive = {}): Promise<Redrive> {
    return startRedrive(this.#stubs, this.name, () => this.#object(), given);
  }

  /** Redrives under way, and the last twenty that have ended, the newest first. */
  async redrives(): Promise<Redrive[]> {
    return unwrap(await (await this.#object()).redrives());
  }

  /** Stops a redrive: what is back on the queue stays there. Throws UnknownTaskError. */
  async cancelRedrive(id: string): Promise<Redrive> {
    const object = await this.#object(checkRedriveId(id));
    const cancel = async () => unwrap(await object.cancelRedrive(id, this.#stubs.who));
    return this.#act("redrive_cancel", id, cancel);
  }

  /** A page of the names that are still taken though their tasks have ended, in their order. */
  async tombstones(query: TombstoneQuery = {}): Promise<TombstonePage> {
    return unwrap(await (await this.#object()).tombstones(query));
  }

  /** Frees the name of a task that was done or deleted, so that it can be added again at once. */
  async release(name: string): Promise<ReleaseResult> {
    const object = await this.#object(checkTaskName(name));
    const release = () => object.release(name);
    return { name, released: await this.#act("release", name, release, Number) };
  }

  /** Deletes every task on the queue; their names stay reserved as those of deleted tasks do. */
  async purge(): Promise<QueueView> {
    const object = await this.#object();
    const tasks = await tasksOf(object);
    return this.#act(
      "purge",
      undefined,
      () => object.purge(),
      () => tasks,
    );
  }

  /** Stops dispatch, and nothing else. */
  async pause(): Promise<QueueView> {
    const object = await this.#object();
    return this.#act("pause", undefined, () => object.pause());
  }

  async resume(): Promise<QueueView> {
    const object = await this.#object();
    return this.#act("resume", undefined, () => object.resume());
  }

  /**
   * Makes this queue, or changes it, by an entry as queue.yaml has them; the name may be left out. Tasks
   * that are on it stay. Throws QueueInFileError for a queue of queue.yaml, InvalidQueueNameError.
   */
  async define(entry: object): Promise<QueueView> {
    const given = { name: this.name, ...entry };
    throwIf(checkQueueName(this.name) ?? checkQueueName(given.name, "name"));
    if (given.name !== this.name) {
      throw errorOf(invalid("name", given.name, `"${this.name}", as the queue is called`).failure);
    }
    this.#refuseInFile();
    // Checked before an object of that name comes to be.
    const config = unwrap(entryOf(this.#file, given));
    const define = async () => unwrap(await this.#stubs.queue(this.name, config).define(given));
    return this.#act("define", undefined, define);
  }

  /** Removes a queue made by `define`, with its tasks and names. Throws QueueInFileError as that does. */
  async remove(): Promise<void> {
    throwIf(checkQueueName(this.name));
    this.#refuseInFile();
    const object = await this.#object();
    const tasks = await tasksOf(object);
    const remove = async () => unwrap(await object.remove());
    await this.#act("remove", undefined, remove, () => tasks);
  }

  /** A page of the keys that the queue's tasks name, by name: what waits and runs of each, and its limits. */
  async keys(query: KeyQuery = {}): Promise<KeyPage> {
    return unwrap(await (await this.#object()).keys(query));
  }

  /** One key, whether it has tasks or not. */
  async key(key: string): Promise<KeyView> {
    return unwrap(await (await this.#object(checkKey(key))).key(key));
  }

  /**
   * Sets limits of one key, by an entry as `extensions.keys` has them, at once and until they are reset; what it
   * leaves out is as queue.yaml says.
   */
  async limitKey(key: string, limits: KeyLimitsEntry): Promise<KeyView> {
    const { ok, failure } = readKeyLimits(this.#file, limits);
    const object = await this.#object(checkKey(key) ?? (failure && { failure }));
    return this.#act("limit_key", key, async () => unwrap(await object.limitKey(key, ok)));
  }

  /** Makes the limits of one key those of queue.yaml again. */
  async resetKey(key: string): Promise<KeyView> {
    const object = await this.#object(checkKey(key));
    return this.#act("reset_key", key, async () => unwrap(await object.limitKey(key, undefined)));
  }

  /** Sends a message of the alert that says it is a test, once; what came of it. */
  async testAlert(name: string): Promise<AlertTest> {
    const object = await this.#object();
    return this.#act("alert_test", name, async () => unwrap(await object.testAlert(name)));
  }

  /** The queue's configuration. */
  async config(): Promise<QueueConfig> {
    return this.#file.queues.get(this.name) ?? (await this.#object()).config();
  }

  /** Configuration, state and statistics. */
  async describe(): Promise<QueueView> {
    return (await this.#object()).describe();
  }

  /**
   * What the queue did lately: a quarter of an hour in steps of ten seconds, or with "6h" six hours in steps
   * of two minutes. Throws InvalidTaskError for another span.
   */
  async history(span: HistorySpan = "15m"): Promise<QueueHistory> {
    if (!SPANS.includes(span)) throw errorOf(invalid("span", span, SPANS.join(" or ")).failure);
    return (await this.#object()).history(span);
  }

  /**
   * Its state, and the part of its history that is newer than `since` (ms since 1970): the content of the API's
   * events.
   */
  async pulse(since = 0): Promise<QueueReport> {
    return (await this.#object()).pulse(since);
  }

  /**
   * What happens to the queue and its tasks, as it happens, until `signal` aborts, which throws, or the loop is left. An
   * object that ends takes the stream along, which is made anew: what was missed meanwhile is an event `missed` without
   * a count. It needs the JSON API among the doors. Throws UnknownQueueError.
   */
  async *tail({ signal }: WaitOptions = {}): AsyncGenerator<QueueEvent, void> {
    if (!this.#following) throw errorOf(NO_FOLLOWERS.failure);
    yield* this.#following.tail(() => this.#object(), signal);
  }

  /** What handles of one subject are made of; they come with what uses them. */
  static reach(handle: QueueHandle): QueueReach {
    return { stubs: handle.#stubs, object: () => handle.#object() };
  }

  // A queue that is not in queue.yaml exists if the directory knows it: its tasks are kept, and can be read. What
  // is wrong with a call beside its queue is said first after that its name can be one.
  async #object(refusal?: Refusal): Promise<QueueCalls> {
    throwIf(checkQueueName(this.name) ?? refusal);
    await checkExists(this.#stubs, this.#file, this.name);
    return this.#ownObject();
  }

  #act<T>(
    what: ActKind,
    name: string | undefined,
    work: () => Promise<T>,
    countOf?: (result: T) => number,
  ): Promise<T> {
    return audited(this.#stubs, { what, queue: this.name, name }, work, countOf);
  }

  #ownObject(): QueueCalls {
    return this.#stubs.calls(this.name, this.#file.queues.get(this.name));
  }

  #refuseInFile(): void {
    if (this.#file.queues.has(this.name)) unwrap(inFileRefusal(this.name));
  }
}

/** How many there are; what is done to them does not fail for that this could not be said. */
async function tasksOf(object: QueueCalls): Promise<number> {
  return object.describe().then(
    ({ statistics }) => statistics.tasks,
    () => 0,
  );
}

const one = () => 1;

/** The name, where there is one alone. */
function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}

function throwIf(refusal: Refusal | undefined): void {
  if (refusal) throw errorOf(refusal.failure);
}

/** Whether there is such a queue, in queue.yaml or beside it. */
export async function existsQueue(stubs: CallerStubs, file: QueueFile, name: string) {
  return file.queues.has(name) || (await stubs.directory().isKnown(name));
}

/** Throws UnknownQueueError for a name that is no queue's. */
export async function checkExists(
  stubs: CallerStubs,
  file: QueueFile,
  name: string,
): Promise<void> {
  if (await existsQueue(stubs, file, name)) return;
  const names = [...file.queues.keys()].join(", ");
  const message = `queue: there is no queue "${name}"; queue.yaml has ${names}`;
  throw new UnknownQueueError({ code: "UNKNOWN_QUEUE", message });
}

function tracedAll<T>(given: T | readonly T[], trace: TraceContext): T | readonly T[] {
  if (!Array.isArray(given)) return traced(given as T, trace);
  return given.map((task: T) => traced(task, trace));
}
