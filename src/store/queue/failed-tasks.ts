// Tasks whose attempts are exhausted, with every attempt they had: kept for a while, since a task that failed is
// never just gone. The row key is when the record may be forgotten, so the oldest are the table's head.
import type { StoredTask } from "../../core/task/task.ts";
import { integer, optionalInteger, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import type { RowCount } from "./row-count.ts";
import { dueOf, lastKeyOf } from "./row-key.ts";
import {
  type BriefTask,
  freeKey,
  placesJson,
  progressJson,
  specJson,
  type TaskRow,
  taskOf,
} from "./tasks.ts";

const COLUMNS = "key, name, named, created, due, spec, progress, body";
// From the outside in, or every record would be looked at.
const AT = `FROM json_each(?) AS place CROSS JOIN failed
  ON failed.key = place.value ->> 0 AND failed.name = place.value ->> 1`;
const BRIEF = `SELECT failed.key, name, named, created, due, spec, progress ${AT}`;
const REMOVE_ALL = `DELETE FROM failed WHERE key IN (SELECT failed.key ${AT})`;

export class FailedTasks {
  readonly rows: RowCount;
  readonly #sql: Sql;

  constructor(sql: Sql, rows: RowCount) {
    this.rows = rows;
    this.#sql = sql;
  }

  /** Keeps a task until `expires` (ms since 1970) and answers the key it lies at. */
  add({ name, named, createdAt, due, spec, progress, body }: StoredTask, expires: number): number {
    const key = freeKey(this.#sql, "failed", expires);
    this.#sql.run(
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
    this.rows.changed(1);
    return key;
  }

  at(key: number, name: string): TaskRow | undefined {
    const query = `SELECT ${COLUMNS} FROM failed WHERE key = ? AND name = ?`;
    const row = this.#sql.rows(query, key, name)[0];
    return row && taskOf(row);
  }

  /** Those that are there. */
  briefsAt(places: readonly { key: number; name: string }[]): BriefTask[] {
    return this.#sql.rows(BRIEF, placesJson(places)).map(taskOf);
  }

  /** A page of failed tasks, the first to be forgotten first. */
  list(after: number, limit: number): TaskRow[] {
    const query = `SELECT ${COLUMNS} FROM failed WHERE key > ? ORDER BY key LIMIT ?`;
    return this.#sql.rows(query, after, limit).map(taskOf);
  }

  /** The same without what is in them: keys and names with `after < key <= upTo`. */
  names(after: number, upTo: number, limit: number): { key: number; name: string }[] {
    const query = "SELECT key, name FROM failed WHERE key > ? AND key <= ? ORDER BY key LIMIT ?";
    return this.#sql
      .rows(query, after, upTo, limit)
      .map((row) => ({ key: integer(row, "key"), name: text(row, "name") }));
  }

  /** The key of the one to be forgotten last; -1 when there is none. */
  lastKey(): number {
    return (
      optionalInteger(this.#sql.rows("SELECT max(key) AS key FROM failed")[0] as Row, "key") ?? -1
    );
  }

  /** False when it is no longer there. */
  remove({ key, name }: { key: number; name: string }): boolean {
    const query = "DELETE FROM failed WHERE key = ? AND name = ?";
    const isGone = this.#sql.run(query, key, name) > 0;
    if (isGone) this.rows.changed(-1);
    return isGone;
  }

  removeAll(places: readonly { key: number; name: string }[]): void {
    this.rows.changed(-this.#sql.run(REMOVE_ALL, placesJson(places)));
  }

  clear(): void {
    this.#sql.run("DELETE FROM failed");
    this.rows.counted(0);
  }

  /** Reads every key. */
  count(): number {
    return integer(this.#sql.rows("SELECT count(*) AS n FROM failed")[0] as Row, "n");
  }

  /** Forgets up to `limit` records that expired by `now`; when the next one does (ms), if any. */
  sweep(now: number, limit: number): { removed: number; earliest: number } {
    const query = "DELETE FROM failed WHERE key IN (SELECT key FROM failed WHERE key <= ? LIMIT ?)";
    const removed = this.#sql.run(query, lastKeyOf(now), limit);
    this.rows.changed(-removed);
    const [row] = this.#sql.rows("SELECT min(key) AS key FROM failed");
    const first = row && optionalInteger(row, "key");
    return { removed, earliest: first === undefined ? Number.POSITIVE_INFINITY : dueOf(first) };
  }
}
