// Names with a time each, the earliest first.
import { Heap } from "../../heap.ts";

interface Entry {
  name: string;
  at: number;
}

/** Entries that are of no use any more and may stay, beside as many as there are names. */
const MOST_STALE = 64;

export class Times {
  readonly #at = new Map<string, number>();
  // What was set anew or taken stays until its time comes.
  readonly #heap = new Heap<Entry>((a, b) => a.at < b.at);

  get size(): number {
    return this.#at.size;
  }

  set(name: string, at: number): void {
    if (this.#at.get(name) === at) return;
    this.#at.set(name, at);
    this.#heap.push({ name, at });
    if (this.#heap.size > 2 * this.#at.size + MOST_STALE) this.#heap.keep(this.#isValid);
  }

  get(name: string): number | undefined {
    return this.#at.get(name);
  }

  /** The earliest time, infinite without any. */
  next(): number {
    return this.#first()?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Takes those whose time has come by `now`. */
  take(now: number): string[] {
    const taken: string[] = [];
    for (let first = this.#first(); first && first.at <= now; first = this.#first()) {
      this.#at.delete(first.name);
      taken.push(first.name);
    }
    return taken;
  }

  #first(): Entry | undefined {
    while (this.#heap.first && !this.#isValid(this.#heap.first)) this.#heap.pop();
    return this.#heap.first;
  }

  readonly #isValid = ({ name, at }: Entry): boolean => this.#at.get(name) === at;
}
