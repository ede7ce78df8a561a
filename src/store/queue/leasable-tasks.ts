// The tasks of a pull queue as leasing reads them: rows in key order, without bodies. A lease is a column of the
// row and does not move it, so a task keeps its key: one row is written for each lease.
import type { Progress } from "../../core/task/task.ts";
import { integer, optionalInteger, optionalText, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import { dueOf } from "./row-key.ts";
import { progressJson } from "./tasks.ts";

/** The part of a task's row that leasing needs. */
export interface LeasableRow {
  key: number;
  name: string;
  /** When it was first due, and when it was added, ms since 1970. */
  due: number;
  created: number;
  /** When its last lease ends or ended, ms since 1970. */
  lease: number | undefined;
  tag: string | undefined;
}

const ALL = `SELECT key, name, created, lease, spec ->> 'tag' AS tag FROM tasks
  WHERE key > ? AND key <= ? ORDER BY key LIMIT ? + 0`;
const TAGGED = `SELECT key, name, created, lease, tag FROM tags JOIN tasks USING (key)
  WHERE tag = ? AND key > ? AND key <= ? ORDER BY key LIMIT ? + 0`;

export class LeasableTasks {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** A page of rows with `after < key <= upTo`; of one tag, if it is given. */
  page(tag: string | undefined, after: number, upTo: number, limit: number): LeasableRow[] {
    const rows =
      tag === undefined
        ? this.#sql.rows(ALL, after, upTo, limit)
        : this.#sql.rows(TAGGED, tag, after, upTo, limit);
    return rows.map(leasableOf);
  }

  /** The task at this key, if there is one. */
  at(key: number): LeasableRow | undefined {
    return this.page(undefined, key - 1, key, 1)[0];
  }

  /** Writes a lease into its row; false when the task is no longer there. */
  lease({ key, name }: { key: number; name: string }, lease: number, progress: Progress): boolean {
    const query = "UPDATE tasks SET lease = ?, progress = ? WHERE key = ? AND name = ?";
    return this.#sql.run(query, lease, progressJson(progress), key, name) > 0;
  }

  /** Takes a lease out of its row; false when the task is no longer there, or leased otherwise. */
  unlease(task: { key: number; name: string; lease?: number }, progress: Progress): boolean {
    const query =
      "UPDATE tasks SET lease = NULL, progress = ? WHERE key = ? AND name = ? AND lease = ?";
    const { key, name, lease = null } = task;
    return this.#sql.run(query, progressJson(progress), key, name, lease) > 0;
  }
}

function leasableOf(row: Row): LeasableRow {
  const key = integer(row, "key");
  return {
    key,
    name: text(row, "name"),
    due: dueOf(key),
    created: integer(row, "created"),
    lease: optionalInteger(row, "lease"),
    tag: optionalText(row, "tag"),
  };
}
