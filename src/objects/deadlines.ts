// When the waits of many callers end. A caller that was answered before stays until its time, or until such are
// most of what is kept: none is looked for.
import { Heap } from "./heap.ts";

/** `until`: ms since 1970. */
interface Waiter {
  readonly until: number;
}

/** So few are kept as they are, waiting or not. */
const FEW = 64;

export class Deadlines<W extends Waiter> {
  readonly #isWaiting: (waiter: W) => boolean;
  readonly #heap = new Heap<W>((a, b) => a.until < b.until);

  constructor(isWaiting: (waiter: W) => boolean) {
    this.#isWaiting = isWaiting;
  }

  /** One more of `waiting`. */
  add(waiter: W, waiting: number): void {
    this.#heap.push(waiter);
    if (this.#heap.size > FEW + 2 * waiting) this.#heap.keep(this.#isWaiting);
  }

  /** Takes out whose time is up at `now` (ms) and who still waits. */
  overdue(now: number): W[] {
    const overdue: W[] = [];
    while (this.next() <= now) overdue.push(this.#heap.pop() as W);
    return overdue;
  }

  /** When the first wait ends (ms), infinite if nobody waits. */
  next(): number {
    for (let first = this.#heap.first; first; first = this.#heap.first) {
      if (this.#isWaiting(first)) return first.until;
      this.#heap.pop();
    }
    return Number.POSITIVE_INFINITY;
  }
}
