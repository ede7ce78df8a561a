// Versions in turns over the same rows: an older one finds every table it knows, a newer one is not put out by
// what an older one did.
import { describe, expect, it } from "vitest";
import { type Migration, migrate, QUEUE_MIGRATIONS } from "../../src/store/migrations.ts";
import { memorySql } from "./sqlite.ts";

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
