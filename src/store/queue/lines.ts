// The lines of a queue: the tasks of one key, and those without a key that have a priority of their own. A task in a
// line has two columns more and a place in an index, which SQLite keeps right whoever moves or removes the row, a
// version that knows nothing of lines too. Removing from an index is not billed: a task in a line costs one row more.
import { DEFAULT_PRIORITY } from "../../core/task/task.ts";
import { integer, json, optionalInteger, optionalText, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import { LAST_EXPEDITED_KEY } from "./row-key.ts";
import { TASK_COLUMNS, type TaskRow, taskOf } from "./tasks.ts";

/** Where a task stands in its line; the line of tasks without a key is "". */
export interface LinePlace {
  key: number;
  line: string;
  priority: number;
}

/** Rows of tasks in lines, as who takes turns between lines reads them. */
export interface LineRows {
  /** Tasks with `after < key <= upTo` in due order, a page of them. */
  inOrder(after: number, upTo: number, limit: number): LinePlace[];
  /** Those without a key among the `window` tasks that are next, and how far it has looked. */
  withoutKey(
    after: number,
    upTo: number,
    window: number,
  ): { places: readonly LinePlace[]; last: number };
  /** Keys of tasks of one priority in a line. */
  ofPriority(
    line: string,
    priority: number,
    between: readonly [after: number, upTo: number],
    limit: number,
  ): number[];
  /** Keys of tasks in no line among the `window` that are next, up to `limit`; and how far it has looked. */
  plain(
    after: number,
    upTo: number,
    limit: number,
    window: number,
  ): { keys: number[]; last: number };
  /**
   * Of each priority in a line the first task with a key up to `upTo`; of those that have begun (BEGUN) the first,
   * whenever it is due.
   */
  firstOfEach(line: string, upTo: number): { priority: number; key: number }[];
  /** Tasks of the lines behind the line `after`, a page of them, line by line. */
  behind(after: string, limit: number): LinePlace[];
  /** Lines behind the line `after`, a page of them, whose tasks are passed over. */
  namesBehind(after: string, limit: number): string[];
}

const IN_ORDER = `SELECT key, line, priority FROM tasks
  WHERE key > ? AND key <= ? ORDER BY key LIMIT ? + 0`;
const WITHOUT_KEY = `SELECT key, line, priority FROM tasks
  WHERE (line IS NULL OR line = '') AND key > ? AND key <= ? ORDER BY key`;
const OF_PRIORITY = `SELECT key FROM tasks INDEXED BY lines
  WHERE line = ? AND priority = ? AND key > ? AND key <= ? ORDER BY key LIMIT ? + 0`;
const PLAIN = `SELECT key FROM tasks
  WHERE line IS NULL AND key > ? AND key <= ? ORDER BY key LIMIT ? + 0`;
const LAST_OF_WINDOW = `SELECT key FROM tasks WHERE key > ? AND key <= ?
  ORDER BY key LIMIT 1 OFFSET ? - 1`;
const FIRST_OF_EACH = `SELECT place.value AS priority, (
    SELECT min(key) FROM tasks INDEXED BY lines WHERE line = ?1 AND priority = place.value
      AND key > ${LAST_EXPEDITED_KEY} AND key <= iif(place.value < 0, ${Number.MAX_SAFE_INTEGER}, ?2)
  ) AS key FROM json_each('[-1,0,1,2,3,4,5,6,7,8,9]') AS place`;
const BEHIND_LINE = placesTogether(`SELECT key, line, priority FROM tasks INDEXED BY lines
  WHERE line > ? ORDER BY line, priority, key LIMIT ? + 0`);
export const NAMES_BEHIND = `WITH RECURSIVE names (line) AS (
    SELECT (SELECT min(line) FROM tasks INDEXED BY lines WHERE line > ?1)
    UNION ALL
    SELECT (SELECT min(line) FROM tasks INDEXED BY lines WHERE line > names.line)
      FROM names WHERE line IS NOT NULL LIMIT ?2 + 0
  ) SELECT line FROM names WHERE line IS NOT NULL`;
const AT_KEYS = `SELECT ${TASK_COLUMNS.replace("key", "tasks.key AS key")}, line
  FROM json_each(?) AS place CROSS JOIN tasks ON tasks.key = place.value`;

export class StoredLines implements LineRows {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  inOrder(after: number, upTo: number, limit: number): LinePlace[] {
    return this.#sql.rows(IN_ORDER, after, upTo, limit).map(placeOf);
  }

  ofPriority(
    line: string,
    priority: number,
    [after, upTo]: readonly [number, number],
    limit: number,
  ): number[] {
    return this.#sql.rows(OF_PRIORITY, line, priority, after, upTo, limit).map(keyOf);
  }

  withoutKey(after: number, upTo: number, window: number) {
    const last = this.#lastOf(window, after, upTo);
    return { places: this.#sql.rows(WITHOUT_KEY, after, last).map(placeOf), last };
  }

  /** The key of the last of so many that are next; `upTo` where there are fewer. */
  #lastOf(window: number, after: number, upTo: number): number {
    const [row] = this.#sql.rows(LAST_OF_WINDOW, after, upTo, window);
    return row ? keyOf(row) : upTo;
  }

  plain(after: number, upTo: number, limit: number, window: number) {
    const last = this.#lastOf(window, after, upTo);
    const keys = this.#sql.rows(PLAIN, after, last, limit).map(keyOf);
    return { keys, last: keys.length === limit ? (keys.at(-1) as number) : last };
  }

  firstOfEach(line: string, upTo: number): { priority: number; key: number }[] {
    return this.#sql.rows(FIRST_OF_EACH, line, upTo).flatMap((row) => {
      const key = optionalInteger(row, "key");
      return key === undefined ? [] : { priority: integer(row, "priority"), key };
    });
  }

  behind(after: string, limit: number): LinePlace[] {
    return placesOf(this.#sql.rows(BEHIND_LINE, after, limit));
  }

  namesBehind(after: string, limit: number): string[] {
    return this.#sql.rows(NAMES_BEHIND, after, limit).map((row) => text(row, "line"));
  }

  /** The tasks at these keys, in this order, with their lines; fewer, when some are gone. */
  at(keys: readonly number[]): { task: TaskRow; line: string }[] {
    return this.#sql
      .rows(AT_KEYS, JSON.stringify(keys))
      .map((row) => ({ task: taskOf(row), line: optionalText(row, "line") ?? "" }));
  }
}

/** The places that a query with a limit gives, in its order, in one row: one for each costs several times as much to read. */
export function placesTogether(query: string): string {
  const list = (column: string) => `json_group_array(${column}) AS ${column}`;
  return `SELECT ${list("key")}, ${list("line")}, ${list("priority")} FROM (${query})`;
}

export function placesOf([row]: readonly Row[]): LinePlace[] {
  if (!row) return [];
  const list = <T>(column: string) => json<T[]>(row, column);
  const [lines, priorities] = [list<string>("line"), list<number | null>("priority")];
  return list<number>("key").map((key, i) => ({
    key,
    line: lines[i] as string,
    priority: priorities[i] ?? DEFAULT_PRIORITY,
  }));
}

export function keyOf(row: Row): number {
  return integer(row, "key");
}

export function placeOf(row: Row): LinePlace {
  const priority = optionalInteger(row, "priority") ?? DEFAULT_PRIORITY;
  return { key: keyOf(row), line: optionalText(row, "line") ?? "", priority };
}
