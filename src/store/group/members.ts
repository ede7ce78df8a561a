// A group's own memory: the parts of it that are not on their queues yet, and how each subtask ended. A
// subtask has a row once there is news of it, and its number is the row's key.
import type { Result } from "../../core/task/result.ts";
import { resultFromStored } from "../../core/task/result.ts";
import type { Entry, MemberState } from "../queue/group-outbox.ts";
import type { Sql } from "../sql.ts";

/** Subtasks for one queue, as they are to be added; `tasks[i]` is number `indexes[i]` of the group. */
export interface Part {
  number: number;
  queue: string;
  indexes: number[];
  tasks: object[];
}

/** How one subtask ended. */
export interface Member {
  index: number;
  queue: string;
  name: string | null;
  state: MemberState;
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

  addPart({ number, queue, indexes, tasks }: Part): void {
    const json = JSON.stringify({ indexes, tasks });
    this.#sql.run("INSERT INTO parts (number, queue, tasks) VALUES (?, ?, ?)", number, queue, json);
  }

  /** Of each queue the first part that is not there yet. */
  nextParts(): Part[] {
    const query = "SELECT min(number) AS number, queue, tasks FROM parts GROUP BY queue";
    return this.#sql.rows(query).map(({ number, queue, tasks }) => ({
      number: number as number,
      queue: queue as string,
      ...JSON.parse(tasks as string),
    }));
  }

  hasParts(): boolean {
    return this.#sql.rows("SELECT 1 FROM parts LIMIT 1").length > 0;
  }

  removePart(number: number): void {
    this.#sql.run("DELETE FROM parts WHERE number = ?", number);
  }

  /** The state a subtask was last known in; `open` before there was news of it. */
  stateOf(index: number): MemberState {
    const [row] = this.#sql.rows("SELECT state FROM members WHERE idx = ?", index);
    return (row?.state as MemberState | undefined) ?? "open";
  }

  /** Takes down the first that is heard of a subtask; false when there was something before. */
  isFirst(queue: string, { index, name, state, result, error }: Entry): boolean {
    const values = [index, queue, name, state, result && JSON.stringify(result), error];
    return this.#sql.run(INSERT, ...values.map((value) => value ?? null)) > 0;
  }

  /** Takes down what is heard of these subtasks where there was nothing before; their numbers. */
  addNew(queue: string, entries: readonly Entry[]): Set<number> {
    const rows = this.#sql.rows(INSERT_NEW, queue, JSON.stringify(entries));
    return new Set(rows.map(({ idx }) => idx as number));
  }

  put(queue: string, { index, name, state, result, error }: Entry): void {
    this.#sql.run(
      `INSERT OR REPLACE INTO members (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`,
      ...[index, queue, name ?? null, state, result && JSON.stringify(result), error].map(
        (value) => value ?? null,
      ),
    );
  }

  /** How many are in each state. Reads them all. */
  count(): Partial<Record<MemberState, number>> {
    const rows = this.#sql.rows("SELECT state, count(*) AS n FROM members GROUP BY state");
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  }

  /** A page in the order of their numbers, those after `after`. */
  list(after: number, limit: number): Member[] {
    const query = `SELECT ${COLUMNS} FROM members WHERE idx > ? ORDER BY idx LIMIT ?`;
    return this.#sql.rows(query, after, limit).map((row) => ({
      index: row.idx as number,
      queue: row.queue as string,
      name: row.name as string | null,
      state: row.state as MemberState,
      ...(row.result === null
        ? {}
        : { result: resultFromStored(JSON.parse(row.result as string)) }),
      ...(row.error === null ? {} : { error: row.error as string }),
    }));
  }

  clear(): void {
    this.#sql.run("DELETE FROM parts");
    this.#sql.run("DELETE FROM members");
  }
}
