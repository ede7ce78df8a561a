// Callers that wait for something to be there. They are served in the order they came, when something
// changed or the moment has come at which something changes by itself; nothing polls in between. One that is
// gone leaves, and nothing is fetched for it.
//
// Those who wait for the same stand in a line: where there is nothing for its first, there is nothing for the
// others, and nobody looks. So a turn costs what it gives, however many wait.
import { invalid, type Refusal } from "../core/errors.ts";
import { Deadlines } from "./deadlines.ts";
import { EarliestTimer } from "./earliest-timer.ts";
import { Heap } from "./heap.ts";
import { trouble } from "./log.ts";

/** Refuses a wait that is not a number of seconds; NaN or infinity would make a timer that never rests. */
export function checkWait(field: string, seconds: unknown): Refusal | undefined {
  if (typeof seconds === "number" && seconds >= 0 && Number.isFinite(seconds)) return undefined;
  return invalid(field, seconds, "seconds, 0 or more");
}

/** When a wait of so many seconds is over; one that is not a time is over at once. */
export function deadlineOf(now: number, seconds: number): number {
  return Number.isFinite(seconds) ? now + seconds * 1000 : now;
}

export interface WaitingDeps<Request, Got> {
  /** ms since 1970 */
  now: () => number;
  /** What there is for the request, or undefined. */
  serve: (request: Request) => Got | undefined;
  /** What a caller gets whose time is up. */
  timedOut: (request: Request) => Got;
}

/** The name of a line. */
export type LineName = string | undefined;

export interface WaitersDeps<Request, Got> extends WaitingDeps<Request, Got> {
  /** The line of a request: what is nothing for one of it is nothing for each of it. */
  lineOf: (request: Request) => LineName;
  /** Lines in which there may be something since this was last asked; `all` are those in which somebody waits. */
  changedLines: (all: ReadonlyMap<LineName, unknown>) => Iterable<LineName>;
  /** Makes one commit of several servings: all of them are there when it returns, or none. */
  together: (work: () => void) => void;
  /** The next moment at which something is there by itself (ms), infinite if none is known. */
  nextMoment: () => number;
}

interface Waiter<Request, Got> {
  request: Request;
  /** Counted on with each that comes. */
  number: number;
  /** ms since 1970 */
  until: number;
  resolve: (got: Got) => void;
}

/** The one in a line whose turn it is, and those behind it. */
interface Head<Request, Got> {
  waiter: Waiter<Request, Got>;
  behind: SetIterator<Waiter<Request, Got>>;
}

/** Servings of one commit. */
const SERVED_TOGETHER = 100;
/** When it is tried again after nothing could be fetched, in ms. */
const RETRY_MS = 1000;

export class Waiters<Request, Got> {
  readonly #deps: WaitersDeps<Request, Got>;
  readonly #timer: EarliestTimer;
  readonly #lines = new Map<LineName, Set<Waiter<Request, Got>>>();
  readonly #deadlines = new Deadlines<Waiter<Request, Got>>((waiter) => this.#isWaiting(waiter));
  #size = 0;
  #came = 0;
  #isServing = false;

