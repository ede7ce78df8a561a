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
import type { Leasables, Tag } from "./leasables.ts";

/** Tasks that were available at an instant and had never been leased, in order. */
interface Fresh {
  tasks: readonly Leasable[];
  /** Those before it are leased, or gone. */
  first: number;
  /** Whether there were no others. */
  isAll: boolean;
}

const PAGE = 100;
/** Cursors kept at once; the tag that was not asked for longest loses its own, and is read from the front. */
const MAX_CURSORS = 1000;

export class LeaseTable implements Leasables {
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

  available(now: number, max: number, tag?: string): Leasable[] {
    const fresh = this.#firstFresh(now, max, tag);
    const again = this.#ends.available(now, max, tag);
    return again.length === 0 ? fresh : [...fresh, ...again].sort(inOrder).slice(0, max);
  }

  lease(task: { key: number; name: string; spec: { tag?: string } }, until: number): void {
    const { key, name, spec } = task;
    this.#know({ key, name, from: until, tag: spec.tag });
  }

  spend(): void {}

  undelivered({ key }: { key: number }): void {
    this.forget(key);
    this.rewindTo(key);
  }

  takeReleased(): boolean {
    return false;
  }

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

  leasedAt(now: number): number {
    return this.#ends.leasedAt(now);
  }

  get anyLeased(): boolean {
    return this.#leased.size > 0;
  }

  nextMoment(now: number): number {
    const come = timeOfNext(this.#rows, now, (key) => this.#leased.has(key));
    return Math.min(this.#ends.next(now) + 1, come);
  }

  tagsBetween(since: number, now: number, max: number): Set<Tag> | undefined {
    return tagsBetween(this.#rows, this.#ends, [since, now], max);
  }

  at(key: number): { tag: Tag } | undefined {
    return this.#rows.at(key);
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

/** When the next task comes that was not leased before (ms), infinite if there is none. */
export function timeOfNext(
  rows: LeasableTasks,
  now: number,
  isLeased: (key: number) => boolean,
): number {
  const page = rows.page(undefined, lastKeyOf(now - 1), Number.MAX_SAFE_INTEGER, PAGE);
  const waiting = page.find((row) => !isLeased(row.key) && !isAvailable(row, now));
  if (waiting) return waiting.due + 1;
  // There may be one behind those that are available.
  return page.length < PAGE ? Number.POSITIVE_INFINITY : now + 1;
}

/** Tags of tasks that came from one moment to another: by their time, or the ends of their leases. */
export function tagsBetween(
  rows: LeasableTasks,
  ends: Ends,
  [since, now]: readonly [number, number],
  max: number,
): Set<Tag> | undefined {
  const ended = ends.between(since, now);
  const come = rows.page(undefined, lastKeyOf(since - 1), lastKeyOf(now), max);
  if (come.length === max || ended.length >= max) return undefined;
  return new Set([...ended, ...come].map(({ tag }) => tag));
}

// The clock counts whole milliseconds. A task that was due when it was added was added before a lease in
// the same millisecond; one with an ETA is available only after its ETA, as on App Engine.
function isAvailable({ due, created }: LeasableRow, now: number): boolean {
  return due < now || (due === now && created === due);
}
