// Tasks whose attempts are exhausted, with every attempt they had, or that have expired: kept for a while, since a task
// that failed is never just gone. The row key is when the record may be forgotten, so the oldest are the table's head.
import type { FailureRecord } from "../../core/failures/groups.ts";
import type { Attempt, StoredTask } from "../../core/task/task.ts";
import { integer, optionalInteger, optionalJson, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import type { RowCount } from "./row-count.ts";
import { dueOf, lastKeyOf } from "./row-key.ts";
import {
  type BriefTask,
  freeKey,
  type KeptIn,
  placesJson,
  progressJson,
  specJson,
  type TaskRow,
  taskOf,
} from "./tasks.ts";

const COLUMNS = "key, name, named, created, due, spec, progress, body";

/** The records at these places of a table: from the outside in, or every record would be looked at. */
function recordsAt(table: string): string {
  return `FROM json_each(?) AS place CROSS JOIN ${table} AS record
    ON record.key = place.value ->> 0 AND record.name = place.value ->> 1`;
}

// Of the attempts only the last, for a record may have twenty.
const FAILURE = `key, name, created, spec ->> '$.url' AS url, spec ->> '$.target' AS target,
  spec ->> '$.expires' AS expires, progress -> '$.attempts[#-1]' AS last`;

export class FailedTasks {
  readonly rows: RowCount;
  readonly table: KeptIn;
  readonly #sql: Sql;
  readonly #briefs: string;
  readonly #removeAll: string;

  constructor(sql: Sql, rows: RowCount, table: KeptIn = "failed") {
    this.rows = rows;
    this.#sql = sql;
    this.table = table;
    const at = recordsAt(table);
    this.#briefs = `SELECT record.key, name, named, created, due, spec, progress ${at}`;
    this.#removeAll = `DELETE FROM ${table} WHERE key IN (SELECT record.key ${at})`;
  }

  /** Keeps a task until `expires` (ms since 1970) and answers the key it lies at. */
  add({ name, named, createdAt, due, spec, progress, body }: StoredTask, expires: number): number {
    const key = freeKey(this.#sql, this.table, expires);
    this.#sql.run(
      `INSERT INTO ${this.table} (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
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
    const query = `SELECT ${COLUMNS} FROM ${this.table} WHERE key = ? AND name = ?`;
    const row = this.#sql.rows(query, key, name)[0];
    return row && taskOf(row);
  }

  /** Those that are there. */
  briefsAt(places: readonly { key: number; name: string }[]): BriefTask[] {
    return this.#sql.rows(this.#briefs, placesJson(places)).map(taskOf);
  }

  /** A page of failed tasks, the first to be forgotten first. */
  list(after: number, limit: number): TaskRow[] {
    const query = `SELECT ${COLUMNS} FROM ${this.table} WHERE key > ? ORDER BY key LIMIT ?`;
    return this.#sql.rows(query, after, limit).map(taskOf);
  }

  /** The same without what is in them: keys and names with `after < key <= upTo`. */
  names(after: number, upTo: number, limit: number): { key: number; name: string }[] {
    const query = `SELECT key, name FROM ${this.table} WHERE key > ? AND key <= ? ORDER BY key LIMIT ?`;
    return this.#sql
      .rows(query, after, upTo, limit)
      .map((row) => ({ key: integer(row, "key"), name: text(row, "name") }));
  }

  /** What went wrong with those behind the key `after`, the first to be forgotten first. */
  failures(after: number, limit: number): FailureRecord[] {
    const query = `SELECT ${FAILURE} FROM ${this.table} WHERE key > ? ORDER BY key LIMIT ? + 0`;
    return this.#sql.rows(query, after, limit).map((row) => this.#failureOf(row));
  }

  /** The same of those before a key, the last to be forgotten first. */
  failuresBefore(before: number, limit: number): FailureRecord[] {
    const query = `SELECT ${FAILURE} FROM ${this.table} WHERE key < ? ORDER BY key DESC LIMIT ? + 0`;
    return this.#sql.rows(query, before, limit).map((row) => this.#failureOf(row));
  }

  #failureOf(row: Row): FailureRecord {
    const last = optionalJson<Attempt>(row, "last");
    return {
      ...{ key: integer(row, "key"), name: text(row, "name"), createdAt: integer(row, "created") },
      expired: this.table === "expired",
      ...(typeof row.url === "string" && { url: row.url }),
      ...(typeof row.target === "string" && { target: row.target }),
      ...(typeof row.expires === "number" && { expires: row.expires }),
      ...(last && { last }),
    };
  }

  /** The key of the one to be forgotten last; -1 when there is none. */
  lastKey(): number {
    return (
      optionalInteger(
        this.#sql.rows(`SELECT max(key) AS key FROM ${this.table}`)[0] as Row,
        "key",
      ) ?? -1
    );
  }

  /** False when it is no longer there. */
  remove({ key, name }: { key: number; name: string }): boolean {
    const query = `DELETE FROM ${this.table} WHERE key = ? AND name = ?`;
    const isGone = this.#sql.run(query, key, name) > 0;
    if (isGone) this.rows.changed(-1);
    return isGone;
  }

  removeAll(places: readonly { key: number; name: string }[]): void {
    if (places.length === 0) return;
    this.rows.changed(-this.#sql.run(this.#removeAll, placesJson(places)));
  }

  /** Its record goes on under another name. */
  rename(key: number, name: string): void {
    this.#sql.run(`UPDATE ${this.table} SET name = ?, named = 0 WHERE key = ?`, name, key);
  }

  clear(): void {
    this.#sql.run(`DELETE FROM ${this.table}`);
    this.rows.counted(0);
  }

  /** Reads every key. */
  count(): number {
    return integer(this.#sql.rows(`SELECT count(*) AS n FROM ${this.table}`)[0] as Row, "n");
  }

  /** Forgets up to `limit` records that expired by `now`; when the next one does (ms), if any. */
  sweep(now: number, limit: number): { removed: number; earliest: number } {
    const query = `DELETE FROM ${this.table} WHERE key IN (SELECT key FROM ${this.table} WHERE key <= ? LIMIT ?)`;
    const removed = this.#sql.run(query, lastKeyOf(now), limit);
    this.rows.changed(-removed);
    const [row] = this.#sql.rows(`SELECT min(key) AS key FROM ${this.table}`);
    const first = row && optionalInteger(row, "key");
    return { removed, earliest: first === undefined ? Number.POSITIVE_INFINITY : dueOf(first) };
  }
}
