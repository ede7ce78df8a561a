// A worker of a pull queue: leases tasks as it has hands free, keeps the leases while they are worked on, and
// acknowledges what is done. Nothing it meets makes it ask faster than a healthy queue would.
import { errorOf, type Failure, invalid, TaskQueueError } from "../core/errors.ts";
import { LEASE_S, MAX_LEASES_PER_CALL, MAX_WAIT_S } from "../core/limits.ts";
import { PermanentTaskFailure, RetryLater, SingularTaskFailure } from "../core/task/failures.ts";
import type { LeaseRequest } from "../core/task/lease.ts";
import type { Task } from "../core/task/task.ts";
import { backoff, now, sleep, unlessAborted } from "./clock.ts";
import { HeldLease, type LeasedFrom } from "./held-lease.ts";
import type { CallOptions } from "./options.ts";

/** A task as a worker gets it. Bytes are in `payloadBase64`. */
export type LeasedTask<P> = Task & { payload: P };

/** Works on one task. `signal` aborts when its lease is lost, or when the worker's time to stop is up. */
export type WorkHandler<P> = (
  task: LeasedTask<P>,
  context: { signal: AbortSignal },
) => unknown | Promise<unknown>;

export interface WorkOptions {
  /** How many tasks at once. Default 1. */
  concurrency?: number;
  /** How long a task is lost for when this machine vanishes; a lease is extended as long as it is worked on. Default 60. */
  leaseSeconds?: number;
  /** How long one call waits for tasks, 1 to 60. Default 30. */
  waitSeconds?: number;
  /** Only tasks of this tag. */
  tag?: string;
  /** Stops the worker when it aborts, as `stop()` does. */
  signal?: AbortSignal | undefined;
  /** How long the tasks under way may go on once it is to stop. Default 30. */
  graceSeconds?: number;
  /** Is told of every failure, with the task whose it is. Default: the console's log. */
  onError?: (error: unknown, task?: Task) => void;
}

/** What a worker needs of its queue. */
export interface WorkSource extends LeasedFrom {
  readonly name: string;
  lease(request: LeaseRequest, options: CallOptions): Promise<Task[]>;
}

/** A task that fails is to be had again after a second, and then after twice as long each time, up to this. */
const MAX_DELAY_S = 300;
/** An answer without tasks that comes sooner than this is not asked for again at once. */
const SOON_MS = 1000;

export class PullWorker<P = unknown> {
  /** Settles when it has stopped. Rejects where the first call is refused: the worker is set up wrongly. */
  readonly finished: Promise<void>;
  readonly #queue: WorkSource;
  readonly #handler: WorkHandler<P>;
  readonly #options: Required<Omit<WorkOptions, "tag" | "signal">>;
  readonly #request: Omit<LeaseRequest, "maxTasks">;
  readonly #stopping = new AbortController();
  readonly #graceOver = new AbortController();
  readonly #working = new Set<Promise<void>>();

