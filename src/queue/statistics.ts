// What a queue can say of its work of late: counted along in memory, since the object's start.
import { type RecentPercentiles, RecentTimes } from "../core/histogram.ts";

const SLOT_MS = 1000;
const SLOTS = 60;

export class Statistics {
  readonly #lateness = new RecentTimes();
  readonly #runTime = new RecentTimes();
  readonly #executed = new Array<number>(SLOTS).fill(0);
  #slot = 0;

  /** An attempt started at `now` that was due at `due` (ms). */
  started(due: number, now: number): void {
    this.#lateness.record(now - due, now);
  }

  /** An attempt that started at `startedAt` was answered at `now` (ms). */
  answered(startedAt: number, now: number): void {
    this.#runTime.record(now - startedAt, now);
  }

  /** How long after their time attempts started. */
  lateness(now: number): RecentPercentiles {
    return this.#lateness.percentiles(now);
  }

  /** How long answered attempts took. */
  runTime(now: number): RecentPercentiles {
    return this.#runTime.percentiles(now);
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
