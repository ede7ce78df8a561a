// What each role of object keeps on disk, as numbered migrations. Append only: a deployed object has
// already run those that are listed here. docs/storage.md describes the tables for readers.
import { text } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** One or more statements, or what depends on the tables it meets. */
export type Migration = string | ((sql: Sql) => void);

// A task's row key is its due time, so that adding, finishing and finding the next are one row each and
// a million waiting tasks change nothing. Bodies stay out of WITHOUT ROWID tables, where they would
// swell the tree that look-ups walk. The first seven date from when one class had every role.
export const QUEUE_MIGRATIONS: readonly Migration[] = [
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
  renameGroupTables,
  // For versions before: they find every table they know, under its name and with its columns.
  `CREATE TABLE IF NOT EXISTS known_queues (name TEXT PRIMARY KEY) WITHOUT ROWID;
   CREATE TABLE IF NOT EXISTS removed_queues (
     name TEXT PRIMARY KEY,
     until INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE IF NOT EXISTS parts (
     number INTEGER PRIMARY KEY,
     queue TEXT NOT NULL,
     tasks TEXT NOT NULL
   );
   CREATE TABLE IF NOT EXISTS members (
     idx INTEGER PRIMARY KEY,
     queue TEXT NOT NULL,
     name TEXT,
     state TEXT NOT NULL,
     result TEXT,
     error TEXT
   );
   CREATE TABLE IF NOT EXISTS recurring (
     name TEXT PRIMARY KEY,
     schedule TEXT NOT NULL,
     handled INTEGER NOT NULL,
     paused INTEGER NOT NULL,
     last TEXT
   ) WITHOUT ROWID;
   CREATE VIEW IF NOT EXISTS news AS SELECT row, grp, entries FROM group_events;
   CREATE TRIGGER IF NOT EXISTS news_put INSTEAD OF INSERT ON news BEGIN
     INSERT OR REPLACE INTO group_events (row, grp, entries) VALUES (new.row, new.grp, new.entries);
   END;
   CREATE TRIGGER IF NOT EXISTS news_remove INSTEAD OF DELETE ON news BEGIN
     DELETE FROM group_events WHERE row = old.row;
   END;
   CREATE VIEW IF NOT EXISTS joined AS SELECT grp, batch AS part, cancelled FROM accepted_groups;
   CREATE TRIGGER IF NOT EXISTS joined_remove INSTEAD OF DELETE ON joined BEGIN
     DELETE FROM accepted_groups WHERE grp = old.grp;
   END;`,
  keepResultsWithNames,
  // Number 11 is taken: a version made tables with it that queues get with the first task that needs them
  // (queue/rule-tables.ts). What is new goes behind a "SELECT 1" in its place.
];

// The first version sets the number of migrations back to its own seven, so this one and those behind it run
// again over what they made.
function renameGroupTables(sql: Sql): void {
  if (isTable(sql, "news") && !replaceEmpty(sql, "news", GROUP_EVENTS)) {
    sql.run("ALTER TABLE news RENAME TO group_events");
  }
  if (!isTable(sql, "joined") || replaceEmpty(sql, "joined", ACCEPTED_GROUPS)) return;
  sql.run("ALTER TABLE joined RENAME TO accepted_groups");
  sql.run("ALTER TABLE accepted_groups RENAME COLUMN part TO batch");
}

const GROUP_EVENTS =
  "CREATE TABLE group_events (row INTEGER PRIMARY KEY, grp TEXT NOT NULL, entries TEXT NOT NULL)";
const ACCEPTED_GROUPS = `CREATE TABLE accepted_groups (
  grp TEXT PRIMARY KEY,
  batch INTEGER NOT NULL,
  cancelled INTEGER NOT NULL
) WITHOUT ROWID`;
const LARGE_RESULTS = `CREATE TABLE large_results (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  type TEXT,
  body BLOB NOT NULL
)`;

/**
 * Makes another table in place of one without rows; false when there are some. To rename a table writes every row of
 * the schema, which for an object that is new was half of all it wrote.
 */
