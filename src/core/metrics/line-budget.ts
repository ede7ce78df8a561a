// How many lines of the log a storm may have: so many a second, and of those that are left out their number.

const LINES = 20;
const WINDOW_MS = 1000;

export type LeftOut = Record<string, number>;

export class LineBudget {
  #begun = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #leftOut: LeftOut | undefined;

  /** Whether a line of this kind may be written at `now` (ms); it is counted if not. */
  spend(kind: string, now: number): boolean {
    if (this.isOver(now)) this.#begin(now);
    if (this.#lines++ < LINES) return true;
    this.#leftOut ??= {};
    this.#leftOut[kind] = (this.#leftOut[kind] ?? 0) + 1;
    return false;
  }

  /** Whether any were left out that have not been asked for. */
  get hasLeftOut(): boolean {
    return this.#leftOut !== undefined;
  }

  /** Whether those of now would begin another second. */
  isOver(now: number): boolean {
    return now < this.#begun || now >= this.#begun + WINDOW_MS;
  }

  /** How many of each kind were left out since this was last asked. */
  take(): LeftOut {
    const leftOut = this.#leftOut ?? {};
    this.#leftOut = undefined;
    return leftOut;
  }

  #begin(now: number): void {
    this.#begun = now;
    this.#lines = 0;
  }
}
