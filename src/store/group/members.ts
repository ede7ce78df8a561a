// How each subtask of a group ended. A subtask has a row once an event of it has arrived; its number is
// the row's key.
import { type Result, resultFromStored, type StoredResult } from "../../core/task/result.ts";
import type { GroupEvent, SubtaskState } from "../queue/group-outbox.ts";
import { integer, optionalJson, optionalText, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";

/** How one subtask ended. */
export interface Member {
  index: number;
  queue: string;
  name: string | undefined;
  state: SubtaskState;
  result?: Result;
  error?: string;
}

const COLUMNS = "idx, queue, name, state, result, error";

const INSERT = `INSERT INTO members (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;

// The WHERE keeps the parser from reading ON CONFLICT as a join's.
const INSERT_NEW = `INSERT INTO members (${COLUMNS})
  SELECT value ->> 'index', ?, value ->> 'name', value ->> 'state', value -> 'result', value ->> 'error'
  FROM json_each(?) WHERE true ON CONFLICT DO NOTHING RETURNING idx`;

export class Members {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The state a subtask was last known in; `open` before any event of it. */
  stateOf(index: number): SubtaskState {
    const [row] = this.#sql.rows("SELECT state FROM members WHERE idx = ?", index);
    return row ? (text(row, "state") as SubtaskState) : "open";
  }

  /** Stores a subtask's first event; false when there was one before. */
  addFirst(queue: string, { index, name, state, result, error }: GroupEvent): boolean {
    const values = [index, queue, name, state, result && JSON.stringify(result), error];
    return this.#sql.run(INSERT, ...values.map((value) => value ?? null)) > 0;
  }

  /** Stores the events of subtasks that had none before, in one statement; the numbers of those. */
  addNew(queue: string, events: readonly GroupEvent[]): Set<number> {
    const rows = this.#sql.rows(INSERT_NEW, queue, JSON.stringify(events));
    return new Set(rows.map((row) => integer(row, "idx")));
  }

  put(queue: string, { index, name, state, result, error }: GroupEvent): void {
    const values = [index, queue, name, state, result && JSON.stringify(result), error];
    this.#sql.run(
      `INSERT OR REPLACE INTO members (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`,
      ...values.map((value) => value ?? null),
    );
  }

  /** How many are in each state. Reads them all. */
  count(): Partial<Record<SubtaskState, number>> {
    const rows = this.#sql.rows("SELECT state, count(*) AS n FROM members GROUP BY state");
    return Object.fromEntries(rows.map((row) => [text(row, "state"), integer(row, "n")]));
  }

  /** A page in the order of their numbers, those after `after`. */
  list(after: number, limit: number): Member[] {
    const query = `SELECT ${COLUMNS} FROM members WHERE idx > ? ORDER BY idx LIMIT ?`;
    return this.#sql.rows(query, after, limit).map(memberOf);
  }

  clear(): void {
    this.#sql.run("DELETE FROM members");
  }
}

function memberOf(row: Row): Member {
  const result = optionalJson<StoredResult>(row, "result");
  const error = optionalText(row, "error");
  return {
    index: integer(row, "idx"),
    queue: text(row, "queue"),
    name: optionalText(row, "name"),
    state: text(row, "state") as SubtaskState,
    ...(result && { result: resultFromStored(result) }),
    ...(error !== undefined && { error }),
  };
}
