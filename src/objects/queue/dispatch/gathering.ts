// How long tasks that are due wait for others of their batch. Memory only: without it they are looked at at once.

/** When they are to be looked at again (ms since 1970), and after how many more. */
interface Look {
  at: number;
  missing: number;
}

export class Gathering {
  #look: Look | undefined;
  #waitMs = 0;

  /** Those that wait were looked at: their first call has to be made at `at`, or earlier with `missing` more. */
  wait(at: number, missing: number, waitMs: number): void {
    this.#look = { at, missing };
    this.#waitMs = waitMs;
  }

  /** They are to be looked at at once. */
  clear(): void {
    this.#look = undefined;
  }

  /** A task was written that is due at `due` (ms). */
  written(due: number): void {
    const look = this.#look;
    if (!look || due >= look.at) return;
    look.missing--;
    look.at = Math.min(look.at, due + this.#waitMs);
    if (look.missing <= 0) this.#look = undefined;
  }

  /** When the first of them may start, of which the first is due at `nextDue` (ms). */
  nextAt(nextDue: number | undefined): number | undefined {
    return nextDue === undefined || !this.#look ? nextDue : Math.max(nextDue, this.#look.at);
  }
}
