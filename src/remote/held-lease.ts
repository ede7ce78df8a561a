// One leased task while somebody works on it. The lease is extended at half its time, so that it is as long as the
// work; when it cannot be kept, the work is told, since another worker may have the task by then.
import { errorOf, type Failure } from "../core/errors.ts";
import type { Task } from "../core/task/task.ts";
import { backoff, now, sleep } from "./clock.ts";
import { NoAnswerError } from "./no-answer.ts";
import type { CallOptions } from "./options.ts";

/** What a lease needs of its queue. */
export interface LeasedFrom {
  modifyLease(task: Task, seconds: number, options: CallOptions): Promise<Task>;
  fail(task: Task, why: string, options: CallOptions): Promise<unknown>;
  acknowledge(
    tasks: readonly Task[],
    options: CallOptions,
  ): Promise<readonly { error?: Failure | undefined }[]>;
}

/** Codes that say for good that the lease is no longer this worker's. */
const LOST: ReadonlySet<unknown> = new Set([
  ...["TASK_LEASE_EXPIRED", "UNKNOWN_TASK", "TOMBSTONED_TASK", "UNKNOWN_QUEUE", "WRONG_QUEUE_MODE"],
]);

/** Seconds a call on a lease may take: while one hangs, no other can be made. */
const CALL_S = { share: 1 / 4, min: 1, max: 30 };

export class HeldLease {
  readonly #queue: LeasedFrom;
  readonly #seconds: number;
  readonly #lost = new AbortController();
  readonly #resting = new AbortController();
  #task: Task;
  #deadline: ReturnType<typeof setTimeout>;
  #isDone = false;
  /** Calls on the lease one after another: each may give it a new token. */
  #last: Promise<unknown> = Promise.resolve();
  /** Whether the last change got no answer, so that the token may be another one by now. */
  #isTokenUnsure = false;

  /** The lease begins now. */
  constructor(queue: LeasedFrom, task: Task, seconds: number) {
    this.#queue = queue;
    this.#task = task;
    this.#seconds = seconds;
    this.#deadline = this.#endIn(seconds * 1000);
    this.#keep().catch(() => {});
  }

  /** Aborts when the lease is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Ends the task, as often as it takes while the lease is held. Throws why it could not be ended. */
  async acknowledge(): Promise<void> {
    await this.#untilAnswered(async (isRepeat) => {
      const [result] = await this.#queue.acknowledge([this.#task], this.#options(isRepeat));
      if (result?.error) throw errorOf(result.error);
    });
  }

  /** Gives the task up for good, likewise: it is kept as failed. */
  async fail(why: string): Promise<void> {
    await this.#untilAnswered(async (isRepeat) => {
      await this.#queue.fail(this.#task, why, this.#options(isRepeat));
    });
  }

  /** Lets the lease end so many seconds from now. Where that cannot be said it ends by itself. */
  async leave(seconds: number): Promise<void> {
    this.#resting.abort();
    await this.#inTurn(() => this.#modify(seconds)).catch(() => {});
  }

  /** Nobody works on the task any more. */
  done(): void {
    this.#isDone = true;
    clearTimeout(this.#deadline);
    this.#resting.abort();
  }

  async #untilAnswered(end: (isRepeat: boolean) => Promise<void>): Promise<void> {
    this.#resting.abort();
    let wasAsked = false;
    const once = async () => {
      if (this.#isTokenUnsure) await this.#modify(this.#seconds);
      const isRepeat = wasAsked;
      wasAsked = true;
      await end(isRepeat);
    };
    for (let failures = 1; ; failures++) {
      try {
        return await this.#inTurn(once);
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error;
        await sleep(this.#pauseAfter(failures), this.#lost.signal);
      }
    }
  }

  async #modify(seconds: number): Promise<void> {
    try {
      const options = this.#options(this.#isTokenUnsure);
      this.#task = await this.#queue.modifyLease(this.#task, seconds, options);
      this.#isTokenUnsure = false;
    } catch (error) {
      this.#isTokenUnsure ||= error instanceof NoAnswerError;
      throw error;
    }
  }

  #options(isRepeat: boolean): CallOptions {
    const { share, min, max } = CALL_S;
    const timeout = Math.min(Math.max(this.#seconds * share, min), max);
    return { signal: this.#lost.signal, retries: 0, timeout, isRepeat };
  }

  #pauseAfter(failures: number): number {
    return Math.min(backoff(failures), this.#seconds * 100);
  }

  async #keep(): Promise<void> {
    const { signal } = this.#resting;
    for (;;) {
      await sleep(this.#seconds * 500, signal);
      for (let failures = 1; !(await this.#inTurn(() => this.#extend())); failures++) {
        await sleep(this.#pauseAfter(failures), signal);
      }
    }
  }

  /** Whether there is nothing to do until half of the lease has passed again. */
  async #extend(): Promise<boolean> {
    if (this.#resting.signal.aborted) return true;
    const asked = now();
    try {
      await this.#modify(this.#seconds);
    } catch (error) {
      const isLost = LOST.has((error as Partial<Failure>).code);
      if (isLost) this.#lose(error);
      return isLost;
    }
    clearTimeout(this.#deadline);
    if (!this.#isDone) this.#deadline = this.#endIn(asked + this.#seconds * 1000 - now());
    return true;
  }

  #endIn(ms: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      const message = `lease: the lease of "${this.#task.name}" has run out, since it could not be extended`;
      this.#lose(errorOf({ code: "TASK_LEASE_EXPIRED", message }));
    }, ms);
  }

  #lose(why: unknown): void {
    this.#lost.abort(why);
    this.done();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
