// What memory knows of one line: the keys of its first tasks that are due and wait, by priority. It may know of tasks
// that are gone, which shows when they are read; it knows of all others, or knows that there may be more.
import { BEGUN, rankOf } from "../../../core/dispatch/rank.ts";
import type { Turn } from "../../../core/dispatch/turns.ts";
import { dueOf } from "../../../store/queue/row-key.ts";

/** Keys behind `after` up to `limit`, first due first, and how far it looked; `isAll`: there are no others now. */
export type Look = (
  priority: number,
  after: number,
  limit: number,
) => { keys: number[]; last: number; isAll: boolean };

/** The first task of a line by its place in it: the least rank is first. */
export interface Head {
  priority: number;
  key: number;
  rank: number;
}

/** Keys of one priority that are remembered, and read together. */
const REMEMBERED = 16;
const READ_TOGETHER = 64;

class SubLine {
  readonly priority: number;
  /** The first of these has gone already: see `#first`. */
  #keys: number[] = [];
  #first = 0;
  /** All that wait up to this key are among them. */
  #last: number;
  #isMore: boolean;

  constructor(priority: number, last: number, isMore: boolean) {
    this.priority = priority;
    this.#last = last;
    this.#isMore = isMore;
  }

  get size(): number {
    return this.#keys.length - this.#first;
  }

  get isMore(): boolean {
    return this.#isMore;
  }

  put(key: number, most: number): void {
    if (key <= this.#last) this.#insert(key);
    else if (this.#isMore || this.size >= most) this.#isMore = true;
    else {
      this.#keys.push(key);
      this.#last = key;
    }
  }

  /** The key of the first; where none is known and there may be more, they are looked for. */
  head(look: Look): number | undefined {
    if (this.size === 0 && this.#isMore) this.#read(look);
    return this.#keys[this.#first];
  }

  take(): void {
    this.#first++;
    if (this.#first < READ_TOGETHER || this.#first * 2 < this.#keys.length) return;
    this.#keys = this.#keys.slice(this.#first);
    this.#first = 0;
  }

  #read(look: Look): void {
    const { keys, last, isAll } = look(this.priority, this.#last, READ_TOGETHER);
    this.#keys = keys;
    this.#first = 0;
    this.#last = last;
    this.#isMore = !isAll;
  }

  #insert(key: number): void {
    let at = this.#first;
    while (at < this.#keys.length && (this.#keys[at] as number) < key) at++;
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key);
  }
}

export class Line implements Turn {
  readonly name: string;
  weight: number;
  credit = 0;
  isIn = false;
  /** Whether there may be priorities that it does not know of. */
  isUnknown: boolean;
  /** Of those that have begun the first, where it is due later. */
  #begunLater: number | undefined;
  readonly #most: number;
  #subs: SubLine[] = [];

  /** `most`: keys of one priority that are remembered. */
  constructor(name: string, weight: number, isUnknown: boolean, most = REMEMBERED) {
    this.name = name;
    this.weight = weight;
    this.isUnknown = isUnknown;
    this.#most = most;
  }

  /** A task waits there. */
  put(priority: number, key: number): void {
    this.#sub(priority, key - 1, false).put(key, this.#most);
  }

  /** There may be any of this priority behind `after`. */
  putAll(priority: number, after: number): void {
    this.#sub(priority, after, true);
  }

  /** What was looked up: the first of each priority. */
  know(heads: readonly { priority: number; key: number }[], now: number): void {
    this.isUnknown = false;
    this.#begunLater = undefined;
    this.#subs = [];
    for (const { priority, key } of heads) {
      if (dueOf(key) > now) this.#begunLater = key;
      else this.putAll(priority, key - 1);
    }
  }

  /** Whether one that has begun is first, at a later time. */
  get isHeld(): boolean {
    return this.#begunLater !== undefined && !this.#subs.some(({ priority }) => priority === BEGUN);
  }

  /** Whether none waits, as far as it knows. */
  get isEmpty(): boolean {
    return !this.isUnknown && this.#subs.every(({ size, isMore }) => size === 0 && !isMore);
  }

  /** Whether there may be tasks that were not found yet. */
  get isMore(): boolean {
    return this.#subs.some(({ isMore }) => isMore);
  }

  /**
   * Takes the task that is first; undefined when none waits, or none was found yet. `other`: one that is known elsewhere,
   * and is first unless one here is.
   */
  take(look: Look, other?: Head): { priority: number; key: number } | undefined {
    const first = this.#first(look);
    if (other && !(first && first.rank < other.rank)) return other;
    first?.sub.take();
    return first && { priority: first.sub.priority, key: first.key };
  }

  #first(look: Look): { sub: SubLine; key: number; rank: number } | undefined {
    let first: { sub: SubLine; key: number; rank: number } | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let i = this.#subs.length - 1; i >= 0; i--) {
      const sub = this.#subs[i] as SubLine;
      const key = sub.head(look);
      if (key === undefined) {
        if (!sub.isMore) this.#subs.splice(i, 1);
        continue;
      }
      const rank = rankOf(dueOf(key), sub.priority);
      if (first && (rank > least || (rank === least && sub.priority > first.sub.priority)))
        continue;
      least = rank;
      first = { sub, key, rank };
    }
    return first;
  }

  #sub(priority: number, last: number, isMore: boolean): SubLine {
    const known = this.#subs.find((sub) => sub.priority === priority);
    if (known) return known;
    const sub = new SubLine(priority, last, isMore);
    this.#subs.push(sub);
    return sub;
  }
}
