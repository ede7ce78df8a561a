// Counts of events in the last minute: a ring of one-second slots.

const SLOT_MS = 1000;
const SLOTS = 60;

export class RecentCounts<Kind extends string> {
  readonly #kinds: readonly Kind[];
  // Made when something is first counted: most queues of a Worker are at rest.
  #counts: Uint32Array | undefined;
  #slot = 0;

  constructor(kinds: readonly Kind[]) {
    this.#kinds = kinds;
  }

  /** `n` more of the kind at `now` (ms since 1970). */
  add(kind: Kind, n: number, now: number): void {
    this.#counts ??= new Uint32Array(SLOTS * this.#kinds.length);
    this.#forgetUntil(now, this.#counts);
    const index = this.#indexOf(this.#slot) + this.#kinds.indexOf(kind);
    this.#counts[index] = (this.#counts[index] as number) + n;
  }

  lastMinute(now: number): Record<Kind, number> {
    const counts = this.#counts;
    if (counts) this.#forgetUntil(now, counts);
    const sumOf = (kind: number) => {
      let sum = 0;
      for (let i = kind; counts && i < counts.length; i += this.#kinds.length) {
        sum += counts[i] as number;
      }
      return sum;
    };
    const sums = this.#kinds.map((kind, i) => [kind, sumOf(i)]);
    return Object.fromEntries(sums) as Record<Kind, number>;
  }

  #indexOf(slot: number): number {
    return (slot % SLOTS) * this.#kinds.length;
  }

  // A clock that steps back counts into the slot under way.
  #forgetUntil(now: number, counts: Uint32Array): void {
    const slot = Math.floor(now / SLOT_MS);
    for (let i = Math.max(this.#slot, slot - SLOTS) + 1; i <= slot; i++) {
      const from = this.#indexOf(i);
      counts.fill(0, from, from + this.#kinds.length);
    }
    this.#slot = Math.max(slot, this.#slot);
  }
}
