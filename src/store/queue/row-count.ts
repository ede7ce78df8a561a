// How many rows a table has, without reading them: counted along as they come and go. After a start a
// small number is counted anew; one too large for that is stored in `meta`, written in transactions that happen anyway,
// once a minute and whenever it has changed much, and taken away when the number is small again. So after a start a
// large number lacks a hundredth at most.
import type { QueueMeta } from "./queue-meta.ts";

/** Up to so many rows are counted when somebody asks. */
export const COUNTED = 1000;
const STORE_EVERY_MS = 60_000;
/** A change of so many rows, and of such a part, is stored at once. */
const MUCH = { rows: 1000, share: 0.01 };

/** What is known; `stored` is what `meta` holds, `storedAt` when it was last written (ms since 1970). */
export interface CountState {
  rows: number | undefined;
  isExact: boolean;
  stored: number | undefined;
  storedAt: number;
}

type CountKey = "tasksCount" | "failedCount" | "expiredCount";

export class RowCount {
  readonly #meta: QueueMeta;
  readonly #key: CountKey;
  readonly #state: CountState;

  /** A full count was made that no commit has stored yet. */
  isUnstored = false;

  constructor(meta: QueueMeta, key: CountKey) {
    this.#meta = meta;
    this.#key = key;
    const { rows, at = 0 } = meta.get(key) ?? {};
    this.#state = { rows, isExact: false, stored: rows, storedAt: at };
  }

  /** Rows came, or with a negative number went. */
  changed(by: number): void {
    if (this.#state.rows !== undefined) this.#state.rows += by;
  }

  /** The table was counted and has so many. */
  counted(rows: number): number {
    this.#state.rows = rows;
    this.#state.isExact = true;
    return rows;
  }

  /** The number if it is known for sure. */
  exact(): number | undefined {
    return this.#state.isExact ? this.#state.rows : undefined;
  }

  /** The number of a table seen to have `least` rows, too many to count; `countAll` is for the last resort. */
  large(least: number, countAll: () => number): number {
    if (this.#state.rows === undefined) {
      this.counted(countAll());
      this.isUnstored = true;
    }
    return Math.max(least, this.#state.rows ?? 0);
  }

  /** Brings `meta` up to date, where that is due. */
  store(now: number): void {
    this.isUnstored = false;
    const { rows, stored, storedAt } = this.#state;
    if (rows === undefined || rows === stored) return;
    if (rows <= COUNTED) this.#forget();
    else if (now - storedAt >= STORE_EVERY_MS || isMuch(rows, stored)) {
      this.#meta.set(this.#key, { rows, at: now });
      Object.assign(this.#state, { stored: rows, storedAt: now });
    }
  }

  // An estimate that has come down to where rows are counted is of no more use.
  #forget(): void {
    if (this.#state.stored !== undefined) this.#meta.clear(this.#key);
    this.#state.stored = undefined;
    if (!this.#state.isExact) this.#state.rows = undefined;
  }

  /** What to give back to `restore` when what follows is undone. */
  save(): CountState {
    return { ...this.#state };
  }

  restore(state: CountState): void {
    Object.assign(this.#state, state);
  }
}

function isMuch(rows: number, stored: number | undefined): boolean {
  if (stored === undefined) return false;
  return Math.abs(rows - stored) >= Math.max(MUCH.rows, MUCH.share * rows);
}
