import { describe, expect, it } from "vitest";
import { NO_PROGRESS } from "../../../src/core/task/task.ts";
import { QueueStore } from "../../../src/store/queue/queue-store.ts";
import type { TaskRow } from "../../../src/store/queue/tasks.ts";
import { memorySql, queueTables } from "../sqlite.ts";

const NOW = Date.UTC(2030, 0, 1);
const RETENTION = { tombstoneTtl: 100, keepFailed: 40 };
const SIX_HOURS = 6 * 3600_000;

function opened() {
  const sql = memorySql();
  const store = new QueueStore(queueTables(sql), () => 0.5);
  return {
    sql,
    store,
    /** A task that ends at once; its name is its end's. */
    end(how: "complete" | "fail", name: string | undefined, now = NOW): TaskRow {
      const outcome = store.add({ name, due: now, spec: {}, body: undefined }, now);
      if ("taken" in outcome) throw new Error("taken");
      store[how](outcome.added, now, NO_PROGRESS, RETENTION);
      return outcome.added;
    },
    sweepAll(now: number): number {
      let pages = 1;
      while (store.sweep.run(now)) pages++;
      return pages;
    },
    rows: () =>
      ["names", "failed"].map((table) => sql.rows(`SELECT count(*) AS n FROM ${table}`)[0]?.n),
  };
}

describe("a sweep", () => {
  it("forgets what has expired, page by page, and nothing sooner", () => {
    const { end, sweepAll, rows, store } = opened();
    for (let i = 0; i < 1200; i++) end(i % 2 ? "complete" : "fail", `n${i}`);
    expect(sweepAll(NOW + 39_999)).toBe(1);
    expect(rows()).toEqual([1200, 600]);
    expect(sweepAll(NOW + 40_000)).toBe(3);
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
    const { end, sweepAll, rows, store } = opened();
    for (let i = 0; i < 600; i++) end("complete", `n${i}`);
    const now = NOW + 100_000;
    expect(store.sweep.run(now)).toBe(true);
    end("complete", "a", now);
    expect(sweepAll(now)).toBe(1);
    expect(rows()).toEqual([1, 0]);
    sweepAll(now + SIX_HOURS);
    expect(rows()).toEqual([0, 0]);
  });

  it("goes on after the store was opened anew in the middle of it", () => {
    const { sql, end, rows, store } = opened();
    for (let i = 0; i < 1100; i++) end("complete", `n${i}`);
    expect(store.sweep.run(NOW + 100_000)).toBe(true);
    const anew = new QueueStore(queueTables(sql), () => 0.5);
    while (anew.sweep.run(NOW + 100_000));
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
