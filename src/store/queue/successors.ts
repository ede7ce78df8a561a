// Tasks that wait for the one of their name to end, one to each name: they are not on the queue before. The task that
// has the name is debounced or throttled, and under way.
import { NO_SPEC, type TaskSpec } from "../../core/task/task.ts";
import { integer, optionalBody, optionalJson, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import { specJson } from "./tasks.ts";

/** Such a task; times in ms since 1970. */
export interface Successor {
  name: string;
  due: number;
  createdAt: number;
  spec: TaskSpec;
  body: string | Uint8Array | undefined;
}

const COLUMNS = "name, due, created, spec, body";

export class Successors {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Puts it in the place of the one that waits, if one does. */
  put({ name, due, createdAt, spec, body }: Successor): void {
    const query = `INSERT OR REPLACE INTO successors (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`;
    this.#sql.run(query, name, due, createdAt, specJson(spec), body ?? null);
  }

  of(name: string): Successor | undefined {
    const query = `SELECT ${COLUMNS} FROM successors WHERE name = ?`;
    const [row] = this.#sql.rows(query, name);
    return row && successorOf(row);
  }

  remove(name: string): void {
    this.#sql.run("DELETE FROM successors WHERE name = ?", name);
  }

  /** Of tasks with `after < key <= upTo`, which are deleted with them. */
  removeBetween(after: number, upTo: number): void {
    const query = `DELETE FROM successors
      WHERE name IN (SELECT name FROM tasks WHERE key > ? AND key <= ? AND named = 1)`;
    this.#sql.run(query, after, upTo);
  }

  /** Names of those that wait for nobody: a version that knows nothing of them has ended the task before. */
  orphans(): string[] {
    const query = `SELECT name FROM successors
      WHERE name NOT IN (SELECT name FROM names WHERE state = 'live')`;
    return this.#sql.rows(query).map((row) => text(row, "name"));
  }

  clear(): void {
    this.#sql.run("DELETE FROM successors");
  }
}

function successorOf(row: Row): Successor {
  return {
    name: text(row, "name"),
    due: integer(row, "due"),
    createdAt: integer(row, "created"),
    spec: optionalJson<TaskSpec>(row, "spec") ?? NO_SPEC,
    body: optionalBody(row, "body"),
  };
}
