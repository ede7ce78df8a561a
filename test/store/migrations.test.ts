// Versions in turns over the same rows: an older one finds every table it knows, a newer one is not put out by
// what an older one did.
import { describe, expect, it } from "vitest";
import { NO_PROGRESS } from "../../src/core/task/task.ts";
import { type Migration, migrate, QUEUE_MIGRATIONS } from "../../src/store/migrations.ts";
import { QueueStore } from "../../src/store/queue/queue-store.ts";
import { memorySql, queueTables } from "./sqlite.ts";

/** The statements the first version has for what it tells groups, in its own words. */
const FIRST_VERSION = {
  put: "INSERT OR REPLACE INTO news (row, grp, entries) VALUES (?, ?, ?)",
  all: "SELECT row, grp, entries FROM news ORDER BY row",
  remove: "DELETE FROM news WHERE row = ?",
  cancelled: "SELECT grp FROM joined WHERE cancelled = 1",
  part: "SELECT part FROM joined WHERE grp = ?",
  leave: "DELETE FROM joined WHERE grp = ?",
  clear: "DELETE FROM joined",
};

/** The first seven are the first version's, which sets the number to seven whatever it finds. */
function startFirstVersion(sql: ReturnType<typeof memorySql>): void {
  migrate(sql, QUEUE_MIGRATIONS.slice(0, 7));
  sql.run("UPDATE meta SET value = '7' WHERE key = 'schema'");
}

/** The statements the version before has for results, in its own words. */
const RESULTS_BEFORE = {
  name: "SELECT name, state, key, expires, record FROM names WHERE name = ?",
  at: "SELECT type, body FROM results WHERE key = ? AND name = ?",
  last: "SELECT max(key) AS key FROM results WHERE key BETWEEN ? AND ?",
  add: "INSERT INTO results VALUES (?, ?, ?, ?)",
  end: "INSERT OR REPLACE INTO names (name, state, key, expires, record) VALUES (?, ?, ?, ?, ?)",
  sweep: "DELETE FROM results WHERE key IN (SELECT key FROM results WHERE key <= ? LIMIT ?)",
  first: "SELECT min(key) AS key FROM results",
  clear: "DELETE FROM results",
};

/** The eleventh of the third version, in its own words: what rules at add need, for every queue. */
const THIRD_VERSION: readonly Migration[] = [
  ...QUEUE_MIGRATIONS.slice(0, 10),
  `CREATE TABLE IF NOT EXISTS expiries (
     at INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (at, name)
   ) WITHOUT ROWID;
   CREATE TABLE IF NOT EXISTS expired (
     key INTEGER PRIMARY KEY, name TEXT NOT NULL, named INTEGER NOT NULL, created INTEGER NOT NULL,
     due INTEGER NOT NULL, spec TEXT, progress TEXT, body BLOB
   );
   CREATE TABLE IF NOT EXISTS successors (
     name TEXT PRIMARY KEY, due INTEGER NOT NULL, created INTEGER NOT NULL, spec TEXT, body BLOB
   );`,
];
const RULED = ["expired", "expiries", "successors"];

function namesOfTables(sql: ReturnType<typeof memorySql>): unknown[] {
  return tablesOf(sql).map(({ name }) => name);
}

/** A task that has expired, one that may, and one with another behind it. */
function addRuled(store: QueueStore, sql: ReturnType<typeof memorySql>): void {
  sql.transaction(() => {
    const task = { due: NOW, body: undefined };
    const late = store.add({ ...task, name: "late", spec: { expires: 1 } }, NOW);
    const spec = { throttle: { seconds: 9 } };
    store.add({ ...task, name: "burst", spec }, NOW);
    store.ruled.follow({ ...task, name: "burst", createdAt: NOW, spec });
    store.add({ ...task, name: "may", spec: { expires: 9 } }, NOW);
    if ("added" in late)
      store.expire(late.added, NOW + 1000, { tombstoneTtl: 100, keepFailed: 40 });
  });
}

function expectRuled(store: QueueStore): void {
  expect(store.find("late", NOW)).toMatchObject({ kind: "failed" });
  expect(store.counts.expired()).toBe(1);
  expect(store.ruled.expiries.upTo(NOW + 9000, 9)).toEqual([{ at: NOW + 9000, name: "may" }]);
  expect(store.ruled.successors.of("burst")).toMatchObject({ due: NOW });
}

const NOW = Date.UTC(2030, 0, 1);

