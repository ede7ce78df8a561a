// The groups that have subtasks on this queue: the last batch that was accepted of each, so that none is
// added twice, and whether the group was cancelled, so that what fails afterwards is not tried again. One that
// ends while the queue is being exported keeps its row, for the end of the export to find it.
import { integer, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import { COUNTED } from "./row-count.ts";

/** In place of whether it was cancelled: it is over, or has failed. */
const OVER = 2;
const FAILED = 3;

export interface AcceptedGroup {
  group: string;
  batch: number;
  isCancelled: boolean;
}

/** How many groups have subtasks here, up to one more than are counted. */
export function countGroups(sql: Pick<Sql, "rows">): number {
  const query = `SELECT count(*) AS n
    FROM (SELECT 1 FROM accepted_groups WHERE cancelled <> ${OVER} LIMIT ${COUNTED + 1})`;
  return integer(sql.rows(query)[0] as Row, "n");
}

export class AcceptedGroups {
  readonly #sql: Sql;
  #cancelled: ReadonlySet<string>;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#cancelled = this.#readCancelled();
  }

  /** The number of the last batch that was accepted, -1 before the first. */
  lastBatch(group: string): number {
    const [row] = this.#sql.rows("SELECT batch FROM accepted_groups WHERE grp = ?", group);
    return row ? integer(row, "batch") : -1;
  }

  accept(group: string, batch: number): void {
    const query = `INSERT INTO accepted_groups (grp, batch, cancelled) VALUES (?, ?, 0)
      ON CONFLICT (grp) DO UPDATE SET batch = excluded.batch`;
    this.#sql.run(query, group, batch);
  }

  isCancelled(group: string): boolean {
    return this.#cancelled.has(group);
  }

  /** No batch up to `batch` is accepted any more. */
  cancel(group: string, batch: number): void {
    const query = `INSERT INTO accepted_groups (grp, batch, cancelled) VALUES (?, ?, 1)
      ON CONFLICT (grp) DO UPDATE SET batch = excluded.batch, cancelled = 1`;
    this.#sql.run(query, group, batch);
    this.#cancelled = new Set(this.#cancelled).add(group);
  }

  all(): AcceptedGroup[] {
    const query = `SELECT grp, batch, cancelled FROM accepted_groups WHERE cancelled <> ${OVER}`;
    return this.#sql.rows(query).map((row) => ({
      group: text(row, "grp"),
      batch: integer(row, "batch"),
      isCancelled: integer(row, "cancelled") === 1,
    }));
  }

  /** Those whose names come after `after`, with those that are over, in the order of names. */
  namesAfter(after: string, limit: number): string[] {
    const query = "SELECT grp FROM accepted_groups WHERE grp > ? ORDER BY grp LIMIT ?";
    return this.#sql.rows(query, after, limit).map((row) => text(row, "grp"));
  }

  isKnown(group: string): boolean {
    return this.#sql.rows("SELECT 1 FROM accepted_groups WHERE grp = ?", group).length > 0;
  }

  /** Notes that it has failed; false where that is known, or the group is not. */
  fail(group: string): boolean {
    const query = "UPDATE accepted_groups SET cancelled = ? WHERE grp = ? AND cancelled < ?";
    return this.#sql.run(query, FAILED, group, OVER) > 0;
  }

  /** Whether it is known, and not over. */
  isUnderWay(group: string): boolean {
    const query = `SELECT 1 FROM accepted_groups WHERE grp = ? AND cancelled <> ${OVER}`;
    return this.#sql.rows(query, group).length > 0;
  }

  /** In place of forgetting a group that is over, or one that was forgotten: an export is to find it. */
  keepOver(group: string): void {
    const query = `INSERT INTO accepted_groups (grp, batch, cancelled) VALUES (?, -1, ${OVER})
      ON CONFLICT (grp) DO UPDATE SET cancelled = ${OVER}`;
    this.#sql.run(query, group);
    this.#isOver(group);
  }

  /** Forgets those that were kept. */
  forgetOver(): void {
    this.#sql.run("DELETE FROM accepted_groups WHERE cancelled = ?", OVER);
  }

  /** Takes in that there are these groups. Of which batches it has its part, each object of a queue says for itself. */
  takeIn(groups: readonly AcceptedGroup[]): void {
    for (const { group, batch, isCancelled } of groups) {
      const last = this.lastBatch(group);
      if (isCancelled) this.cancel(group, Math.max(batch, last));
      else this.accept(group, last);
    }
  }

  /** Whether any group has or had subtasks here. */
  any(): boolean {
    return this.#sql.rows("SELECT 1 FROM accepted_groups LIMIT 1").length > 0;
  }

  forget(group: string): void {
    this.#sql.run("DELETE FROM accepted_groups WHERE grp = ?", group);
    this.#isOver(group);
  }

  #isOver(group: string): void {
    if (!this.#cancelled.has(group)) return;
    const others = new Set(this.#cancelled);
    others.delete(group);
    this.#cancelled = others;
  }

  clear(): void {
    this.#sql.run("DELETE FROM accepted_groups");
    this.#cancelled = new Set();
  }

  save(): ReadonlySet<string> {
    return this.#cancelled;
  }

  restore(cancelled: ReadonlySet<string>): void {
    this.#cancelled = cancelled;
  }

  #readCancelled(): ReadonlySet<string> {
    const rows = this.#sql.rows("SELECT grp FROM accepted_groups WHERE cancelled = 1");
    return new Set(rows.map((row) => text(row, "grp")));
  }
}
