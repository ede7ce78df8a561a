// Which tasks of a pull queue can be leased next. The rows hold all of it; this is a cache of the tasks that have
// been leased at least once, with the ends of their leases, and of cursors: every task behind one is in the cache.
// There is a cursor for all tasks and one for each tag that was asked for. After a start both are empty, and
// the rows are read from the front again, once, which finds the leases. What was read at an instant is kept for
// others who ask at that instant, so that many leases of many tasks read each row once.
//
// Order: by the time a task is available from (its ETA, or the end of its last lease), then by name.

import type { LeasableRow, LeasableTasks } from "../../../store/queue/leasable-tasks.ts";
import { lastKeyOf } from "../../../store/queue/row-key.ts";
import { Ends, inOrder, type Leasable } from "./ends.ts";

/** Tasks that were available at an instant and had never been leased, in order. */
interface Fresh {
  tasks: readonly Leasable[];
  /** Those before it are leased, or gone. */
  first: number;
  /** Whether there were no others. */
  isAll: boolean;
}

type Tag = string | undefined;

const PAGE = 100;
/** Cursors kept at once; the tag that was not asked for longest loses its own, and is read from the front. */
const MAX_CURSORS = 1000;

export class LeaseTable {
  readonly #rows: LeasableTasks;
  readonly #isMoving: (name: string) => boolean;
  readonly #leased = new Map<number, Leasable>();
  #ends = new Ends();
  /** By tag; undefined is for all tasks. In the order they were last used. */
  readonly #cursors = new Map<Tag, number>();
  /** No cursor lies behind this key. */
  #lastCursor = -1;
  readonly #fresh = new Map<Tag, Fresh>();
  /** Tasks among those that have left. */
  readonly #gone = new Set<number>();
  #freshAt = 0;

  /** Of those that `isMoving` names none is to be had. */
  constructor(rows: LeasableTasks, isMoving: (name: string) => boolean = () => false) {
    this.#rows = rows;
    this.#isMoving = isMoving;
  }

  /** The first `max` tasks that are available at `now`; of one tag, if it is given. */
  available(now: number, max: number, tag?: string): Leasable[] {
    const fresh = this.#firstFresh(now, max, tag);
    const again = this.#ends.available(now, max, tag);
    return again.length === 0 ? fresh : [...fresh, ...again].sort(inOrder).slice(0, max);
  }

  /** The task is leased until `until`, or was given back then. */
  lease(task: { key: number; name: string; spec: { tag?: string } }, until: number): void {
    const { key, name, spec } = task;
    this.#know({ key, name, from: until, tag: spec.tag });
  }