/** A queue of today with a small result and a large one. */
function withResults() {
  const sql = memorySql();
  const store = new QueueStore(queueTables(sql), () => 0.5);
  const retention = { tombstoneTtl: 100, keepFailed: 40, keepResults: true };
  for (const [name, text] of [
    ["small", "fine"],
    ["large", "x".repeat(5000)],
  ] as const) {
    const outcome = store.add({ name, due: NOW, spec: {}, body: undefined }, NOW);
    if ("taken" in outcome) throw new Error("taken");
    store.complete(outcome.added, NOW, NO_PROGRESS, retention, { type: "text/plain", text });
  }
  return { sql, store };
}

function tablesOf(sql: ReturnType<typeof memorySql>) {
  return sql.rows("SELECT name, type FROM sqlite_master ORDER BY name");
}

describe("migrations", () => {
  it("run in turns with the first version end with the same tables, and keep rows", () => {
    const sql = memorySql();
    startFirstVersion(sql);
    sql.run(FIRST_VERSION.put, 1, "g", "[]");
    sql.run("INSERT INTO joined (grp, part, cancelled) VALUES ('g', 3, 0)");
    migrate(sql, QUEUE_MIGRATIONS);
    const tables = tablesOf(sql);
    for (let turn = 0; turn < 3; turn++) {
      startFirstVersion(sql);
      migrate(sql, QUEUE_MIGRATIONS);
      expect(tablesOf(sql)).toEqual(tables);
    }
    expect(sql.rows("SELECT * FROM group_events")).toEqual([{ row: 1, grp: "g", entries: "[]" }]);
    expect(sql.rows("SELECT * FROM accepted_groups")).toEqual([
      { grp: "g", batch: 3, cancelled: 0 },
    ]);
  });

  it("leave the first version what it reads and writes", () => {
    const sql = memorySql();
    migrate(sql, QUEUE_MIGRATIONS);
    startFirstVersion(sql);
    sql.run("INSERT INTO accepted_groups (grp, batch, cancelled) VALUES ('g', 3, 1), ('h', 4, 0)");
    sql.run(FIRST_VERSION.put, 1, "g", "[1]");
    sql.run(FIRST_VERSION.put, 1, "g", "[2]");
    sql.run(FIRST_VERSION.put, 2, "h", "[]");
    sql.run(FIRST_VERSION.remove, 2);
    expect(sql.rows(FIRST_VERSION.all)).toEqual([{ row: 1, grp: "g", entries: "[2]" }]);
    expect(sql.rows(FIRST_VERSION.cancelled)).toEqual([{ grp: "g" }]);
    expect(sql.rows(FIRST_VERSION.part, "h")).toEqual([{ part: 4 }]);
    sql.run(FIRST_VERSION.leave, "g");
    expect(sql.rows("SELECT grp FROM accepted_groups")).toEqual([{ grp: "h" }]);
    sql.run(FIRST_VERSION.clear);
    expect(sql.rows("SELECT grp FROM accepted_groups")).toEqual([]);
    for (const table of ["known_queues", "removed_queues", "members", "parts", "recurring"]) {
      expect(sql.rows(`SELECT * FROM ${table}`)).toEqual([]);
    }
  });

  it("leave the version before its results, where it looks for them", () => {
    const { sql } = withResults();
    for (const [name, length] of [
      ["small", 4],
      ["large", 5000],
    ] as const) {
      const [row] = sql.rows(RESULTS_BEFORE.name, name);
      const [result] = sql.rows(RESULTS_BEFORE.at, row?.key as number, name);
      expect(result).toMatchObject({ type: "text/plain", body: { byteLength: length } });
    }
  });

  it("leave the version before what it does with results, and have what it wrote", () => {
    const { sql, store } = withResults();
    const large = sql.rows("SELECT key FROM large_results")[0]?.key as number;
    expect(sql.rows(RESULTS_BEFORE.last, large - 9, large + 9)).toEqual([{ key: large }]);
    sql.run(RESULTS_BEFORE.add, large + 1, "old", null, new Uint8Array([1, 2]));
    sql.run(RESULTS_BEFORE.end, "old", "done", large + 1, NOW + 1000, "{}");
    const found = store.find("old", NOW);
    const result = found?.kind === "ended" ? store.resultOf(found.row) : undefined;
    expect(result?.body).toEqual(new Uint8Array([1, 2]));
    sql.run(RESULTS_BEFORE.sweep, large, 500);
    expect(sql.rows("SELECT name FROM large_results")).toEqual([{ name: "old" }]);
    expect(sql.rows(RESULTS_BEFORE.first)).toHaveLength(1);
    // Over the row of a small result, as when the name was free again.
    sql.run(RESULTS_BEFORE.end, "small", "live", 7, null, null);
    expect(sql.rows("SELECT key, type, body FROM names WHERE name = 'small'")).toEqual([
      { key: 7, type: null, body: null },
    ]);
    sql.run(RESULTS_BEFORE.clear);
    expect(sql.rows("SELECT * FROM large_results")).toEqual([]);
  });

  it("spare the version before a walk through all names for each result it adds", () => {
    const { sql } = withResults();
    const numbers =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)";
    sql.run(
      `INSERT INTO names (name, state, body) ${numbers} SELECT 'n' || i, 'done', x'00' FROM n`,
    );
    const began = performance.now();
    for (let i = 0; i < 300; i++) sql.rows(RESULTS_BEFORE.last, i, i + 9);
    // 300 walks would be seconds.
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it("make the same columns of tables with rows as of empty ones", () => {
    const [empty, full] = [memorySql(), memorySql()];
    migrate(empty, QUEUE_MIGRATIONS);
    migrate(full, QUEUE_MIGRATIONS.slice(0, 7));
    full.run(FIRST_VERSION.put, 1, "g", "[]");
    full.run("INSERT INTO joined (grp, part, cancelled) VALUES ('g', 3, 0)");
    full.run(RESULTS_BEFORE.add, 1, "n", null, new Uint8Array());
    migrate(full, QUEUE_MIGRATIONS);
    expect(tablesOf(full)).toEqual(tablesOf(empty));
    for (const { name } of tablesOf(full)) {
      const query = `SELECT name, type, "notnull", pk FROM pragma_table_info('${name}')`;
      expect([name, full.rows(query)]).toEqual([name, empty.rows(query)]);
    }
    for (const table of ["group_events", "accepted_groups", "large_results"])
      expect(full.rows(`SELECT * FROM ${table}`)).toHaveLength(1);
  });

  it.each(QUEUE_MIGRATIONS.map((_, done) => done))(
    "from %i of them on lead to the tables that all together do",
    (done) => {
      const [stepwise, fresh] = [memorySql(), memorySql()];
      migrate(stepwise, QUEUE_MIGRATIONS.slice(0, done));
      migrate(stepwise, QUEUE_MIGRATIONS);
      migrate(fresh, QUEUE_MIGRATIONS);
      expect(tablesOf(stepwise)).toEqual(tablesOf(fresh));
    },
  );

  it("make no tables for rules at add before a task needs them, and the third version finds them made", () => {
    const sql = memorySql();
    const store = new QueueStore(queueTables(sql), () => 0.5);
    store.add({ name: "plain", due: NOW, spec: {}, body: undefined }, NOW);
    const plain = namesOfTables(sql);
    for (const table of RULED) expect(plain).not.toContain(table);
    addRuled(store, sql);
    migrate(sql, THIRD_VERSION);
    expectRuled(new QueueStore(queueTables(sql), () => 0.5));
    expect(namesOfTables(sql)).toEqual(expect.arrayContaining(RULED));
  });

  it("let the third version make them itself over rows of a queue without", () => {
    const sql = memorySql();
    const store = new QueueStore(queueTables(sql), () => 0.5);
    store.add({ name: "plain", due: NOW, spec: {}, body: undefined }, NOW);
    migrate(sql, THIRD_VERSION);
    for (const table of RULED) expect(sql.rows(`SELECT * FROM ${table}`)).toEqual([]);
    const again = new QueueStore(queueTables(sql), () => 0.5);
    addRuled(again, sql);
    expectRuled(again);
  });

  it("have what the third version has left where it erased a queue that it made", () => {
    const sql = memorySql();
    migrate(sql, THIRD_VERSION);
    sql.run("INSERT INTO successors (name, due, created) VALUES ('burst', 1, 1)");
    const store = new QueueStore(queueTables(sql), () => 0.5);
    addRuled(store, sql);
    expectRuled(store);
  });

  // Objects that the third version made have run eleven: another in that place would never be run there.
  it("leave the eleventh place to the third version", () => {
    expect([undefined, "SELECT 1"]).toContain(QUEUE_MIGRATIONS[10]);
  });

  it("never lower the number: an older version over newer rows leaves it", () => {
    const sql = memorySql();
    const newer: Migration[] = [...QUEUE_MIGRATIONS, "CREATE TABLE later (a)"];
    migrate(sql, newer);
    migrate(sql, QUEUE_MIGRATIONS);
    migrate(sql, newer);
    const number = sql.rows("SELECT value FROM meta WHERE key = 'schema'");
    expect(number).toEqual([{ value: `${newer.length}` }]);
  });
});
