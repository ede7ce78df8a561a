// Callers that each wait for one thing, known by its key: a caller is looked at when something happened to
// that thing, or when its time is up, however many others wait.
import { EarliestTimer } from "./earliest-timer.ts";
import { deadlineOf, type WaitersDeps } from "./waiters.ts";

interface Waiter<Got> {
  /** ms since 1970 */
  until: number;
  resolve: (got: Got) => void;
  reject: (error: unknown) => void;
}

export class KeyedWaiters<Got> {
  readonly #deps: Omit<WaitersDeps<string, Got>, "nextMoment">;
  readonly #timer: EarliestTimer;
  readonly #waiting = new Map<string, Waiter<Got>[]>();
  readonly #changed = new Set<string>();

  constructor(deps: Omit<WaitersDeps<string, Got>, "nextMoment">) {
    this.#deps = deps;
    this.#timer = new EarliestTimer(deps.now, () => this.#timeOut());
  }

  /** `left` aborts when the caller is gone. */
  wait(key: string, seconds: number, left?: AbortSignal): Promise<Got> {
    const until = deadlineOf(this.#deps.now(), seconds);
    const { promise, resolve, reject } = Promise.withResolvers<Got>();
    const waiters = this.#waiting.get(key) ?? [];
    const waiter = { until, resolve, reject };
    waiters.push(waiter);
    this.#waiting.set(key, waiters);
    left?.addEventListener("abort", () => this.#leave(key, waiter));
    this.#timer.by(until);
    return promise;
  }

  /**
   * Something may have happened to this key; without one, to all. Called from within a transaction: its
   * waiters are looked at once that is over, so a rollback leaves them waiting.
   */
  changed(key?: string): void {
    if (this.#waiting.size === 0) return;
    for (const one of key === undefined ? this.#waiting.keys() : [key]) {
      if (!this.#waiting.has(one)) continue;
      if (this.#changed.size === 0) queueMicrotask(() => this.#serve());
      this.#changed.add(one);
    }
  }

  /** What is waited for. */
  keys(): string[] {
    return [...this.#waiting.keys()];
  }

  /** Answers everyone who waits, by the key. */
  release(answer: (key: string) => Got): void {
    for (const [key, waiters] of this.#waiting) settle(waiters, () => answer(key));
    this.#waiting.clear();
  }

  #leave(key: string, waiter: Waiter<Got>): void {
    const waiters = this.#waiting.get(key) ?? [];
    if (!waiters.includes(waiter)) return;
    this.#keep(
      key,
      waiters.filter((other) => other !== waiter),
    );
    settle([waiter], () => this.#deps.timedOut(key));
    if (this.#waiting.size === 0) this.#timer.clear();
  }

  #keep(key: string, left: Waiter<Got>[]): void {
    if (left.length > 0) this.#waiting.set(key, left);
    else this.#waiting.delete(key);
  }

  #serve(): void {
    const keys = [...this.#changed];
    this.#changed.clear();
    for (const key of keys) {
      const isSettled = settle(this.#waiting.get(key) ?? [], () => this.#deps.serve(key));
      if (isSettled) this.#waiting.delete(key);
    }
  }

  // The timer is set for the first deadline; what was served in the meantime makes it come early at worst.
  #timeOut(): void {
    const now = this.#deps.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [key, waiters] of this.#waiting) {
      const left = waiters.filter(({ until }) => until > now);
      if (left.length < waiters.length) {
        const overdue = waiters.filter(({ until }) => until <= now);
        settle(overdue, () => this.#deps.serve(key) ?? this.#deps.timedOut(key));
        this.#keep(key, left);
      }
      for (const { until } of left) next = Math.min(next, until);
    }
    this.#timer.by(next);
  }
}

/** Whether there was something for these waiters; what cannot be read is an error for each of them. */
function settle<Got>(waiters: readonly Waiter<Got>[], read: () => Got | undefined): boolean {
  try {
    const got = read();
    if (got === undefined) return false;
    for (const { resolve } of waiters) resolve(got);
  } catch (error) {
    for (const { reject } of waiters) reject(error);
  }
  return true;
}
