// Names: a live task's row says where the task lies, and when the task ends the same row becomes its
// tombstone. A name lies in it at most once, which is what makes it accepted once. A task without a
// name of its own gets a row only when it moves (a retry) or fails, so that it can still be found.
import type { Progress } from "../../core/task/task.ts";
import { optionalInteger, optionalJson, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";

/**
 * `live`: the named task lies at `key`. `moved`: the same for a task with a generated name. `failed`: it
 * failed and its record lies at `key` of the failed tasks. `done`, `deleted`: tombstones, and where
 * a done task left a result, it lies at `key` of the results.
 */
export type NameState = "live" | "moved" | "failed" | "done" | "deleted";

/** What a tombstone remembers of its task, times in ms since 1970. */
export interface TaskRecord {
  createdAt: number;
  endedAt: number;
  progress: Progress;
}

export interface NameRow {
  name: string;
  state: NameState;
  key: number | null;
  /** When the name is free again, ms since 1970; null while its task lives. */
  expires: number | null;
  record: TaskRecord | undefined;
}

/** Which names: those that begin with `prefix`, behind `after` in their order, `limit` at most. */
export interface NameQuery {
  prefix: string;
  after: string;
  limit: number;
}

const COLUMNS = "name, state, key, expires, record";
/** Names one page may look at to find those whose task has ended. */
const SCAN = 5000;
/** Comes after every character a name can have. */
const LAST_CHARACTER = "~";
const RANGE = "FROM names WHERE name > ? AND name >= ? AND name < ? ORDER BY name";

export class Names {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The row of a name that is taken or tombstoned at `now`; an expired tombstone is as good as none. */
  find(name: string, now: number): NameRow | undefined {
    const row = this.#sql.rows(`SELECT ${COLUMNS} FROM names WHERE name = ?`, name)[0];
    const found = row && nameOf(row);
    return found && (found.expires === null || found.expires > now) ? found : undefined;
  }

  /** The task of this name lies at `key` from now on. */
  place(name: string, state: "live" | "moved", key: number): void {
    this.#put({ name, state, key, expires: null, record: undefined });
  }

  /** The task of this name has ended; the row stays until `expires`. */
  end(
    name: string,
    state: "failed" | "done" | "deleted",
    expires: number,
    record: TaskRecord,
    key: number | null,
  ): void {
    this.#put({ name, state, key, expires, record });
  }

  /** Names that at `now` nothing but a tombstone holds; and behind which one to go on, if there may be more. */
  ended({ prefix, after, limit }: NameQuery, now: number): { rows: NameRow[]; next?: string } {
    const range = [after, prefix, prefix + LAST_CHARACTER];
    const query = `SELECT * FROM (SELECT ${COLUMNS} ${RANGE} LIMIT ${SCAN}) AS n
      WHERE expires > ? AND NOT EXISTS
        (SELECT 1 FROM failed WHERE failed.key = n.key AND failed.name = n.name) LIMIT ?`;
    const rows = this.#sql.rows(query, ...range, now, limit).map(nameOf);
    const scanned = `SELECT name ${RANGE} LIMIT 1 OFFSET ${SCAN - 1}`;
    const [lastScanned] = this.#sql.rows(scanned, ...range);
    const next =
      rows.length === limit ? rows.at(-1)?.name : lastScanned && text(lastScanned, "name");
    return next === undefined ? { rows } : { rows, next };
  }

  /** Frees a name at once. */
  remove(name: string): void {
    this.#sql.run("DELETE FROM names WHERE name = ?", name);
  }

  clear(): void {
    this.#sql.run("DELETE FROM names");
  }

  /** Before the tasks with `after < key <= upTo` are deleted: their names become tombstones until `expires`. */
  endTasks(after: number, upTo: number, now: number, expires: number): void {
    const record: TaskRecord = {
      ...{ createdAt: now, endedAt: now },
      progress: { retryCount: 0, executionCount: 0, attempts: [] },
    };
    const theirs = "name IN (SELECT name FROM tasks WHERE key > ? AND key <= ?)";
    this.#sql.run(`DELETE FROM names WHERE state = 'moved' AND ${theirs}`, after, upTo);
    this.#sql.run(
      `UPDATE names SET state = 'deleted', key = NULL, expires = ?, record = ?
        WHERE state = 'live' AND ${theirs}`,
      ...[expires, JSON.stringify(record), after, upTo],
    );
  }

  /**
   * Looks at up to `limit` names after `after` and removes those that have expired: where to go on
   * (undefined at the end), and the earliest expiry among those that stay.
   */
  sweep(after: string, now: number, limit: number): { next: string | undefined; earliest: number } {
    const query = "SELECT name, expires FROM names WHERE name > ? ORDER BY name LIMIT ?";
    const rows = this.#sql.rows(query, after, limit).map((row) => ({
      name: text(row, "name"),
      expires: optionalInteger(row, "expires"),
    }));
    let earliest = Number.POSITIVE_INFINITY;
    for (const { name, expires } of rows) {
      if (expires === undefined) continue;
      if (expires <= now) this.remove(name);
      else earliest = Math.min(earliest, expires);
    }
    const last = rows.length === limit ? rows.at(-1)?.name : undefined;
    return { next: last, earliest };
  }

  #put({ name, state, key, expires, record }: NameRow): void {
    this.#sql.run(
      `INSERT OR REPLACE INTO names (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`,
      ...[name, state, key, expires, record === undefined ? null : JSON.stringify(record)],
    );
  }
}

function nameOf(row: Row): NameRow {
  return {
    name: text(row, "name"),
    state: text(row, "state") as NameState,
    key: optionalInteger(row, "key") ?? null,
    expires: optionalInteger(row, "expires") ?? null,
    record: optionalJson<TaskRecord>(row, "record"),
  };
}