function replaceEmpty(sql: Sql, table: string, made: string): boolean {
  if (sql.rows(`SELECT 1 FROM ${table} LIMIT 1`).length > 0) return false;
  sql.run(`DROP TABLE ${table}`);
  sql.run(made);
  return true;
}

// A result that is small lies in the row of its name, where it costs none of its own. Versions before look in `results`
// with the key in that row. That key is a constant, so that they are spared reading all names in search of others.
function keepResultsWithNames(sql: Sql): void {
  if (!isTable(sql, "results")) return;
  if (!replaceEmpty(sql, "results", LARGE_RESULTS)) {
    sql.run("ALTER TABLE results RENAME TO large_results");
  }
  sql.run("ALTER TABLE names ADD COLUMN type TEXT");
  sql.run("ALTER TABLE names ADD COLUMN body BLOB");
  sql.run(`CREATE VIEW results AS
    SELECT key, name, type, body FROM large_results
    UNION ALL SELECT -1, name, type, body FROM names WHERE body IS NOT NULL`);
  sql.run(`CREATE TRIGGER results_put INSTEAD OF INSERT ON results BEGIN
    INSERT INTO large_results (key, name, type, body)
      VALUES (new.key, new.name, new.type, new.body);
  END`);
  sql.run(`CREATE TRIGGER results_remove INSTEAD OF DELETE ON results BEGIN
    DELETE FROM large_results WHERE key = old.key;
  END`);
}

function isTable(sql: Sql, name: string): boolean {
  const query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
  return sql.rows(query, name).length > 0;
}

export const GROUP_MIGRATIONS: readonly Migration[] = [
  `CREATE TABLE batches (number INTEGER PRIMARY KEY, queue TEXT NOT NULL, tasks TEXT NOT NULL);
   CREATE TABLE members (
     idx INTEGER PRIMARY KEY,
     queue TEXT NOT NULL,
     name TEXT,
     state TEXT NOT NULL,
     result TEXT,
     error TEXT
   );`,
];

export const CRON_MIGRATIONS: readonly Migration[] = [
  `CREATE TABLE schedules (
     name TEXT PRIMARY KEY,
     schedule TEXT NOT NULL,
     handled INTEGER NOT NULL,
     paused INTEGER NOT NULL,
     last TEXT
   ) WITHOUT ROWID;`,
];

export const DIRECTORY_MIGRATIONS: readonly Migration[] = [
  `CREATE TABLE known_queues (name TEXT PRIMARY KEY) WITHOUT ROWID;
   CREATE TABLE removed_queues (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;`,
  `CREATE TABLE IF NOT EXISTS summaries (
     name TEXT PRIMARY KEY,
     view TEXT,
     entry TEXT NOT NULL,
     until INTEGER,
     active INTEGER NOT NULL
   ) WITHOUT ROWID;`,
  "ALTER TABLE summaries ADD COLUMN totals TEXT;",
  `CREATE TABLE IF NOT EXISTS audit (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     who TEXT NOT NULL,
     what TEXT NOT NULL,
     queue TEXT,
     name TEXT,
     begun INTEGER NOT NULL,
     done INTEGER NOT NULL,
     refused INTEGER NOT NULL,
     count INTEGER NOT NULL,
     error TEXT
   );`,
];

/**
 * Brings the tables up to date; on an object that is, it reads one row and writes none. The number is
 * never lowered: an older version over the rows of a newer one leaves them as they are.
 */
export function migrate(sql: Sql, migrations: readonly Migration[]): void {
  sql.run(
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
  );
  const [row] = sql.rows("SELECT value FROM meta WHERE key = 'schema'");
  const done = row ? Number(text(row, "value")) : 0;
  if (done >= migrations.length) return;
  sql.transaction(() => {
    for (const migration of migrations.slice(done)) {
      if (typeof migration === "string") sql.run(migration);
      else migration(sql);
    }
    const query = "INSERT OR REPLACE INTO meta (key, value) VALUES ('schema', ?)";
    sql.run(query, `${migrations.length}`);
  });
}
