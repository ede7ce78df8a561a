// Which tasks of a pull queue can be leased next. The rows hold all of it; this is a cache of the tasks that have
// been leased at least once, with the ends of their leases, and of cursors: every task behind one is in the cache.
// There is a cursor for all tasks and one for each tag that was asked for. After a start both are empty, and
// the rows are read from the front again, once, which finds the leases.
//
// Order: by the time a task is available from (its ETA, or the end of its last lease), then by name.

import type { LeasableRow, LeasableTasks } from "../../../store/queue/leasable-tasks.ts";
import { lastKeyOf } from "../../../store/queue/row-key.ts";

/** A task that can be leased, or is. */
export interface Leasable {
  key: number;
  name: string;
  /** When it is or was available from, ms since 1970. */
  from: number;
  tag: string | undefined;
}

const PAGE = 100;
/** Cursors kept at once; the tag that was not asked for longest loses its own, and is read from the front. */
const MAX_CURSORS = 1000;

export class LeaseTable {
  readonly #rows: LeasableTasks;
  readonly #leased = new Map<number, Leasable>();
  /** By tag; undefined is for all tasks. In the order they were last used. */
  readonly #cursors = new Map<string | undefined, number>();
  /** No cursor lies behind this key. */
  #lastCursor = -1;

  constructor(rows: LeasableTasks) {
    this.#rows = rows;
  }

  /** The first `max` tasks that are available at `now`; of one tag, if it is given. */
  available(now: number, max: number, tag?: string): Leasable[] {
    const fresh = this.#fresh(now, max, tag);
    const again = [...this.#leased.values()].filter(
      (task) => task.from < now && (tag === undefined || task.tag === tag),
    );
    return [...fresh, ...again].sort(inOrder).slice(0, max);
  }

  /** The task is leased until `until`, or was given back then. */
  lease(task: { key: number; name: string; spec: { tag?: string } }, until: number): void {
    const { key, name, spec } = task;
    this.#leased.set(key, { key, name, from: until, tag: spec.tag });
  }

  /** The task at this key has left, or was moved elsewhere. */
  forget(key: number): void {
    this.#leased.delete(key);
  }

  clear(): void {
    this.#leased.clear();
    this.#cursors.clear();
    this.#lastCursor = -1;
  }

  /** A row was written at `key`: cursors that lie behind it go back. */
  rewindTo(key: number): void {
    if (key > this.#lastCursor) return;
    for (const [tag, cursor] of this.#cursors) this.#cursors.set(tag, Math.min(cursor, key - 1));
    this.#lastCursor = key - 1;
  }

  /** Tasks under a lease that holds at `now`, as far as they are known since the start. */
  leasedAt(now: number): number {
    let n = 0;
    for (const { from } of this.#leased.values()) if (from >= now) n++;
    return n;
  }

  /** Whether it knows of a lease; one that ran out stays known until its task is leased again. */
  get anyLeased(): boolean {
    return this.#leased.size > 0;
  }

  /** The first moment after `now` at which a task becomes available by itself, infinite if there is none. */
  nextMoment(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { from } of this.#leased.values()) if (from >= now) next = Math.min(next, from + 1);
    const rows = this.#rows.page(undefined, lastKeyOf(now - 1), Number.MAX_SAFE_INTEGER, PAGE);
    const waiting = rows.find((row) => !this.#leased.has(row.key) && !isAvailable(row, now));
    return waiting ? Math.min(next, waiting.due + 1) : next;
  }

  // Tasks that were never leased, in the order of their keys. When there are enough, the millisecond of the
  // last one is read to its end, since within it names decide.
  #fresh(now: number, max: number, tag: string | undefined): Leasable[] {
    const found: Leasable[] = [];
    const limit = Math.max(max, PAGE);
    let cursor = this.#cursorOf(tag);
    let isFront = true;
    let after = cursor;
    for (let upTo = lastKeyOf(now); after < upTo; ) {
      const rows = this.#rows.page(tag, after, upTo, limit);
      for (const row of rows) {
        if (this.#isKnown(row)) {
          if (isFront) cursor = row.key;
          continue;
        }
        isFront = false;
        if (isAvailable(row, now)) found.push({ ...row, from: row.due });
      }
      if (rows.length < limit) break;
      after = rows.at(-1)?.key as number;
      const enough = found[max - 1];
      if (enough) upTo = Math.min(upTo, lastKeyOf(enough.from));
    }
    this.#setCursor(tag, cursor);
    return found;
  }

  // What all tasks behind a key are, those of a tag are too.
  #cursorOf(tag: string | undefined): number {
    const all = this.#cursors.get(undefined) ?? -1;
    return Math.max(all, this.#cursors.get(tag) ?? -1);
  }

  #setCursor(tag: string | undefined, cursor: number): void {
    this.#cursors.delete(tag);
    this.#cursors.set(tag, cursor);
    this.#lastCursor = Math.max(this.#lastCursor, cursor);
    if (this.#cursors.size <= MAX_CURSORS) return;
    for (const [oldest] of this.#cursors) {
      this.#cursors.delete(oldest);
      return;
    }
  }

  // A row with a lease that is not in the cache was leased before the object started.
  #isKnown({ key, name, lease, tag }: LeasableRow): boolean {
    const known = this.#leased.get(key);
    if (known?.name === name) return true;
    if (lease === undefined) return false;
    this.#leased.set(key, { key, name, from: lease, tag });
    return true;
  }
}

// The clock counts whole milliseconds. A task that was due when it was added was added before a lease in
// the same millisecond; one with an ETA is available only after its ETA, as on App Engine.
function isAvailable({ due, created }: LeasableRow, now: number): boolean {
  return due < now || (due === now && created === due);
}

function inOrder(a: Leasable, b: Leasable): number {
  return a.from - b.from || (a.name < b.name ? -1 : 1);
}
