// Which tasks of a pull queue can be leased next, where some have keys or priorities: fair turns between keys, and within
// one the task with the least rank, as a push queue starts them (dispatch/lines.ts). The counterpart of a LeaseTable.
//
// A lease does not move its row, so tasks are of two kinds: those that were never leased are found in the lines of the
// index; those that were are known in memory, all of them, by the ends of their leases. A key's slots are its leases
// that hold. For leases of one tag there are turns of their own; a key that had one there has one less in all others.
import { rankOf } from "../../../core/dispatch/rank.ts";
import { DEFAULT_PRIORITY } from "../../../core/task/task.ts";
import type { KeyStore } from "../../../store/queue/key-store.ts";
import type { LeasablePlace } from "../../../store/queue/leasable-lines.ts";
import type { LeasableTasks } from "../../../store/queue/leasable-tasks.ts";
import { lineColumns } from "../../../store/queue/line-columns.ts";
import { dueOf, lastKeyOf } from "../../../store/queue/row-key.ts";
import type { TaskRow, Tasks } from "../../../store/queue/tasks.ts";
import type { KeysAtWork } from "../dispatch/keys-at-work.ts";
import { Lines, type TasksBack } from "../dispatch/lines.ts";
import { Ends, type Leasable } from "./ends.ts";
import type { Tag } from "./leasables.ts";
import { tagsBetween, timeOfNext } from "./lease-table.ts";
import type { LinedLeasing } from "./leasing.ts";
import { type InLine, Returned } from "./returned.ts";

export interface LinedLeasesDeps {
  keyStore: KeyStore;
  rows: LeasableTasks;
  tasks: Tasks;
  keys: KeysAtWork;
  /** Whether the task of this name is on its way to another shard. */
  isMoving: (name: string) => boolean;
  /** ms since 1970 */
  now: () => number;
}

interface Known extends InLine {
  isHeld: boolean;
}

/** Tags with turns of their own; the one that was not asked for longest loses them, and begins anew. */
const MOST_TAGS = 100;
/** Lines that are remembered of a tag. */
const LINES_OF_TAG = 1000;
/** Every row, those in front too. */
const FROM_FRONT = -1;

export class LinedLeases implements LinedLeasing {
  readonly #deps: LinedLeasesDeps;
  readonly #known = new Map<number, Known>();
  #ends = new Ends();
  readonly #returned = new Returned();
  /** Of those that have returned the ones that are chosen. */
  readonly #picked = new Map<number, Known>();
  /** By tag; undefined is for all tasks. In the order they were last used. */
  readonly #turns = new Map<Tag, Lines<LeasablePlace>>();
  #isLoaded = false;
  #endedBefore = 0;
  #isReleased = false;
  #version: number;

  constructor(deps: LinedLeasesDeps) {
    this.#deps = deps;
    this.#version = deps.keys.version;
  }

