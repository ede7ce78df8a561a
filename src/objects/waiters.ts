// Callers that wait for something to be there. They are served in the order they came, when something
// changed or the moment has come at which something changes by itself; nothing polls in between. One that is
// gone leaves the line, and nothing is fetched for it.
import { invalid, type Refusal } from "../core/errors.ts";
import { EarliestTimer } from "./earliest-timer.ts";

/** Refuses a wait that is not a number of seconds; NaN or infinity would make a timer that never rests. */
export function checkWait(field: string, seconds: unknown): Refusal | undefined {
  if (typeof seconds === "number" && seconds >= 0 && Number.isFinite(seconds)) return undefined;
  return invalid(field, seconds, "seconds, 0 or more");
}

/** When a wait of so many seconds is over; one that is not a time is over at once. */
export function deadlineOf(now: number, seconds: number): number {
  return Number.isFinite(seconds) ? now + seconds * 1000 : now;
}

export interface WaitersDeps<Request, Got> {
  /** ms since 1970 */
  now: () => number;
  /** What there is for the request, or undefined. */
  serve: (request: Request) => Got | undefined;
  /** What a caller gets whose time is up. */
  timedOut: (request: Request) => Got;
  /** The next moment at which something is there by itself (ms), infinite if none is known. */
  nextMoment: () => number;
}

interface Waiter<Request, Got> {
  request: Request;
  /** ms since 1970 */
  until: number;
  resolve: (got: Got) => void;
}

export class Waiters<Request, Got> {
  readonly #deps: WaitersDeps<Request, Got>;
  readonly #timer: EarliestTimer;
  readonly #waiting = new Set<Waiter<Request, Got>>();
  #isServing = false;

  constructor(deps: WaitersDeps<Request, Got>) {
    this.#deps = deps;
    this.#timer = new EarliestTimer(deps.now, () => this.serve());
  }

  /** `left` aborts when the caller is gone. */
  wait(request: Request, seconds: number, left?: AbortSignal): Promise<Got> {
    const until = deadlineOf(this.#deps.now(), seconds);
    const { promise, resolve } = Promise.withResolvers<Got>();
    const waiter = { request, until, resolve };
    this.#waiting.add(waiter);
    left?.addEventListener("abort", () => this.#leave(waiter));
    this.#timer.by(Math.min(until, this.#deps.nextMoment()));
    return promise;
  }

  /** Answers everyone who waits, as when their time is up. */
  release(): void {
    this.#timer.clear();
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const { request, resolve } of all) resolve(this.#deps.timedOut(request));
  }

  // What is fetched for one is a commit, which asks to serve again: by then that one would be given twice.
  serve(): void {
    if (this.#isServing) return;
    this.#timer.clear();
    if (this.#waiting.size === 0) return;
    this.#isServing = true;
    const now = this.#deps.now();
    for (const waiter of this.#waiting) this.#serveOne(waiter, now);
    this.#isServing = false;
    if (this.#waiting.size === 0) return;
    let next = this.#deps.nextMoment();
    for (const { until } of this.#waiting) next = Math.min(next, until);
    this.#timer.by(next);
  }

  #serveOne(waiter: Waiter<Request, Got>, now: number): void {
    const { request, until, resolve } = waiter;
    const got = this.#got(request) ?? (until <= now ? this.#deps.timedOut(request) : undefined);
    if (got === undefined) return;
    this.#waiting.delete(waiter);
    resolve(got);
  }

  #leave(waiter: Waiter<Request, Got>): void {
    if (!this.#waiting.delete(waiter)) return;
    waiter.resolve(this.#deps.timedOut(waiter.request));
    if (this.#waiting.size === 0) this.#timer.clear();
  }

  #got(request: Request): Got | undefined {
    try {
      return this.#deps.serve(request);
    } catch (error) {
      console.error("task queue: a waiting caller could not be served, trying again", error);
      return undefined;
    }
  }
}
