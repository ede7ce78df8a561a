// What an object keeps on disk, as numbered migrations. Append only: a deployed object has already run
// those that stand here. docs/storage.md describes the tables for readers.
import type { Sql } from "./sql.ts";

// A task's row key is its due time, so that adding, finishing and finding the next are one row each and
// a million waiting tasks change nothing. Bodies stay out of WITHOUT ROWID tables, where they would
// swell the tree that look-ups walk.
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE tasks (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   );
   CREATE TABLE failed (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     named INTEGER NOT NULL,
     created INTEGER NOT NULL,
     due INTEGER NOT NULL,
     spec TEXT,
     progress TEXT,
     body BLOB
   );
   CREATE TABLE names (
     name TEXT PRIMARY KEY,
     state TEXT NOT NULL,
     key INTEGER,
     expires INTEGER,
     record TEXT
   ) WITHOUT ROWID;
   CREATE TABLE known_queues (name TEXT PRIMARY KEY) WITHOUT ROWID;`,
  `ALTER TABLE tasks ADD COLUMN lease INTEGER;
   CREATE TABLE tags (tag TEXT, key INTEGER, PRIMARY KEY (tag, key)) WITHOUT ROWID;`,
  `CREATE TABLE results (
     key INTEGER PRIMARY KEY,
     name TEXT NOT NULL,
     type TEXT,
     body BLOB NOT NULL
   );`,
  "CREATE TABLE outbox (key INTEGER PRIMARY KEY, name TEXT NOT NULL);",
  `CREATE TABLE news (row INTEGER PRIMARY KEY, grp TEXT NOT NULL, entries TEXT NOT NULL);
   CREATE TABLE joined (
     grp TEXT PRIMARY KEY,
     part INTEGER NOT NULL,
     cancelled INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE parts (number INTEGER PRIMARY KEY, queue TEXT NOT NULL, tasks TEXT NOT NULL);
   CREATE TABLE members (
     idx INTEGER PRIMARY KEY,
     queue TEXT NOT NULL,
     name TEXT,
     state TEXT NOT NULL,
     result TEXT,
     error TEXT
   );`,
  "CREATE TABLE removed_queues (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;",
  `CREATE TABLE recurring (
     name TEXT PRIMARY KEY,
     schedule TEXT NOT NULL,
     handled INTEGER NOT NULL,
     paused INTEGER NOT NULL,
     last TEXT
   ) WITHOUT ROWID;`,
];

/** Brings the tables up to date; on an object that is, it reads one row and writes none. */
export function migrate(sql: Sql): void {
  sql.run(
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
  );
  const done = Number(sql.rows("SELECT value FROM meta WHERE key = 'schema'")[0]?.value ?? 0);
  if (done === MIGRATIONS.length) return;
  sql.transaction(() => {
    for (const migration of MIGRATIONS.slice(done)) sql.run(migration);
    sql.run(
      "INSERT OR REPLACE INTO meta (key, value) VALUES ('schema', ?)",
      `${MIGRATIONS.length}`,
    );
  });
}
