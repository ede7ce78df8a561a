// Tasks that were given up, with every attempt they had: kept for a while, since a task that failed is
// never just gone. The row key is when the record may be forgotten, so the oldest are the table's head.
import type { StoredTask } from "../core/task.ts";
import { dueOf, lastKeyOf } from "./key.ts";
import { firstRow, type Sql } from "./sql.ts";
import { freeKey, progressJson, specJson, type TaskRow, taskOf } from "./tasks.ts";

const COLUMNS = "key, name, named, created, due, spec, progress, body";

export class FailedTasks {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Keeps a task until `expires` (ms since 1970) and answers the key it lies at. */
  keep({ name, named, createdAt, due, spec, progress, body }: StoredTask, expires: number): number {
    const key = freeKey(this.#sql, "failed", expires);
    this.#sql.exec(
      `INSERT INTO failed (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[
        key,
        name,
        Number(named),
        createdAt,
        due,
        specJson(spec),
        progressJson(progress),
        body ?? null,
      ],
    );
    return key;
  }

  at(key: number, name: string): TaskRow | undefined {
    const query = `SELECT ${COLUMNS} FROM failed WHERE key = ? AND name = ?`;
    const row = firstRow(this.#sql.exec(query, key, name));
    return row && taskOf(row);
  }

  /** A page of failed tasks, the first to be forgotten first. */
  list(after: number, limit: number): TaskRow[] {
    const query = `SELECT ${COLUMNS} FROM failed WHERE key > ? ORDER BY key LIMIT ?`;
    return [...this.#sql.exec(query, after, limit)].map(taskOf);
  }

  remove(key: number): void {
    this.#sql.exec("DELETE FROM failed WHERE key = ?", key);
  }

  count(): number {
    return Number(firstRow(this.#sql.exec("SELECT count(*) AS n FROM failed"))?.n);
  }

  /** Forgets up to `limit` records that expired by `now`; when the next one does (ms), if any. */
  sweep(now: number, limit: number): { removed: number; earliest: number } {
    const query = "DELETE FROM failed WHERE key IN (SELECT key FROM failed WHERE key <= ? LIMIT ?)";
    const { rowsWritten } = this.#sql.exec(query, lastKeyOf(now), limit);
    const first = firstRow(this.#sql.exec("SELECT min(key) AS key FROM failed"))?.key;
    return {
      removed: rowsWritten,
      earliest: first == null ? Number.POSITIVE_INFINITY : dueOf(first as number),
    };
  }
}
