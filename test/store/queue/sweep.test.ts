import { describe, expect, it } from "vitest";
import { NO_PROGRESS } from "../../../src/core/task/task.ts";
import { QueueStore } from "../../../src/store/queue/queue-store.ts";
import type { TaskRow } from "../../../src/store/queue/tasks.ts";
import { memorySql, queueTables } from "../sqlite.ts";
import { transact } from "./transact.ts";

const NOW = Date.UTC(2030, 0, 1);
const RETENTION = { tombstoneTtl: 100, keepFailed: 40 };
const SIX_HOURS = 6 * 3600_000;
/** When a tombstone of that retention has expired. */
const EXPIRED = NOW + 100_000;

function opened() {
  const sql = memorySql();
  const tables = queueTables(sql);
  const store = new QueueStore(tables, () => 0.5);
  const add = (name: string | undefined, now = NOW) => {
    const outcome = store.add({ name, due: now, spec: {}, body: undefined }, now);
    if ("taken" in outcome) throw new Error("taken");
    return outcome.added;
  };
  return {
    sql,
    store,
    add,
    /** A task that ends at once; its name is its end's. */
    end(how: "complete" | "fail", name: string | undefined, now = NOW): TaskRow {
      const task = add(name, now);
      store[how](task, now, NO_PROGRESS, RETENTION);
      return task;
    },
    /** Tombstones of as many tasks as that, which ended before; n0000001 and so on. */
    crowd(count: number, expires = EXPIRED): void {
      store.sweep.expect(expires);
      const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)";
      const query = `INSERT INTO names (name, state, key, expires, record)
        ${numbers} SELECT printf('n%07d', i), 'done', NULL, ?, '{}' FROM n`;
      sql.run(query, count, expires);
    },
    sweepAll(now: number): number {
      let pages = 1;
      while (store.sweep.run(now)) pages++;
      return pages;
    },
    rows: () =>
      ["names", "failed"].map((table) => sql.rows(`SELECT count(*) AS n FROM ${table}`)[0]?.n),
    /** Does this in a transaction that is undone. */
    undone(work: () => unknown): void {
      const undo = () => {
        work();
        throw new Error("undone");
      };
      expect(() => transact(tables, store, NOW, undo)).toThrow("undone");
    },
  };
}

describe("a sweep", () => {
  it("forgets what has expired, page by page, and nothing sooner", () => {
    const { end, sweepAll, rows, store } = opened();
    for (let i = 0; i < 1200; i++) end(i % 2 ? "complete" : "fail", `n${i}`);
    expect(sweepAll(NOW + 39_999)).toBe(1);
    expect(rows()).toEqual([1200, 600]);
    expect(sweepAll(NOW + 40_000)).toBe(2);
    expect(rows()).toEqual([1200, 0]);
    sweepAll(NOW + 40_000 + SIX_HOURS);
    expect(rows()).toEqual([0, 0]);
    expect(store.sweep.run(NOW + 1e9)).toBe(false);
  });

  it("leaves a failed task that has a millisecond to go", () => {
    const { end, sweepAll, store } = opened();
    end("fail", "first", NOW);
    end("fail", "second", NOW + 1);
    sweepAll(NOW + 40_000);
    expect(store.failed.list(-1, 9).map(({ name }) => name)).toEqual(["second"]);
    expect(store.find("second", NOW + 40_000)?.kind).toBe("failed");
  });

  it("comes back for a name that ended behind it while it was under way", () => {
    const { crowd, end, store, sweepAll } = opened();
    end("complete", "z");
    crowd(10_000);
    expect(store.sweep.run(EXPIRED)).toBe(true);
    end("complete", "a", EXPIRED);
    expect(sweepAll(EXPIRED)).toBe(1);
    expect(store.find("a", EXPIRED)?.kind).toBe("ended");
    crowd(100);
    sweepAll(EXPIRED + SIX_HOURS);
    expect(store.find("a", EXPIRED + SIX_HOURS)).toBeUndefined();
  });

  it("goes on after the store was opened anew in the middle of it", () => {
    const { sql, crowd, end, rows, store } = opened();
    end("complete", "a");
    crowd(20_000);
    expect(store.sweep.run(EXPIRED)).toBe(true);
    const anew = new QueueStore(queueTables(sql), () => 0.5);
    while (anew.sweep.run(EXPIRED));
    expect(rows()).toEqual([0, 0]);
  });

  it("costs nothing while nothing can have expired", () => {
    const { sql, end, store } = opened();
    end("complete", "a");
    const { statements } = sql;
    expect(store.sweep.run(NOW + 99_999)).toBe(false);
    expect(sql.statements).toBe(statements);
  });

  it("writes one row of plan for a hundred tombstones", () => {
    const { sql, end } = opened();
    end("complete", "first");
    const { written } = sql;
    for (let i = 0; i < 100; i++) end("complete", `n${i}`, NOW + i);
    // Task in, name in, task out, tombstone.
    expect(sql.written - written).toBe(400);
  });
});

