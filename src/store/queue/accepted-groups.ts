// The groups that have subtasks here: which of their parts have been taken, so that none is taken twice,
// and whether they were cancelled, so that what fails afterwards is not tried again.
import type { Sql } from "../sql.ts";

export class Joined {
  readonly #sql: Sql;
  readonly #cancelled: Set<string>;

  constructor(sql: Sql) {
    this.#sql = sql;
    const rows = sql.rows("SELECT grp FROM joined WHERE cancelled = 1");
    this.#cancelled = new Set(rows.map(({ grp }) => grp as string));
  }

  /** The number of the last part that was taken, -1 before the first. */
  lastPart(group: string): number {
    return Number(this.#sql.rows("SELECT part FROM joined WHERE grp = ?", group)[0]?.part ?? -1);
  }

  took(group: string, part: number): void {
    const query = `INSERT INTO joined (grp, part, cancelled) VALUES (?, ?, 0)
      ON CONFLICT (grp) DO UPDATE SET part = excluded.part`;
    this.#sql.run(query, group, part);
  }

  isCancelled(group: string): boolean {
    return this.#cancelled.has(group);
  }

  /** Parts up to `part` are not to be taken any more. */
  cancel(group: string, part: number): void {
    const query = `INSERT INTO joined (grp, part, cancelled) VALUES (?, ?, 1)
      ON CONFLICT (grp) DO UPDATE SET part = excluded.part, cancelled = 1`;
    this.#sql.run(query, group, part);
    this.#cancelled.add(group);
  }

  /** Whether any group has or had subtasks here. */
  any(): boolean {
    return this.#sql.rows("SELECT 1 FROM joined LIMIT 1").length > 0;
  }

  forget(group: string): void {
    this.#sql.run("DELETE FROM joined WHERE grp = ?", group);
    this.#cancelled.delete(group);
  }

  clear(): void {
    this.#sql.run("DELETE FROM joined");
    this.#cancelled.clear();
  }
}
