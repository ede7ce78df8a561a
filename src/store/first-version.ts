// Rows of the first version, in which one class had every role: groups, the directory and recurring tasks were
// objects of the queues' class, under names no queue can have. Their roles' own classes take them over.
import { text } from "./rows.ts";
import type { Row, Sql } from "./sql.ts";

/** Tables of those roles: the column rows are read in the order of, and rows of one page (a message is 32 MiB). */
const TABLES = {
  meta: { key: "key", page: 100 },
  known_queues: { key: "name", page: 1000 },
  removed_queues: { key: "name", page: 1000 },
  recurring: { key: "name", page: 1000 },
  members: { key: "idx", page: 100 },
  parts: { key: "number", page: 10 },
} as const;

export type FormerTable = keyof typeof TABLES;

/** A page of the rows behind `after`, and what the next page is asked with; without it there is none. */
export interface FormerPage {
  rows: Row[];
  after?: string | number;
}

/** Before every key: SQLite sorts numbers before texts. */
export const FIRST = -1;

export function formerRows(sql: Sql, table: FormerTable, after: string | number): FormerPage {
  const { key, page } = TABLES[table];
  const query = `SELECT * FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ? + 0`;
  const rows = sql.rows(query, after, page);
  const last = rows.at(-1)?.[key];
  return rows.length < page ? { rows } : { rows, after: last as string | number };
}

/** Inside a commit. Names the directory had. */
export function adoptQueues(sql: Sql, known: readonly Row[], removed: readonly Row[]): void {
  for (const row of known) {
    sql.run("INSERT OR IGNORE INTO known_queues (name) VALUES (?)", text(row, "name"));
  }
  const query = "INSERT OR IGNORE INTO removed_queues (name, until) VALUES (?, ?)";
  for (const { name, until } of removed) sql.run(query, name ?? null, until ?? null);
}

/** Inside a commit. How far entries of cron.yaml had come. */
export function adoptSchedules(sql: Sql, rows: readonly Row[]): void {
  const columns = ["name", "schedule", "handled", "paused", "last"];
  const query = `INSERT OR IGNORE INTO schedules (${columns.join(", ")}) VALUES (?, ?, ?, ?, ?)`;
  for (const row of rows) sql.run(query, ...columns.map((column) => row[column] ?? null));
}

/** Inside a commit. How subtasks of a group ended. */
export function adoptMembers(sql: Sql, rows: readonly Row[]): void {
  const columns = ["idx", "queue", "name", "state", "result", "error"];
  const query = `INSERT OR IGNORE INTO members (${columns.join(", ")}) VALUES (?, ?, ?, ?, ?, ?)`;
  for (const row of rows) sql.run(query, ...columns.map((column) => row[column] ?? null));
}

/** Inside a commit. Subtasks that had not reached their queues. */
export function adoptBatches(sql: Sql, rows: readonly Row[]): void {
  const query = "INSERT OR IGNORE INTO batches (number, queue, tasks) VALUES (?, ?, ?)";
  for (const { number, queue, tasks } of rows) {
    sql.run(query, number ?? null, queue ?? null, tasks ?? null);
  }
}
