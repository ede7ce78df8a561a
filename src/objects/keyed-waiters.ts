// Callers that each wait for one thing, known by its key: a caller is looked at when something happened to
// that thing, or when its time is up, however many others wait.
import { Deadlines } from "./deadlines.ts";
import { EarliestTimer } from "./earliest-timer.ts";
import { deadlineOf, type WaitingDeps } from "./waiters.ts";

interface Waiter<Got> {
  key: string;
  /** ms since 1970 */
  until: number;
  resolve: (got: Got) => void;
  reject: (error: unknown) => void;
}

export class KeyedWaiters<Got> {
  readonly #deps: WaitingDeps<string, Got>;
  readonly #timer: EarliestTimer;
  readonly #waiting = new Map<string, Set<Waiter<Got>>>();
  readonly #deadlines = new Deadlines<Waiter<Got>>((waiter) => this.#isWaiting(waiter));
  readonly #changed = new Set<string>();
  #size = 0;

  constructor(deps: WaitingDeps<string, Got>) {
    this.#deps = deps;
    this.#timer = new EarliestTimer(deps.now, () => this.#timeOut());
  }

  /** `left` aborts when the caller is gone. */
  wait(key: string, seconds: number, left?: AbortSignal): Promise<Got> {
    const until = deadlineOf(this.#deps.now(), seconds);
    const { promise, resolve, reject } = Promise.withResolvers<Got>();
    const waiter = { key, until, resolve, reject };
    const waiters = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiters.add(waiter));
    this.#deadlines.add(waiter, ++this.#size);
    left?.addEventListener("abort", () => this.#leave(waiter));
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
    for (const [key, waiters] of this.#waiting) this.#settle([...waiters], () => answer(key));
    this.#timer.clear();
  }

  #leave(waiter: Waiter<Got>): void {
    if (!this.#isWaiting(waiter)) return;
    this.#settle([waiter], () => this.#deps.timedOut(waiter.key));
    if (this.#size === 0) this.#timer.clear();
  }

  #serve(): void {
    const keys = [...this.#changed];
    this.#changed.clear();
    for (const key of keys) {
      this.#settle([...(this.#waiting.get(key) ?? [])], () => this.#deps.serve(key));
    }
  }

  // The timer is set for the first deadline; what was served in the meantime makes it come early at worst.
  #timeOut(): void {
    const overdue = Map.groupBy(this.#deadlines.overdue(this.#deps.now()), ({ key }) => key);
    for (const [key, waiters] of overdue) {
      this.#settle(waiters, () => this.#deps.serve(key) ?? this.#deps.timedOut(key));
    }
    this.#timer.by(this.#deadlines.next());
  }

  // What cannot be read is an error for each of them. Where there is nothing yet, they go on waiting.
  #settle(waiters: readonly Waiter<Got>[], read: () => Got | undefined): void {
    if (waiters.length === 0) return;
    try {
      const got = read();
      if (got === undefined) return;
      for (const waiter of waiters) this.#exit(waiter).resolve(got);
    } catch (error) {
      for (const waiter of waiters) this.#exit(waiter).reject(error);
    }
  }

  #exit(waiter: Waiter<Got>): Waiter<Got> {
    const waiters = this.#waiting.get(waiter.key);
    if (waiters?.delete(waiter)) this.#size--;
    if (waiters?.size === 0) this.#waiting.delete(waiter.key);
    return waiter;
  }

  #isWaiting(waiter: Waiter<Got>): boolean {
    return this.#waiting.get(waiter.key)?.has(waiter) ?? false;
  }
}