describe("a sweep of many names", () => {
  it("writes the rows that stay, and no more", () => {
    const { sql, add, crowd, end, rows, sweepAll } = opened();
    for (const name of ["a", "o", "z"]) add(name);
    end("complete", "later", NOW + 1);
    crowd(25_000);
    const before = sql.rows("SELECT * FROM names WHERE expires IS NULL OR expires > ?", EXPIRED);
    const { written } = sql;
    expect(sweepAll(EXPIRED)).toBe(3);
    // The four, and when the next sweep is due.
    expect(sql.written - written).toBe(4 + 1);
    expect(sql.rows("SELECT * FROM names")).toEqual(before);
    expect(rows()).toEqual([4, 0]);
  });

  it.each<[string, (world: ReturnType<typeof opened>) => void, string[]]>([
    ["added before it", ({ add }) => add("a", EXPIRED), ["a"]],
    ["added behind it", ({ add }) => add("z", EXPIRED), ["z"]],
    ["expired before it, and added anew", ({ add }) => add("n0000007", EXPIRED), ["n0000007"]],
    ["expired behind it, and added anew", ({ add }) => add("n0012000", EXPIRED), ["n0012000"]],
    ["ended before it", ({ end }) => end("complete", "a", EXPIRED), ["a"]],
    ["failed before it", ({ end }) => end("fail", "a", EXPIRED), ["a"]],
    [
      "moved, of a task without one",
      ({ add, store }) => store.retry(add(undefined, EXPIRED), EXPIRED + 99, NO_PROGRESS),
      ["$generated"],
    ],
    [
      "purged before it",
      ({ add, store }) => {
        add("a", EXPIRED);
        store.purge(EXPIRED, RETENTION, 500);
      },
      ["a"],
    ],
    [
      "added in a transaction that was undone, then another",
      ({ add, undone }) => {
        undone(() => add("b", EXPIRED));
        add("a", EXPIRED);
      },
      ["a"],
    ],
    [
      "released before it",
      ({ end, store }) => {
        end("complete", "a", EXPIRED);
        store.releaseName("a", EXPIRED);
      },
      [],
    ],
  ])("under way keeps a name that is %s", (_, meanwhile, names) => {
    const world = opened();
    const { sql, crowd, store, sweepAll } = world;
    crowd(15_000);
    expect(store.sweep.run(EXPIRED)).toBe(true);
    meanwhile(world);
    sweepAll(EXPIRED);
    const kept = sql.rows("SELECT name FROM names").map(({ name }) => name as string);
    expect(kept.map((name) => (/^0/.test(name) ? "$generated" : name))).toEqual(names);
    for (const name of kept) expect(store.find(name, EXPIRED)).toBeDefined();
  });

  it("that is undone leaves every row, and is done again", () => {
    const { add, crowd, rows, store, sweepAll, undone } = opened();
    crowd(15_000);
    expect(store.sweep.run(EXPIRED)).toBe(true);
    undone(() => {
      expect(store.sweep.run(EXPIRED)).toBe(false);
      expect(rows()).toEqual([0, 0]);
    });
    expect(rows()).toEqual([15_000, 0]);
    add("a", EXPIRED);
    expect(sweepAll(EXPIRED)).toBe(1);
    expect(rows()).toEqual([1, 0]);
  });

  it("removes none where many stay, or few have expired, for that would cost rows", () => {
    const { sql, add, crowd, rows, sweepAll } = opened();
    for (let i = 0; i < 2100; i++) add(`a${i}`);
    crowd(30_000);
    const { written } = sql;
    expect(sweepAll(EXPIRED)).toBe(1);
    expect(rows()).toEqual([32_100, 0]);
    expect(sql.written - written).toBe(1);
    const few = opened();
    few.crowd(15);
    few.sweepAll(EXPIRED);
    expect(few.rows()).toEqual([15, 0]);
  });

  it("removes them all the same where the queue has no room for more", () => {
    const { add, crowd, rows, store, sweepAll } = opened();
    for (let i = 0; i < 2100; i++) add(`a${i}`);
    crowd(5000);
    sweepAll(EXPIRED);
    expect(rows()).toEqual([7100, 0]);
    expect(store.sweep.makeRoom(EXPIRED)).toBe(true);
    expect(store.sweep.isUnderWay).toBe(true);
    sweepAll(EXPIRED);
    expect(rows()).toEqual([2100, 0]);
    expect(store.sweep.isUnderWay).toBe(false);
    for (const at of [0, 2099]) expect(store.find(`a${at}`, EXPIRED)?.kind).toBe("live");
    // Whoever asks again and again does not have all names looked at each time.
    expect(store.sweep.makeRoom(EXPIRED + 599_999)).toBe(false);
    expect(store.sweep.makeRoom(EXPIRED + 600_000)).toBe(true);
  });

  it("keeps results", () => {
    const { add, crowd, store, sweepAll } = opened();
    const retention = { ...RETENTION, keepResults: true };
    const texts = ["", "small", "x".repeat(5000)];
    for (const text of texts)
      store.complete(add(`a${text.length}`, NOW + 1), NOW + 1, NO_PROGRESS, retention, {
        type: "text/plain",
        text,
      });
    crowd(100);
    sweepAll(EXPIRED);
    for (const text of texts) {
      const found = store.find(`a${text.length}`, EXPIRED);
      const result = found?.kind === "ended" ? store.resultOf(found.row) : undefined;
      expect(new TextDecoder().decode(result?.body)).toBe(text);
    }
  });

  it("keeps columns that a later version has", () => {
    const { sql, add, crowd, sweepAll } = opened();
    add("a");
    sql.run("ALTER TABLE names ADD COLUMN later TEXT");
    sql.run("UPDATE names SET later = 'kept'");
    sql.run("ALTER TABLE names ADD COLUMN later_still TEXT DEFAULT 'all'");
    crowd(100);
    sweepAll(EXPIRED);
    expect(sql.rows("SELECT name, later, later_still FROM names")).toEqual([
      { name: "a", later: "kept", later_still: "all" },
    ]);
  });
});

