// Callers that wait for something to be there. They are served in the order they came, when something
// changed or the moment has come at which something changes by itself; nobody looks in between.

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
  #waiting: Waiter<Request, Got>[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(around: WaitersDeps<Request, Got>) {
    this.#deps = around;
  }

  wait(request: Request, seconds: number): Promise<Got> {
    const until = this.#deps.now() + seconds * 1000;
    const { promise, resolve } = Promise.withResolvers<Got>();
    this.#waiting.push({ request, until, resolve });
    this.#setTimer();
    return promise;
  }

  /** Answers everyone who waits: by default as when their time is up. */
  release(answer: (request: Request) => Got = this.#deps.timedOut): void {
    for (const { request, resolve } of this.#waiting.splice(0)) {
      resolve(answer(request));
    }
    this.#setTimer();
  }

  serve(): void {
    if (this.#waiting.length === 0) return;
    const now = this.#deps.now();
    this.#waiting = this.#waiting.filter(({ request, until, resolve }) => {
      const got = this.#got(request) ?? (until <= now ? this.#deps.timedOut(request) : undefined);
      if (got !== undefined) resolve(got);
      return got === undefined;
    });
    this.#setTimer();
  }

  #got(request: Request): Got | undefined {
    try {
      return this.#deps.serve(request);
    } catch (error) {
      console.error("task queue: a waiting caller could not be served, trying again", error);
      return undefined;
    }
  }

  #setTimer(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#waiting.length === 0) return;
    const first = Math.min(...this.#waiting.map(({ until }) => until), this.#deps.nextMoment());
    this.#timer = setTimeout(() => this.serve(), Math.max(1, first - this.#deps.now()));
  }
}