  constructor(deps: WaitersDeps<Request, Got>) {
    this.#deps = deps;
    this.#timer = new EarliestTimer(deps.now, () => this.serve());
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** `left` aborts when the caller is gone. */
  wait(request: Request, seconds: number, left?: AbortSignal): Promise<Got> {
    const until = deadlineOf(this.#deps.now(), seconds);
    const { promise, resolve } = Promise.withResolvers<Got>();
    const waiter = { request, number: ++this.#came, until, resolve };
    this.#enter(waiter);
    left?.addEventListener("abort", () => this.#leave(waiter));
    // While others wait the timer is set for that moment.
    if (this.#size === 1) this.#timer.by(this.#nextMoment());
    this.#timer.by(until);
    return promise;
  }

  // What is fetched is a commit, which asks to serve again: by then one would be given twice.
  serve(): void {
    if (this.#isServing || this.#size === 0) return;
    this.#timer.clear();
    this.#isServing = true;
    const isServed = this.#serveLines();
    this.#isServing = false;
    if (this.#size === 0) return;
    const retryAt = isServed ? Number.POSITIVE_INFINITY : this.#deps.now() + RETRY_MS;
    this.#timer.by(Math.min(retryAt, this.#nextMoment(), this.#deadlines.next()));
  }

  // Whoever's time is up has a last look at what there is.
  #serveLines(): boolean {
    const overdue = this.#deadlines.overdue(this.#deps.now());
    const names = new Set(overdue.map(({ request }) => this.#deps.lineOf(request)));
    const isServed = this.#unlessFailing(() => {
      for (const name of this.#deps.changedLines(this.#lines)) names.add(name);
      this.#serveFrom(this.#headsOf(names));
    });
    for (const waiter of overdue) {
      if (this.#exit(waiter)) waiter.resolve(this.#deps.timedOut(waiter.request));
    }
    return isServed;
  }

  // Over all lines, who came first is first.
  #headsOf(names: Iterable<LineName>): Heap<Head<Request, Got>> {
    const heads = new Heap<Head<Request, Got>>((a, b) => a.waiter.number < b.waiter.number);
    for (const name of names) {
      const line = this.#lines.get(name);
      if (line) pushNext(heads, line.values());
    }
    return heads;
  }

  #serveFrom(heads: Heap<Head<Request, Got>>): void {
    while (heads.size > 0) {
      const served = this.#serveSome(heads);
      for (const { waiter, got } of served) {
        this.#exit(waiter);
        waiter.resolve(got);
      }
    }
  }

  #serveSome(heads: Heap<Head<Request, Got>>): { waiter: Waiter<Request, Got>; got: Got }[] {
    const served: { waiter: Waiter<Request, Got>; got: Got }[] = [];
    this.#deps.together(() => {
      while (heads.size > 0 && served.length < SERVED_TOGETHER) {
        const { waiter, behind } = heads.pop() as Head<Request, Got>;
        const got = this.#deps.serve(waiter.request);
        if (got === undefined) continue;
        served.push({ waiter, got });
        pushNext(heads, behind);
      }
    });
    return served;
  }

  #nextMoment(): number {
    let next = Number.POSITIVE_INFINITY;
    const isKnown = this.#unlessFailing(() => {
      next = this.#deps.nextMoment();
    });
    return isKnown ? next : this.#deps.now() + RETRY_MS;
  }

  #unlessFailing(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      trouble("task queue: waiting callers could not be served, trying again", error);
      return false;
    }
  }

  #enter(waiter: Waiter<Request, Got>): void {
    const name = this.#deps.lineOf(waiter.request);
    const line = this.#lines.get(name) ?? new Set();
    this.#lines.set(name, line.add(waiter));
    this.#deadlines.add(waiter, ++this.#size);
  }

  /** False when it does not wait any more. */
  #exit(waiter: Waiter<Request, Got>): boolean {
    const name = this.#deps.lineOf(waiter.request);
    const line = this.#lines.get(name);
    if (!line?.delete(waiter)) return false;
    this.#size--;
    if (line.size === 0) this.#lines.delete(name);
    return true;
  }

  #isWaiting(waiter: Waiter<Request, Got>): boolean {
    return this.#lines.get(this.#deps.lineOf(waiter.request))?.has(waiter) ?? false;
  }

  #leave(waiter: Waiter<Request, Got>): void {
    if (!this.#exit(waiter)) return;
    waiter.resolve(this.#deps.timedOut(waiter.request));
    if (this.#size === 0) this.#timer.clear();
  }
}

function pushNext<Request, Got>(
  heads: Heap<Head<Request, Got>>,
  line: SetIterator<Waiter<Request, Got>>,
): void {
  const { value: waiter, done } = line.next();
  if (!done) heads.push({ waiter, behind: line });
}
