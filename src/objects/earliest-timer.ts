// One timer for many moments: it runs its work when the earliest of those it was set for has come.
import { standIn } from "./stand-in.ts";

/** Delays beyond 31 bits run at once; a timer that comes early is set again. */
const MAX_DELAY_MS = 24 * 3600 * 1000;

export class EarliestTimer {
  readonly #now: () => number;
  readonly #work: () => void;
  #at = Number.POSITIVE_INFINITY;
  #callOff: (() => void) | undefined;

  /** `work` sets the timer again for what is then next. */
  constructor(now: () => number, work: () => void) {
    this.#now = now;
    this.#work = work;
  }

  /** Runs the work at `moment` (ms since 1970) at the latest. */
  by(moment: number): void {
    if (!(moment < this.#at)) return;
    this.clear();
    this.#at = moment;
    const work = () => {
      this.clear();
      this.#work();
    };
    this.#callOff = standIn ? standIn.runAt(moment, work) : this.#after(moment, work);
  }

  clear(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }

  #after(moment: number, work: () => void): () => void {
    const delay = Math.min(Math.max(1, moment - this.#now()), MAX_DELAY_MS);
    const timer = setTimeout(work, delay);
    return () => clearTimeout(timer);
  }
}