  /** The task at this key has left, or was moved elsewhere. */
  forget(key: number): void {
    if (this.#fresh.size > 0) this.#gone.add(key);
    this.#drop(key);
  }

  clear(): void {
    this.#leased.clear();
    this.#ends = new Ends();
    this.#cursors.clear();
    this.#lastCursor = -1;
    this.#forgetFresh();
  }

  /** A row was written at `key`: cursors that lie behind it go back. */
  rewindTo(key: number): void {
    if (this.#fresh.size > 0) this.#forgetFresh();
    if (key > this.#lastCursor) return;
    for (const [tag, cursor] of this.#cursors) this.#cursors.set(tag, Math.min(cursor, key - 1));
    this.#lastCursor = key - 1;
  }

  /** Tasks under a lease that holds at `now`, as far as they are known since the start. */
  leasedAt(now: number): number {
    return this.#ends.leasedAt(now);
  }

  /** Whether it knows of a lease; one that ran out stays known until its task is leased again. */
  get anyLeased(): boolean {
    return this.#leased.size > 0;
  }

  /** The first moment after `now` at which a task becomes available by itself, infinite if there is none. */
  nextMoment(now: number): number {
    const next = this.#ends.next(now) + 1;
    const rows = this.#rows.page(undefined, lastKeyOf(now - 1), Number.MAX_SAFE_INTEGER, PAGE);
    const waiting = rows.find((row) => !this.#leased.has(row.key) && !isAvailable(row, now));
    if (waiting) return Math.min(next, waiting.due + 1);
    // There may be one behind those that are available.
    return rows.length < PAGE ? next : Math.min(next, now + 1);
  }

  /** Tags of tasks whose lease or whose wait for their time ended from `since` to `now` (ms); undefined: of too many. */
  tagsBetween(since: number, now: number, max: number): Set<Tag> | undefined {
    const ended = this.#ends.between(since, now);
    const rows = this.#rows.page(undefined, lastKeyOf(since - 1), lastKeyOf(now), max);
    if (rows.length === max || ended.length >= max) return undefined;
    return new Set([...ended, ...rows].map(({ tag }) => tag));
  }

  /** The tag of the task at this key, if there is one. */
  at(key: number): { tag: Tag } | undefined {
    return this.#rows.page(undefined, key - 1, key, 1)[0];
  }

  #firstFresh(now: number, max: number, tag: Tag): Leasable[] {
    if (now !== this.#freshAt) this.#forgetFresh();
    this.#freshAt = now;
    const kept = this.#fresh.get(tag);
    const found = kept && this.#firstOf(kept, max);
    if (found && (found.length === max || kept.isAll)) return found;
    const fresh = this.#read(now, max, tag);
    this.#fresh.set(tag, fresh);
    return this.#firstOf(fresh, max);
  }

  #firstOf(fresh: Fresh, max: number): Leasable[] {
    const { tasks } = fresh;
    const found: Leasable[] = [];
    for (let at = fresh.first; at < tasks.length && found.length < max; at++) {
      const task = tasks[at] as Leasable;
      if (!this.#leased.has(task.key) && !this.#gone.has(task.key)) found.push(task);
      else if (found.length === 0) fresh.first = at + 1;
    }
    return found;
  }

  #forgetFresh(): void {
    this.#fresh.clear();
    this.#gone.clear();
  }

  // Tasks that were never leased, in the order of their keys. When there are enough, the millisecond of the
  // last one is read to its end, since within it names decide.
  #read(now: number, max: number, tag: Tag): Fresh {
    const found: Leasable[] = [];
    const limit = Math.max(max, PAGE);
    let cursor = this.#cursorOf(tag);
    let isFront = true;
    let after = cursor;
    let upTo = lastKeyOf(now);
    while (after < upTo) {
      const rows = this.#rows.page(tag, after, upTo, limit);
      for (const row of rows) {
        if (this.#isMoving(row.name)) isFront = false;
        else if (this.#isKnown(row)) {
          if (isFront) cursor = row.key;
        } else {
          isFront = false;
          if (isAvailable(row, now)) found.push({ ...row, from: row.due });
        }
      }
      if (rows.length < limit) break;
      after = rows.at(-1)?.key as number;
      const enough = found[max - 1];
      if (enough) upTo = Math.min(upTo, lastKeyOf(enough.from));
    }
    this.#setCursor(tag, cursor);
    return { tasks: found.sort(inOrder), first: 0, isAll: upTo === lastKeyOf(now) };
  }

  // What all tasks behind a key are, those of a tag are too.
  #cursorOf(tag: Tag): number {
    const all = this.#cursors.get(undefined) ?? -1;
    return Math.max(all, this.#cursors.get(tag) ?? -1);
  }

  #setCursor(tag: Tag, cursor: number): void {
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
    this.#know({ key, name, from: lease, tag });
    return true;
  }

  #know(task: Leasable): void {
    this.#drop(task.key);
    this.#leased.set(task.key, task);
    this.#ends.add(task);
  }

  #drop(key: number): void {
    const known = this.#leased.get(key);
    if (!known) return;
    this.#leased.delete(key);
    this.#ends.remove(known);
  }
}

// The clock counts whole milliseconds. A task that was due when it was added was added before a lease in
// the same millisecond; one with an ETA is available only after its ETA, as on App Engine.
function isAvailable({ due, created }: LeasableRow, now: number): boolean {
  return due < now || (due === now && created === due);
}
