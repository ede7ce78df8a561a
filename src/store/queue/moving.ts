// What lies under a name, as it goes from one object of a queue to another: whatever a task has come to be, it is
// found by its name, taken in elsewhere, and then removed here. Nothing has happened to it by that: no step is counted.
import type { Progress } from "../../core/task/task.ts";
import type { DeadLetterOutbox } from "./dead-letter-outbox.ts";
import type { ExpirySweep } from "./expiry-sweep.ts";
import type { FailedTasks } from "./failed-tasks.ts";
import type { Found } from "./found.ts";
import type { LargeResults } from "./large-results.ts";
import type { EndedRow, NameRow, Names } from "./names.ts";
import { dueOf, keyInName } from "./row-key.ts";
import type { RuledTasks } from "./ruled-tasks.ts";
import type { Successor } from "./successors.ts";
import type { TaskRow, Tasks } from "./tasks.ts";

/** All there is under one name: a task on the queue, a failed one with the row of its name, or that row alone. */
export interface MovingRow {
  name: string;
  task?: TaskRow;
  row?: NameRow;
  /** What waits for the task to end. */
  next?: Successor;
  /** The task has not been started, and may expire. */
  expires?: true;
  /** A failed task that is to be put on the dead-letter queue. */
  isLetter?: true;
}

interface MovingStore {
  tasks: Tasks;
  failed: FailedTasks;
  largeResults: LargeResults;
  deadLetters: DeadLetterOutbox;
  sweep: ExpirySweep;
  ruled: RuledTasks;
  find(name: string, now: number): Found | undefined;
  isLetter(task: TaskRow): boolean;
  keptIn(progress: Progress): FailedTasks;
}

export class Moving {
  readonly #store: MovingStore;
  readonly #names: Names;

  constructor(store: MovingStore, names: Names) {
    this.#store = store;
    this.#names = names;
  }

  /** Pages of all names there are, each as long as `next` is told; some more than once. */
  *walk(): Generator<string[], undefined, number> {
    const { tasks, failed } = this.#store;
    let limit = yield [];
    for (let rows = tasks.places(-1, limit); rows.length > 0; ) {
      limit = yield rows.map(({ name }) => name);
      rows = tasks.places(rows.at(-1)?.key as number, limit);
    }
    for (let rows = failed.names(-1, LAST, limit); rows.length > 0; ) {
      limit = yield rows.map(({ name }) => name);
      rows = failed.names(rows.at(-1)?.key as number, LAST, limit);
    }
    for (let names = this.#names.page("", limit); names.length > 0; ) {
      limit = yield names;
      names = this.#names.page(names.at(-1) as string, limit);
    }
    return undefined;
  }

  /** What lies under this name at `now` (ms); undefined when that is nothing, or has expired. */
  rowOf(name: string, now: number): MovingRow | undefined {
    const { find, largeResults } = this.#store;
    const found = find.call(this.#store, name, now);
    if (!found) return undefined;
    if (found.kind === "live") return this.#living(found.task);
    const { kind, row } = found;
    if (kind === "ended") {
      const large = isLarge(row) ? largeResults.at(row.key, name) : undefined;
      return { name, row: large ? { ...row, result: large } : row };
    }
    const isLetter = this.#store.isLetter(found.task);
    return { name, task: found.task, row, ...(isLetter && { isLetter }) };
  }

  #living(task: TaskRow): MovingRow {
    const next = this.#store.ruled.successorOf(task);
    const expires = this.#store.ruled.expiresAt(task) !== undefined;
    const { name } = task;
    return { name, task, ...(next && { next }), ...(expires && { expires }) };
  }

  /** Takes in what lay elsewhere; the row of its task, if that is on the queue. */
  takeIn(moving: MovingRow, now: number): TaskRow | undefined {
    const { name, task, row, isLetter } = moving;
    if (task && !row) return this.#takeInTask(task, moving);
    if (!row) return undefined;
    const isTaken = this.#store.find(name, now)?.kind === "live";
    // What is remembered of a task is worth less than one of its name; not so one that failed.
    if (isTaken && !task) return undefined;
    if (task) this.#takeInFailed(isTaken ? this.#renamed(task) : task, row, isLetter);
    else this.#takeInEnded(row);
    this.#store.sweep.expect(row.expires as number);
    return undefined;
  }

  #renamed(task: TaskRow): TaskRow {
    return { ...task, name: this.#store.tasks.nameFor(task.key), named: false };
  }

  #takeInTask(given: TaskRow, { next, expires }: MovingRow): TaskRow {
    const task = this.#store.tasks.takeIn(given);
    if (hasRow(task)) this.#names.place(task.name, task.named ? "live" : "moved", task.key);
    if (next) this.#store.ruled.follow(next);
    if (expires) this.#store.ruled.expect(task);
    return task;
  }

  #takeInFailed(task: TaskRow, row: NameRow, isLetter = false): void {
    const keptUntil = dueOf(task.key);
    if (task.progress.expired) this.#store.ruled.use();
    const key = this.#store.keptIn(task.progress).add(task, keptUntil);
    this.#names.end({ ...(row as EndedRow), name: task.name, key });
    if (isLetter) this.#store.deadLetters.add({ key, name: task.name });
    this.#store.sweep.expect(keptUntil);
  }

  #takeInEnded(given: NameRow): void {
    const row = given as EndedRow;
    const { result, ...bare } = row;
    if (!result) this.#names.end({ ...bare, key: null });
    else if (this.#names.fits({ ...row, result })) this.#names.end({ ...row, key: null });
    else {
      const key = this.#store.largeResults.add(row.name, result, row.expires);
      this.#names.end({ ...bare, key });
    }
  }

  /** It is elsewhere now, as it was read here. */
  remove({ name, task, row, next }: MovingRow): void {
    const { deadLetters, largeResults, tasks } = this.#store;
    if (task && !row) {
      tasks.remove(task);
      this.#store.ruled.unexpect(task);
      if (next) this.#store.ruled.successors.remove(name);
      if (hasRow(task)) this.#names.remove(name);
      return;
    }
    if (task) {
      this.#store.keptIn(task.progress).remove(task);
      if (!task.progress.expired) deadLetters.remove(task.key);
    } else if (row && isLarge(row)) largeResults.remove(row.key, name);
    this.#names.remove(name);
  }
}

const LAST = Number.MAX_SAFE_INTEGER;

function hasRow({ name, named, key }: TaskRow): boolean {
  return named || keyInName(name) !== key;
}

function isLarge(row: NameRow): row is NameRow & { key: number } {
  return row.state === "done" && row.key !== null && row.key >= 0;
}
