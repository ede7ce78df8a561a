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

  it.each([
    ["SELECT count(*) AS n FROM tasks", [{ n: 0 }]],
    ["SELECT count(*) AS n FROM failed", [{ n: 0 }]],
    ["SELECT max(key) AS key FROM failed", [{ key: null }]],
    ["SELECT min(key) AS key FROM results", [{ key: null }]],
    ["SELECT max(key) AS key FROM tasks WHERE key BETWEEN 1 AND 2", [{ key: null }]],
    ["SELECT count(*) AS n FROM (SELECT 1 FROM tasks LIMIT 1001)", [{ n: 0 }]],
    ["SELECT count(*) AS n FROM (SELECT 1 FROM tasks WHERE key > 3 LIMIT 1001)", [{ n: 0 }]],
    [
      "SELECT sum(key) AS a, avg(key) AS b, count(key) AS c FROM tasks",
      [{ a: null, b: null, c: 0 }],
    ],
    ["SELECT state, count(*) AS n FROM names GROUP BY state", []],
    ["SELECT min(number) AS number, queue, tasks FROM batches GROUP BY queue", []],
    ["SELECT key FROM tasks ORDER BY key LIMIT 1", []],
  ])("are read without a write: %s", (query, expected) => {
    const { sql } = fresh();
    const asked: string[] = [];
    const watched = {
      ...sql,
      rows: (text: string) => {
        asked.push(text);
        return sql.rows(text);
      },
      run: (text: string) => {
        asked.push(text);
        return sql.run(text);
      },
      transaction: () => {
        throw new Error("a transaction, which writes a page");
      },
    };
    const tables = new Tables(watched, QUEUE_MIGRATIONS);
    expect(tables.rows(query)).toEqual(expected);
    expect(asked.filter((text) => !text.includes("sqlite_master"))).toEqual([]);
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
