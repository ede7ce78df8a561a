// When tasks expire that have not been started by then. A row is there until its task starts, ends or is replaced; one
// whose task is gone stands for nothing, and is removed when its time comes.
import { integer, optionalInteger, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import type { RuleTables } from "./rule-tables.ts";

/** A task that expires at `at`, ms since 1970. */
export interface Expiry {
  at: number;
  name: string;
}

export class Expiries {
  readonly #sql: Sql;
  readonly #tables: RuleTables;
  /** The first of them, infinite where there is none; undefined when the rows have to be asked. */
  #next: number | undefined;

  constructor(sql: Sql, tables: RuleTables) {
    this.#sql = sql;
    this.#tables = tables;
  }

  add({ at, name }: Expiry): void {
    this.#sql.run("INSERT OR REPLACE INTO expiries (at, name) VALUES (?, ?)", at, name);
    if (this.#next !== undefined) this.#next = Math.min(this.#next, at);
  }

  /** False when there was none: the task has been started. */
  remove({ at, name }: Expiry): boolean {
    if (!this.#tables.exist) return false;
    if (at === this.#next) this.#next = undefined;
    return this.#sql.run("DELETE FROM expiries WHERE at = ? AND name = ?", at, name) > 0;
  }

  has({ at, name }: Expiry): boolean {
    if (!this.#tables.exist) return false;
    const query = "SELECT 1 FROM expiries WHERE at = ? AND name = ?";
    return this.#sql.rows(query, at, name).length > 0;
  }

  /** When the first task expires (ms), if any does. */
  nextAt(): number | undefined {
    if (!this.#tables.exist) return undefined;
    this.#next ??= this.#first();
    return Number.isFinite(this.#next) ? this.#next : undefined;
  }

  #first(): number {
    const [row] = this.#sql.rows("SELECT min(at) AS at FROM expiries");
    return (row && optionalInteger(row, "at")) ?? Number.POSITIVE_INFINITY;
  }

  /** Those that have expired by `now`, the first first, up to `limit`. */
  upTo(now: number, limit: number): Expiry[] {
    const query = "SELECT at, name FROM expiries WHERE at <= ? ORDER BY at LIMIT ?";
    return this.#sql.rows(query, now, limit).map(expiryOf);
  }

  /** Before the tasks with `after < key <= upTo` are deleted. */
  removeBetween(after: number, upTo: number): void {
    this.#sql.run(
      `DELETE FROM expiries WHERE (at, name) IN
        (SELECT created + CAST(round((spec ->> '$.expires') * 1000) AS INTEGER), name FROM tasks
          WHERE key > ? AND key <= ? AND spec ->> '$.expires' IS NOT NULL)`,
      ...[after, upTo],
    );
    this.#next = undefined;
  }

  clear(): void {
    this.#sql.run("DELETE FROM expiries");
    this.#next = undefined;
  }

  /** The rows are as they were. */
  restore(): void {
    this.#next = undefined;
  }
}

function expiryOf(row: Row): Expiry {
  return { at: integer(row, "at"), name: text(row, "name") };
}
