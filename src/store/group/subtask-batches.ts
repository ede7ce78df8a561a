// Subtasks of a group that are not on their queues yet, in batches: a batch is one row, and one message.
import { integer, json, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";

/** Subtasks for one queue, as they are to be added; `tasks[i]` is number `indexes[i]` of the group. */
export interface SubtaskBatch {
  number: number;
  queue: string;
  indexes: number[];
  tasks: object[];
}

export class SubtaskBatches {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add({ number, queue, indexes, tasks }: SubtaskBatch): void {
    const query = "INSERT INTO batches (number, queue, tasks) VALUES (?, ?, ?)";
    this.#sql.run(query, number, queue, JSON.stringify({ indexes, tasks }));
  }

  /** Of each queue the first batch that is not there yet. */
  next(): SubtaskBatch[] {
    const query = "SELECT min(number) AS number, queue, tasks FROM batches GROUP BY queue";
    return this.#sql.rows(query).map(batchOf);
  }

  /** Those behind this number, in their order. */
  after(number: number, limit: number): SubtaskBatch[] {
    const query =
      "SELECT number, queue, tasks FROM batches WHERE number > ? ORDER BY number LIMIT ?";
    return this.#sql.rows(query, number, limit).map(batchOf);
  }

  any(): boolean {
    return this.#sql.rows("SELECT 1 FROM batches LIMIT 1").length > 0;
  }

  /** False when it is no longer there. */
  remove(number: number): boolean {
    return this.#sql.run("DELETE FROM batches WHERE number = ?", number) > 0;
  }

  clear(): void {
    this.#sql.run("DELETE FROM batches");
  }
}

function batchOf(row: Row): SubtaskBatch {
  return {
    number: integer(row, "number"),
    queue: text(row, "queue"),
    ...json<Pick<SubtaskBatch, "indexes" | "tasks">>(row, "tasks"),
  };
}
