// What rules at add need on disk: tables for when tasks expire, for those that have, and for tasks that wait for one of
// their name to end. Made with the first of them, so that queues without have nothing of them.
import type { Sql } from "../sql.ts";
import type { QueueMeta } from "./queue-meta.ts";

// Versions there were made them for every queue, so they may be there.
const TABLES = [
  `CREATE TABLE IF NOT EXISTS expiries (
     at INTEGER NOT NULL,
     name TEXT NOT NULL,
     PRIMARY KEY (at, name)
   ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS expired (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     due INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   )`,
  `CREATE TABLE IF NOT EXISTS successors (
     name TEXT PRIMARY KEY,
     due INTEGER NOT NULL,
     created INTEGER NOT NULL,
     spec TEXT,
     body BLOB
   )`,
];

export class RuleTables {
  readonly #sql: Sql;
  readonly #meta: QueueMeta;

  constructor(sql: Sql, meta: QueueMeta) {
    this.#sql = sql;
    this.#meta = meta;
  }

  /** Whether they may have rows, without which they are not looked at. */
  get exist(): boolean {
    return this.#meta.get("ruled") ?? false;
  }

  /** Inside a commit, before the first row; true when they were not in use. */
  make(): boolean {
    if (this.exist) return false;
    this.#meta.set("ruled", true);
    for (const table of TABLES) this.#sql.run(table);
    return true;
  }
}
