// Failed tasks that are to be put on the dead-letter queue: the keys of their records, until that queue
// has them.
import { integer, text } from "../rows.ts";
import type { Sql } from "../sql.ts";

export interface DeadLetterRow {
  /** The key of the failed task's record. */
  key: number;
  name: string;
}

export class DeadLetterOutbox {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add({ key, name }: DeadLetterRow): void {
    this.#sql.run("INSERT INTO outbox VALUES (?, ?)", key, name);
  }

  /** The task's record goes on under another name. */
  rename({ key, name }: DeadLetterRow): void {
    this.#sql.run("UPDATE outbox SET name = ? WHERE key = ?", name, key);
  }

  any(): boolean {
    return this.#sql.rows("SELECT 1 FROM outbox LIMIT 1").length > 0;
  }

  has(key: number): boolean {
    return this.#sql.rows("SELECT 1 FROM outbox WHERE key = ?", key).length > 0;
  }

  first(limit: number): DeadLetterRow[] {
    const rows = this.#sql.rows("SELECT key, name FROM outbox ORDER BY key LIMIT ?", limit);
    return rows.map((row) => ({ key: integer(row, "key"), name: text(row, "name") }));
  }

  remove(key: number): void {
    this.#sql.run("DELETE FROM outbox WHERE key = ?", key);
  }

  clear(): void {
    this.#sql.run("DELETE FROM outbox");
  }
}
