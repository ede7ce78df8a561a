// What tasks have beside their rows by rules at add: when they expire, the records of those that have, and what waits
// for them to end.
import { isWindow } from "../../core/task/add-rule.ts";
import { expiryOf } from "../../core/task/expiry.ts";
import type { Sql } from "../sql.ts";
import { Expiries } from "./expiries.ts";
import { FailedTasks } from "./failed-tasks.ts";
import type { QueueMeta } from "./queue-meta.ts";
import { RowCount } from "./row-count.ts";
import { RuleTables } from "./rule-tables.ts";
import { type Successor, Successors } from "./successors.ts";
import type { TaskRow } from "./tasks.ts";

type Expiring = Pick<TaskRow, "name" | "createdAt" | "spec">;

export class RuledTasks {
  /** Tasks that were not started in time, kept as failed ones are. */
  readonly expired: FailedTasks;
  readonly expiries: Expiries;
  readonly successors: Successors;
  readonly #tables: RuleTables;

  constructor(sql: Sql, meta: QueueMeta) {
    this.#tables = new RuleTables(sql, meta);
    this.expired = new FailedTasks(sql, new RowCount(meta, "expiredCount"), "expired");
    this.expiries = new Expiries(sql, this.#tables);
    this.successors = new Successors(sql);
  }

  /** Whether there ever was a task of them. */
  get exist(): boolean {
    return this.#tables.exist;
  }

  /** Before the first row of them is written. */
  use(): void {
    // A version that knows nothing of them may have erased the queue, and left them.
    if (this.#tables.make()) this.#empty();
  }

  /** When the task expires should it not be started before (ms), if it may. */
  expiresAt(task: Expiring): number | undefined {
    const at = expiryOf(task);
    return at !== undefined && this.expiries.has({ at, name: task.name }) ? at : undefined;
  }

  /** The task expires should it not be started before. */
  expect(task: Expiring): void {
    const at = expiryOf(task);
    if (at === undefined) return;
    this.use();
    this.expiries.add({ at, name: task.name });
  }

  /** An attempt of it begins, or it is on the queue no more: it does not expire. */
  unexpect(task: Expiring): void {
    const at = expiryOf(task);
    if (at !== undefined) this.expiries.remove({ at, name: task.name });
  }

  /** Keeps a new task until the one of its name has ended, in place of the one that waits for that already. */
  follow(task: Successor): void {
    this.use();
    this.successors.put(task);
  }

  /** What waits for the task to end. */
  successorOf({ name, spec }: Pick<TaskRow, "name" | "spec">): Successor | undefined {
    return this.exist && isWindow(spec) ? this.successors.of(name) : undefined;
  }

  /** The task is deleted, and what waits for it with it. */
  deleted(task: Expiring): void {
    this.unexpect(task);
    if (this.exist && isWindow(task.spec)) this.successors.remove(task.name);
  }

  /** The same of tasks with `after < key <= upTo`, before they are. */
  deletedBetween(after: number, upTo: number): void {
    if (!this.exist) return;
    this.expiries.removeBetween(after, upTo);
    this.successors.removeBetween(after, upTo);
  }

  /** Before the queue's values are forgotten. */
  clear(): void {
    if (this.exist) this.#empty();
  }

  #empty(): void {
    this.expiries.clear();
    this.expired.clear();
    this.successors.clear();
  }
}
