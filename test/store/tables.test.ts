// An object's tables: made at the first insert, gone with a rollback, as good as there before.
import { describe, expect, it } from "vitest";
import { QUEUE_MIGRATIONS } from "../../src/store/migrations.ts";
import { Tables } from "../../src/store/tables.ts";
import { memorySql } from "./sqlite.ts";

const INSERT = "INSERT INTO meta (key, value) VALUES ('a', '1')";

function fresh() {
  const sql = memorySql();
  const tables = new Tables(sql, QUEUE_MIGRATIONS);
  const names = () => sql.rows("SELECT name FROM sqlite_master").length;
  return { sql, tables, names };
}

describe("the tables of an object that knows nothing", () => {
  it.each([
    ["SELECT * FROM tasks", []],
    ["SELECT count(*) AS n FROM names", [{ n: 0 }]],
    ["SELECT max(key) AS last, count(*) AS n FROM tasks WHERE key > 1", [{ last: null, n: 0 }]],
    ["SELECT min(number) AS number, queue FROM parts GROUP BY queue", []],
    ["DELETE FROM tasks RETURNING key", []],
  ])("are read as empty ones are, and not made: %s", (query, expected) => {
    const { tables, names } = fresh();
    expect(tables.rows(query)).toEqual(expected);
    expect(names()).toBe(0);
  });

  it.each(["DELETE FROM tasks", "UPDATE tasks SET due = 1", "DELETE FROM meta WHERE key = 'a'"])(
    "have nothing to change: %s",
    (query) => {
      const { tables, names } = fresh();
      expect(tables.run(query)).toBe(0);
      expect(names()).toBe(0);
    },
  );

  it("are made by an insert, and there when it is opened again", () => {
    const { sql, tables } = fresh();
    tables.run(INSERT);
    const again = new Tables(sql, QUEUE_MIGRATIONS);
    expect(again.rows("SELECT value FROM meta WHERE key = 'a'")).toEqual([{ value: "1" }]);
  });

  it("are gone with the transaction that made them, and made again by the next", () => {
    const { tables, names } = fresh();
    const failing = () => {
      tables.rows("SELECT * FROM tasks");
      tables.run(INSERT);
      throw new Error("full");
    };
    expect(() => tables.transaction(failing)).toThrow("full");
    expect([names(), tables.rows("SELECT * FROM tasks")]).toEqual([0, []]);
    tables.transaction(() => tables.run(INSERT));
    expect(tables.rows("SELECT value FROM meta WHERE key = 'a'")).toEqual([{ value: "1" }]);
  });

  it("are made by an insert that returns rows", () => {
    const { tables } = fresh();
    expect(tables.rows(`${INSERT} RETURNING key`)).toEqual([{ key: "a" }]);
    expect(tables.rows("SELECT value FROM meta WHERE key = 'a'")).toEqual([{ value: "1" }]);
  });
});