describe("a new name takes the row of one that has expired", () => {
  it("so that a tombstone's removal costs nothing", () => {
    const { sql, crowd, end, rows } = opened();
    crowd(1000);
    const { written } = sql;
    for (let i = 0; i < 1000; i++) end("complete", `m${i}`, EXPIRED);
    expect(sql.written - written).toBe(4 * 1000);
    expect(rows()).toEqual([1000, 0]);
    expect(sql.rows("SELECT name FROM names WHERE name LIKE 'n%'")).toEqual([]);
  });

  it("and the table grows no further than what has not expired, and what expires in six hours", () => {
    const { sql, end, rows, store } = opened();
    const EVERY = 60_000;
    const held = SIX_HOURS / EVERY + RETENTION.tombstoneTtl / 60;
    let most = 0;
    const tasks = 20 * held;
    for (let i = 0; i < tasks; i++) {
      const now = NOW + i * EVERY;
      end("complete", `n${(i * 7919) % 100_003}`, now);
      store.sweep.run(now);
      most = Math.max(most, rows()[0] as number);
    }
    expect(most).toBeLessThanOrEqual(1.1 * held);
    expect(sql.written).toBeLessThanOrEqual(tasks * 4.02);
  });

  it("as results and failures of tasks without names do, where there are no others", () => {
    for (const how of ["complete", "fail"] as const) {
      const { add, rows, store, sql } = opened();
      const retention = { tombstoneTtl: 60, keepFailed: 60, keepResults: true };
      const tasks = 3000;
      // More stay than a table made anew may keep.
      for (let i = 0; i < 2500; i++) add(`stays${i}`);
      const { written } = sql;
      for (let i = 0; i < tasks; i++) {
        const now = NOW + i * 60_000;
        store.sweep.run(now);
        const result = { type: null, text: "fine" };
        store[how](add(undefined, now), now, NO_PROGRESS, retention, result);
      }
      expect(rows()[0]).toBeLessThan(2500 + 1.5 * (SIX_HOURS / 60_000));
      const each = { complete: 3, fail: 5 }[how];
      expect(sql.written - written).toBeLessThanOrEqual(tasks * each * 1.02);
    }
  });

  it("but not one that has not expired, nor one taken meanwhile", () => {
    const { add, crowd, end, store } = opened();
    crowd(3);
    end("complete", "kept", NOW + 1);
    add("a", EXPIRED);
    for (const name of ["n0000001", "n0000002", "n0000003"]) {
      if (!store.find(name, EXPIRED)) add(name, EXPIRED);
    }
    add("b", EXPIRED);
    add("c", EXPIRED);
    for (const name of ["kept", "a", "b", "c", "n0000001", "n0000002", "n0000003"])
      expect([name, store.find(name, EXPIRED) !== undefined]).toEqual([name, true]);
  });

  it("and its own expired row goes with it", () => {
    const { crowd, add, rows, sql } = opened();
    crowd(5);
    add("n0000003", EXPIRED);
    expect(sql.rows("SELECT name, state FROM names WHERE name = 'n0000003'")).toEqual([
      { name: "n0000003", state: "live" },
    ]);
    expect(rows()[0]).toBeLessThanOrEqual(5);
  });

  it("many in one statement, though some of the names had expired themselves", () => {
    const { crowd, rows, sql, store } = opened();
    crowd(1000);
    // Every other one is a name that has expired, whose row may not be another's as well.
    const names = Array.from({ length: 400 }, (_, i) => {
      return i % 2 ? `n${`${2 * i}`.padStart(7, "0")}` : `m${i}`;
    });
    const given = names.map((name) => ({ name, due: EXPIRED, spec: {}, body: undefined }));
    const { written, statements } = sql;
    const outcomes = store.addAll(given, EXPIRED);
    expect(sql.written - written).toBeLessThanOrEqual(2 * 400);
    expect(sql.statements - statements).toBeLessThan(100);
    const keys = outcomes.map((outcome) => ("added" in outcome ? outcome.added.key : undefined));
    for (const [i, name] of names.entries()) {
      const found = store.find(name, EXPIRED);
      expect([name, found?.kind === "live" && found.task.key]).toEqual([name, keys[i]]);
    }
    expect(rows()[0]).toBeLessThanOrEqual(1000);
    expect(sql.rows("SELECT name FROM names WHERE state = 'live'")).toHaveLength(400);
  });

  it("many in one statement, of which some are no longer there", () => {
    const { crowd, add, rows, sql, store } = opened();
    crowd(300);
    add("first", EXPIRED);
    // Behind the back of what is at hand.
    sql.run("DELETE FROM names WHERE state = 'done' AND name > 'n0000150'");
    const given = Array.from({ length: 250 }, (_, i) => `m${i}`).map((name) => ({
      ...{ name, due: EXPIRED, spec: {}, body: undefined },
    }));
    store.addAll(given, EXPIRED);
    for (const { name } of given) expect(store.find(name, EXPIRED)?.kind).toBe("live");
    expect(rows()[0]).toBeGreaterThanOrEqual(251);
  });

  it("unless its transaction is undone: then the expired one is there as before", () => {
    const { crowd, add, rows, store, undone } = opened();
    crowd(5);
    undone(() => add("a", EXPIRED));
    expect(rows()).toEqual([5, 0]);
    expect(store.find("a", EXPIRED)).toBeUndefined();
    for (const name of ["a", "b", "c", "d", "e", "f"]) add(name, EXPIRED);
    for (const name of ["a", "b", "c", "d", "e", "f"])
      expect(store.find(name, EXPIRED)?.kind).toBe("live");
  });

  it("and looks for none while none can have expired", () => {
    const { sql, end } = opened();
    end("complete", "first");
    const { statements } = sql;
    end("complete", "second");
    // Whether it is taken, task in, name in, task out, tombstone.
    expect(sql.statements - statements).toBe(5);
  });
});

describe("failed tasks", () => {
  it("of one instant are all kept, however many", () => {
    const { end, store } = opened();
    const failed = Array.from({ length: 9000 }, () => end("fail", undefined).name);
    expect(new Set(failed).size).toBe(9000);
    expect(store.failed.list(-1, 10_000).map(({ name }) => name)).toEqual(failed);
    expect(failed.filter((name) => store.find(name, NOW)?.kind !== "failed")).toEqual([]);
  });

  it("are pages of a list, the first to be forgotten first", () => {
    const { end, store } = opened();
    for (const [index, name] of ["a", "b", "c"].entries()) end("fail", name, NOW + index);
    const [first, second] = store.failed.list(-1, 2);
    expect([first?.name, second?.name]).toEqual(["a", "b"]);
    expect(store.failed.list(second?.key ?? 0, 2).map(({ name }) => name)).toEqual(["c"]);
    expect(store.failed.count()).toBe(3);
  });
});