  available(now: number, max: number, tag?: string): Leasable[] {
    this.#catchUp(now);
    for (const lines of this.#turns.values()) lines.giveBack();
    return this.#linesOf(tag).dueOfAll(now, max).map(leasableOf);
  }

  lease({ key, name, spec }: Pick<TaskRow, "key" | "name" | "spec">, until: number): void {
    const wasHeld = this.#drop(key)?.isHeld ?? false;
    const place = placeOf({ key, spec });
    const isHeld = until >= this.#deps.now();
    if (!wasHeld) this.#served(place);
    this.#know({ ...place, name, from: until, tag: spec.tag, isHeld }, wasHeld);
    if (wasHeld && !isHeld) this.#freed(place.line);
  }

  spend(tasks: readonly Pick<TaskRow, "spec">[], now: number): void {
    const { keys } = this.#deps;
    if (keys.areLimited) keys.spend(keys.countsOf(tasks), now);
  }

  undelivered(task: Pick<TaskRow, "key" | "spec">): void {
    this.forget(task.key);
    const place = placeOf(task);
    for (const [tag, lines] of this.#turns) {
      if (tag === undefined || tag === task.spec.tag) lines.waits(place);
    }
  }

  forget(key: number): void {
    const known = this.#drop(key);
    if (known?.isHeld) this.#freed(known.line);
    else if (known && this.#isInOrder(known.line)) this.#release(known.line);
  }

  save(): void {
    this.#deps.keys.save();
  }

  restore(): void {
    this.#deps.keys.restore();
  }

  clear(): void {
    for (const { line, isHeld } of this.#known.values()) {
      if (isHeld && line !== "") this.#deps.keys.leaseEnded(line);
    }
    this.#known.clear();
    this.#ends = new Ends();
    this.#returned.clear();
    this.#picked.clear();
    this.#turns.clear();
    this.#isLoaded = false;
    this.#endedBefore = 0;
  }

  rewindTo(key: number): void {
    for (const lines of this.#turns.values()) lines.rewindTo(key);
  }

  leasedAt(now: number): number {
    this.#catchUp(now);
    return this.#ends.leasedAt(now);
  }

  get anyLeased(): boolean {
    return this.#known.size > 0;
  }

  nextMoment(now: number): number {
    const { keys, rows } = this.#deps;
    const come = timeOfNext(rows, now, (key) => this.#known.has(key));
    return Math.min(this.#ends.next(now) + 1, keys.nextTime(), come);
  }

  tagsBetween(since: number, now: number, max: number): Set<Tag> | undefined {
    return tagsBetween(this.#deps.rows, this.#ends, [since, now], max);
  }

  at(key: number): { tag: Tag } | undefined {
    return this.#deps.rows.at(key);
  }

  takeReleased(now: number): boolean {
    this.#catchUp(now);
    const isReleased = this.#isReleased;
    this.#isReleased = false;
    return isReleased;
  }

  /** The key of the row that is first in its line; undefined where none can be leased. */
  firstOf(line: string, now: number): number | undefined {
    this.#catchUp(now);
    const heads = this.#deps.keyStore
      .leasable()
      .firstOfEach(line, lastKeyOf(now))
      .map(({ key, priority }) => ({ key, priority, rank: rankOf(dueOf(key), priority) }));
    const back = this.#backOf(undefined).first(line);
    return [...(back ? [back] : []), ...heads].sort((a, b) => a.rank - b.rank)[0]?.key;
  }

  #linesOf(tag: Tag): Lines<LeasablePlace> {
    const lines = this.#turns.get(tag) ?? this.#newLines(tag);
    this.#turns.delete(tag);
    this.#turns.set(tag, lines);
    if (this.#turns.size <= MOST_TAGS) return lines;
    for (const [oldest] of this.#turns) {
      this.#turns.delete(oldest);
      break;
    }
    return lines;
  }

  #newLines(tag: Tag): Lines<LeasablePlace> {
    const { keyStore, tasks, keys, isMoving } = this.#deps;
    const rows = keyStore.leasable(tag, (place) => this.#discover(place, this.#deps.now()));
    const at = (ofRows: readonly number[]) =>
      rows.at(ofRows).map((task) => ({ task, line: task.line }));
    const lines = new Lines<LeasablePlace>({
      ...{ lines: rows, at, tasks, keys },
      isTaken: (key) => this.#known.has(key),
      isRunning: (_, name) => isMoving(name),
      from: FROM_FRONT,
      lastOver: (now) => lastKeyOf(now - 1),
      back: this.#backOf(tag),
      ...(tag !== undefined && { most: LINES_OF_TAG }),
    });
    for (const line of this.#returned.lines(tag)) lines.meet(line);
    return lines;
  }

  // On a key that runs one at a time the one that has begun is before all others.
  #backOf(tag: Tag): TasksBack {
    return {
      first: (line) => {
        const task = this.#returned.first(line, tag);
        if (!task) return undefined;
        const { key, from, priority } = task;
        const isFirst = this.#isInOrder(line);
        return { key, priority, rank: isFirst ? Number.NEGATIVE_INFINITY : rankOf(from, priority) };
      },
      holds: (line) => {
        if (tag === undefined || !this.#isInOrder(line)) return false;
        const first = this.#returned.first(line, undefined);
        return first !== undefined && first.tag !== tag;
      },
      take: (line) => this.#pick(this.#returned.first(line, tag)),
      untake: (key) => this.#unpick(key),
    };
  }

  #pick(task: InLine | undefined): void {
    const known = task && this.#known.get(task.key);
    if (!known) return;
    this.#returned.remove(known);
    this.#picked.set(known.key, known);
  }

  #unpick(key: number): boolean {
    const known = this.#picked.get(key);
    if (!known) return false;
    this.#picked.delete(key);
    this.#returned.add(known);
    return true;
  }

  #catchUp(now: number): void {
    this.#noticeLimits();
    this.#load(now);
    for (const { key } of this.#ends.between(this.#endedBefore, now)) this.#ended(key);
    this.#endedBefore = now;
    for (const line of this.#deps.keys.due(now)) this.#release(line);
  }

  // Limits change seldom: all is read anew, as at a start. Meanwhile tasks may have been sent, and their rows moved.
  #noticeLimits(): void {
    const { version } = this.#deps.keys;
    if (version === this.#version) return;
    this.#version = version;
    this.clear();
    this.#isReleased = true;
  }

  #load(now: number): void {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    for (const place of this.#deps.keyStore.leased()) this.#discover(place, now);
  }

  // One without a key that was leased before the object started is found where it is met.
  #discover({ lease, ...place }: LeasablePlace, now: number): void {
    if (lease === undefined || this.#known.has(place.key)) return;
    // If it stays after all, its row is said to be written.
    if (this.#deps.isMoving(place.name)) return;
    this.#know({ ...place, from: lease, isHeld: lease >= now });
  }

  #know(task: Known, wasHeld = false): void {
    this.#known.set(task.key, task);
    this.#ends.add(task);
    if (!task.isHeld) this.#comeBack(task);
    else if (task.line !== "" && !wasHeld) this.#deps.keys.leased(task.line);
  }

  #drop(key: number): Known | undefined {
    const known = this.#known.get(key);
    if (!known) return undefined;
    this.#known.delete(key);
    this.#ends.remove(known);
    if (!this.#picked.delete(key) && !known.isHeld) this.#returned.remove(known);
    return known;
  }

  #ended(key: number): void {
    const known = this.#known.get(key);
    if (!known?.isHeld) return;
    known.isHeld = false;
    this.#comeBack(known);
    this.#freed(known.line);
  }

  #comeBack(task: Known): void {
    this.#returned.add(task);
    for (const [tag, lines] of this.#turns) {
      if (tag === undefined || tag === task.tag) lines.meet(task.line);
    }
  }

  // Of a key in order the first may be of another tag, for which those of this one wait too.
  #freed(line: string): void {
    if (line === "") return;
    if (this.#deps.keys.leaseEnded(line) || this.#isInOrder(line)) this.#release(line);
  }

  #isInOrder(line: string): boolean {
    return line !== "" && this.#deps.keys.isInOrder(line);
  }

  #release(line: string): void {
    for (const lines of this.#turns.values()) lines.meet(line);
    this.#isReleased = true;
  }

  #served({ key, line }: { key: number; line: string }): void {
    for (const lines of this.#turns.values()) if (!lines.started(key)) lines.owes(line);
  }
}

function placeOf({ key, spec }: Pick<TaskRow, "key" | "spec">) {
  const [line] = lineColumns(spec, key);
  return { key, line: line ?? "", priority: spec.priority ?? DEFAULT_PRIORITY };
}

function leasableOf({ key, name, tag, priority, lease }: LeasablePlace): Leasable {
  return { key, name, tag, priority, from: lease ?? dueOf(key) };
}
