// A caller that has to wait holds a place, a stub of the one here. When it lets go of it, or is gone with
// all it had (its client hung up, its isolate ended), the platform disposes of the place, which is how an
// object hears of it: a call under way goes on though nobody is there to be answered.
/// <reference lib="esnext.disposable" preserve="true" />
import { RpcTarget } from "cloudflare:workers";

/** An answer that is there at once, or a place among those who wait for it. */
export type Waited<Got> = { got: Got } | Waiting<Got>;

export interface Waiting<Got> {
  place: Place;
  answer: PendingAnswer<Got>;
}

export class Place extends RpcTarget {
  readonly #onLeft: () => void;

  constructor(onLeft: () => void) {
    super();
    this.#onLeft = onLeft;
  }

  [Symbol.dispose](): void {
    this.#onLeft();
  }
}

/** Where the answer comes. Not the place itself: what a call is under way on is not disposed of. */
export class PendingAnswer<Got> extends RpcTarget {
  readonly #got: Promise<Got>;

  constructor(got: Promise<Got>) {
    super();
    this.#got = got;
    // Whoever is gone does not ask; an error is nobody's then.
    got.catch(() => {});
  }

  async get(): Promise<Got> {
    return this.#got;
  }

  /** Whoever lets go of its stub of it disposes of that; here there is nothing to do. */
  [Symbol.dispose](): void {}
}

/** Lets a caller wait; `left` aborts when it is gone. */
export function waitingFor<Got>(wait: (left: AbortSignal) => Promise<Got>): Waiting<Got> {
  const left = new AbortController();
  const place = new Place(() => left.abort());
  return { place, answer: new PendingAnswer(wait(left.signal)) };
}

/** Settles when who was told to wait has the answer, or has gone; undefined where nobody was told to. */
export function pendingIn(answered: unknown): Promise<unknown> | undefined {
  const answer = answerIn(answered);
  // A shard wraps what it answers with.
  const pending = answer instanceof PendingAnswer ? answer : answerIn(answer);
  return pending instanceof PendingAnswer ? pending.get() : undefined;
}

function answerIn(value: unknown): unknown {
  return (Object(value) as { answer?: unknown }).answer;
}
