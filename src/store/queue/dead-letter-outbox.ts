// Failed tasks that are to be put on another queue: the keys of their records, until that queue has them.
import type { Sql } from "../sql.ts";

export interface OutboxRow {
  /** The key of the failed task's record. */
  key: number;
  name: string;
}

export class Outbox {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add({ key, name }: OutboxRow): void {
    this.#sql.run("INSERT INTO outbox VALUES (?, ?)", key, name);
  }

  first(limit: number): OutboxRow[] {
    const rows = this.#sql.rows("SELECT key, name FROM outbox ORDER BY key LIMIT ?", limit);
    return rows.map(({ key, name }) => ({ key: key as number, name: name as string }));
  }

  remove(key: number): void {
    this.#sql.run("DELETE FROM outbox WHERE key = ?", key);
  }

  clear(): void {
    this.#sql.run("DELETE FROM outbox");
  }
}
