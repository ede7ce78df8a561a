// One commit for many. A commit costs fifty times a row, so adds and results that come within the same
// moment are written in one transaction. Whoever hands in work hears of it after the transaction ran;
// the platform holds every answer back until it is on disk.

/** What came of a piece of work. */
export type Written<T> = { value: T } | { error: unknown };

interface Pending {
  work: () => unknown;
  done: (written: Written<never>) => void;
}

export class GroupCommit {
  readonly #transaction: <T>(work: () => T) => T;
  readonly #afterwards: () => void;
  #pending: Pending[] = [];

  /** `afterwards` runs once after each commit, when every `done` has been called. */
  constructor(transaction: <T>(work: () => T) => T, afterwards: () => void) {
    this.#transaction = transaction;
    this.#afterwards = afterwards;
  }

  /** Runs `work` in the next transaction. It must be repeatable: a neighbour's throw undoes it once. */
  run<T>(work: () => T, done: (written: Written<T>) => void): void {
    if (this.#pending.length === 0) setTimeout(() => this.#flush(), 0);
    this.#pending.push({ work, done: done as Pending["done"] });
  }

  #flush(): void {
    const group = this.#pending;
    this.#pending = [];
    for (const [index, written] of this.#write(group).entries()) {
      group[index]?.done(written as Written<never>);
    }
    this.#afterwards();
  }

  #write(group: readonly Pending[]): Written<unknown>[] {
    try {
      return this.#transaction(() => group.map(({ work }) => ({ value: work() })));
    } catch (error) {
      if (group.length === 1) return [{ error }];
      return group.flatMap((one) => this.#write([one]));
    }
  }
}
