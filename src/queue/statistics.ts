// What a queue can say of itself without reading its tasks: counted along in memory. After a start the
// number of tasks is counted once, when somebody first asks, and not on any path a task takes.
import type { Store } from "../store/store.ts";

const SLOT_MS = 1000;
const SLOTS = 60;

export class Statistics {
  readonly #store: Store;
  #tasks: number | undefined;
  readonly #executed = new Array<number>(SLOTS).fill(0);
  #slot = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Tasks on the queue, those in flight and awaiting a retry among them. */
  get tasks(): number {
    this.#tasks ??= this.#store.tasks.count();
    return this.#tasks;
  }

  added(n: number): void {
    if (this.#tasks !== undefined) this.#tasks += n;
  }

  removed(): void {
    if (this.#tasks !== undefined) this.#tasks--;
  }

  cleared(): void {
    this.#tasks = 0;
  }

  /** An attempt was answered at `now` (ms). */
  executed(now: number): void {
    this.#forgetUntil(now);
    this.#executed[this.#slot % SLOTS] = (this.#executed[this.#slot % SLOTS] ?? 0) + 1;
  }

  executedLastMinute(now: number): number {
    this.#forgetUntil(now);
    return this.#executed.reduce((sum, n) => sum + n, 0);
  }

  #forgetUntil(now: number): void {
    const slot = Math.floor(now / SLOT_MS);
    const passed = Math.min(SLOTS, slot - this.#slot);
    for (let i = 1; i <= passed; i++) this.#executed[(slot - passed + i) % SLOTS] = 0;
    this.#slot = Math.max(slot, this.#slot);
  }
}