  constructor(queue: WorkSource, handler: WorkHandler<P>, options: WorkOptions = {}) {
    const { tag, signal, ...given } = options;
    this.#queue = queue;
    this.#handler = handler;
    this.#options = {
      concurrency: within("concurrency", given.concurrency ?? 1, 1, MAX_LEASES_PER_CALL),
      leaseSeconds: within("leaseSeconds", given.leaseSeconds ?? 60, 1, LEASE_S.max),
      waitSeconds: within("waitSeconds", given.waitSeconds ?? 30, 1, MAX_WAIT_S),
      graceSeconds: within("graceSeconds", given.graceSeconds ?? 30, 0, LEASE_S.max),
      onError: given.onError ?? ((error, task) => logged(queue.name, error, task)),
    };
    const { leaseSeconds, waitSeconds } = this.#options;
    this.#request = { leaseSeconds, waitSeconds, ...(tag !== undefined && { tag }) };
    const stop = () => this.#stopping.abort();
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    this.finished = this.#run().finally(() => signal?.removeEventListener("abort", stop));
  }

  /** Leases no more, waits for what is under way as long as `graceSeconds`, and gives the rest back. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return this.finished;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let isHeard = false;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#leaseOnce();
        isHeard = true;
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        if (!isHeard && isMistake(error)) throw error;
        if (failures === 0) this.#tell(error);
        await sleep(backoff(++failures), signal).catch(() => {});
      }
    }
    await this.#finish();
  }

  /** Leases as many as there are hands for, once there are any. */
  async #leaseOnce(): Promise<void> {
    const { signal } = this.#stopping;
    const free = this.#options.concurrency - this.#working.size;
    if (free <= 0) {
      await unlessAborted(Promise.race(this.#working), signal);
      return;
    }
    const asked = now();
    const request = { ...this.#request, maxTasks: free };
    // The pauses between failures are the worker's own.
    const tasks = await this.#queue.lease(request, { signal, retries: 0 });
    for (const task of tasks) this.#begin(task);
    if (tasks.length === 0 && now() - asked < SOON_MS) await sleep(SOON_MS, signal);
  }

  #begin(task: Task): void {
    const work = this.#workOn(task).catch((error) => this.#tell(error, task));
    const done = work.finally(() => this.#working.delete(done));
    this.#working.add(done);
  }

  async #workOn(task: Task): Promise<void> {
    const lease = new HeldLease(this.#queue, task, this.#options.leaseSeconds);
    try {
      // It came while the worker was being stopped.
      if (this.#stopping.signal.aborted) return await lease.leave(0);
      const failure = await this.#handle(task, lease);
      if (this.#graceOver.signal.aborted) await lease.leave(0);
      else if (lease.lost.aborted) throw lease.lost.reason;
      else if (failure) await this.#failed(task, lease, failure.error);
      else await lease.acknowledge();
    } finally {
      lease.done();
    }
  }

  /** What the handler threw, if it did. It is waited for though its lease is lost, but not past the time to stop. */
  async #handle(task: Task, { lost }: HeldLease): Promise<{ error: unknown } | undefined> {
    const cut = new AbortController();
    const graceOver = this.#graceOver.signal;
    const cutOff = () => cut.abort(lost.aborted ? lost.reason : graceOver.reason);
    for (const signal of [lost, graceOver]) signal.addEventListener("abort", cutOff);
    const handled = (async () => {
      await this.#handler(task as LeasedTask<P>, { signal: cut.signal });
    })().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    try {
      return await unlessAborted(handled, graceOver);
    } finally {
      for (const signal of [lost, graceOver]) signal.removeEventListener("abort", cutOff);
    }
  }

  async #failed(task: Task, lease: HeldLease, error: unknown): Promise<void> {
    if (!(error instanceof SingularTaskFailure)) this.#tell(error, task);
    if (error instanceof PermanentTaskFailure) await lease.fail(error.message);
    else await lease.leave(delayOf(error, task));
  }

  async #finish(): Promise<void> {
    const grace = setTimeout(
      () => this.#graceOver.abort(new Error("the worker is stopped")),
      this.#options.graceSeconds * 1000,
    );
    await Promise.all(this.#working);
    clearTimeout(grace);
  }

  #tell(error: unknown, task?: Task): void {
    try {
      this.#options.onError(error, task);
    } catch (thrown) {
      logged(this.#queue.name, thrown, task);
    }
  }
}

/** Seconds until a failed task may be leased again. */
function delayOf(error: unknown, { retryCount }: Task): number {
  if (error instanceof RetryLater) return Math.min(error.seconds, LEASE_S.max);
  return Math.min(2 ** Math.max(retryCount - 1, 0), MAX_DELAY_S);
}

/** Whether the refusal says that no such call will ever be served. A queue that is paused is no mistake. */
function isMistake(error: unknown): boolean {
  return error instanceof TaskQueueError && error.code !== "QUEUE_PAUSED";
}

function within(field: string, value: unknown, min: number, max: number): number {
  const isCount = field !== "concurrency" || Number.isInteger(value);
  if (typeof value === "number" && value >= min && value <= max && isCount) return value;
  const number = field === "concurrency" ? "a whole number" : "seconds";
  throw errorOf(invalid(field, value, `${number} from ${min} to ${max}`).failure);
}

function logged(queue: string, error: unknown, task?: Pick<Failure & Task, "name">): void {
  const what = task ? `task "${task.name}" of "${queue}"` : `worker of "${queue}"`;
  console.error(`task queue: ${what}:`, error);
}
