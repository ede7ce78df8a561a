// Tasks that may not start yet, though they are due, by their rows; and whose they are, for a key whose tasks run in
// order waits for its own.

export interface Held {
  key: number;
  spec: { key?: string };
}

export class HeldBack {
  readonly #rows = new Map<number, string | undefined>();
  readonly #ofKeys = new Map<string, number>();

  get size(): number {
    return this.#rows.size;
  }

  add({ key: row, spec: { key } }: Held): void {
    if (this.#rows.has(row)) return;
    this.#rows.set(row, key);
    if (key !== undefined) this.#ofKeys.set(key, (this.#ofKeys.get(key) ?? 0) + 1);
  }

  has(row: number): boolean {
    return this.#rows.has(row);
  }

  /** Whether a task of this key is among them. */
  hasOf(key: string): boolean {
    return this.#ofKeys.has(key);
  }

  delete(row: number): void {
    const key = this.#rows.get(row);
    if (!this.#rows.delete(row) || key === undefined) return;
    const others = (this.#ofKeys.get(key) ?? 0) - 1;
    if (others > 0) this.#ofKeys.set(key, others);
    else this.#ofKeys.delete(key);
  }

  /** All of their rows; none is held back any more. */
  take(): number[] {
    const rows = [...this.#rows.keys()];
    this.#rows.clear();
    this.#ofKeys.clear();
    return rows;
  }
}
