import { describe, expect, it, vi } from "vitest";
import { type AcceptedTask, NO_PROGRESS, type TaskSpec } from "../../../src/core/task/task.ts";
import { migrate, QUEUE_MIGRATIONS } from "../../../src/store/migrations.ts";
import { QueueStore } from "../../../src/store/queue/queue-store.ts";
import {
  dueOf,
  firstKeyOf,
  generatedName,
  isExpedited,
  keyInName,
  lastKeyOf,
} from "../../../src/store/queue/row-key.ts";
import type { TaskRow } from "../../../src/store/queue/tasks.ts";
import { memorySql, queueTables } from "../sqlite.ts";

const NOW = Date.UTC(2030, 0, 1);
const task = (due: number, name?: string, body?: string): AcceptedTask => ({
  ...{ name, due },
  ...{ spec: {}, body },
});
const none = () => false;

function freshStore(sql = memorySql()): QueueStore {
  return new QueueStore(queueTables(sql), () => 0.5);
}

it("gives twenty thousand tasks of one instant keys of their own, in the order they came", () => {
  const sql = memorySql();
  const { tasks } = freshStore(sql);
  tasks.insert(task(NOW - 1), NOW);
  const before = sql.statements;
  const keys = Array.from({ length: 20_000 }, () => tasks.insert(task(NOW), NOW).key);
  expect(sql.statements - before).toBe(20_000);
  expect(new Set(keys).size).toBe(20_000);
  expect(keys).toEqual([...keys].sort((a, b) => a - b));
  expect(keys[0]).toBe(firstKeyOf(NOW));
});

it("finds a place behind twenty thousand in a few looks, when its object has started anew", () => {
  const sql = memorySql();
  const { tasks } = freshStore(sql);
  for (let i = 0; i < 20_000; i++) tasks.insert(task(NOW), NOW);
  const before = sql.statements;
  for (let i = 0; i < 100; i++) {
    const { tasks: anew } = freshStore(sql);
    expect(anew.insert(task(NOW), NOW).key).toBe(firstKeyOf(NOW) + 20_000 + i);
  }
  // An insert in vain, four looks and an insert; and what opening a store takes.
  expect(sql.statements - before).toBeLessThanOrEqual(100 * (1 + 4 + 1 + 10));
});

it("remembers where tasks of several instants lie, that come in turns", () => {
  const sql = memorySql();
  migrate(sql, QUEUE_MIGRATIONS);
  const { tasks } = freshStore(sql);
  const before = sql.statements;
  for (let i = 0; i < 1000; i++) {
    expect(tasks.insert(task(NOW + (i % 100)), NOW).key).toBe(
      firstKeyOf(NOW + (i % 100)) + Math.floor(i / 100),
    );
  }
  expect(sql.statements - before).toBe(1000);
});

describe("many at once", () => {
  it.each([0, 1, 15, 16, 17, 32, 33, 100, 1000])("inserts %i in their order", (n) => {
    const sql = memorySql();
    migrate(sql, QUEUE_MIGRATIONS);
    const { tasks } = freshStore(sql);
    const before = sql.statements;
    const given = Array.from({ length: n }, (_, i) => task(NOW + (i % 3), undefined, `body ${i}`));
    const rows = tasks.insertAll(given, NOW);
    expect(sql.statements - before).toBe(Math.floor(n / 16) + (n % 16));
    expect(rows.map(({ body }) => body)).toEqual(given.map(({ body }) => body));
    expect(tasks.list(-1, lastKeyOf(NOW + 3), 2000)).toEqual(
      [...rows].sort((a, b) => a.key - b.key),
    );
    expect(tasks.count()).toBe(n);
  });

  it("keeps what each has: name, spec, bytes", () => {
    const { tasks } = freshStore(memorySql());
    const given = Array.from({ length: 16 }, (_, i) => ({
      name: i % 2 ? `n${i}` : undefined,
      due: NOW,
      spec: i % 3 ? { tag: `t${i}`, method: "PUT" as const } : {},
      body: i % 4 ? new Uint8Array([i]) : undefined,
    }));
    const rows = tasks.insertAll(given, NOW);
    for (const [i, row] of rows.entries()) {
      const { name = row.name, spec, body } = given[i] as (typeof given)[0];
      expect(tasks.at(row.key, row.name)).toEqual({
        ...{ key: row.key, name, named: i % 2 === 1, due: NOW, createdAt: NOW, spec, body },
        progress: NO_PROGRESS,
      });
    }
  });

  it("gives each a place of its own when one is taken", () => {
    const sql = memorySql();
    freshStore(sql).tasks.insertAll(new Array(20).fill(task(NOW)), NOW);
    const { tasks } = freshStore(sql);
    const rows = tasks.insertAll(new Array(40).fill(task(NOW)), NOW);
    expect(rows.map(({ key }) => key)).toEqual(
      Array.from({ length: 40 }, (_, i) => firstKeyOf(NOW) + 20 + i),
    );
    expect(tasks.count()).toBe(60);
  });

  it.each([0, 1, 2, 200, 1000])("removes %i by one statement", (n) => {
    const sql = memorySql();
    const { tasks } = freshStore(sql);
    const rows = tasks.insertAll(new Array(n + 5).fill(task(NOW)), NOW);
    const before = sql.statements;
    tasks.removeAll(rows.slice(3, n + 3));
    expect(sql.statements - before).toBe(n === 0 ? 0 : 1);
    expect(tasks.list(-1, lastKeyOf(NOW), 2000)).toEqual([...rows.slice(0, 3), ...rows.slice(-2)]);
  });

  it("removes nobody's row but theirs", () => {
    const { tasks } = freshStore(memorySql());
    const rows = tasks.insertAll(new Array(3).fill(task(NOW)), NOW);
    const strange = { ...(rows[1] as TaskRow), name: "another's" };
    expect(() => tasks.removeAll([rows[0] as TaskRow, strange])).toThrow("not where it was");
    expect(tasks.at(strange.key, rows[1]?.name ?? "")).toBeDefined();
  });

  it("looks at no row but theirs to remove them", () => {
    const sql = memorySql();
    const { tasks } = freshStore(sql);
    const rows = tasks.insertAll(new Array(2).fill(task(NOW)), NOW);
    const run = vi.spyOn(sql, "run");
    tasks.removeAll(rows);
    const [query = "", places = ""] = run.mock.lastCall ?? [];
    const plan = sql.rows(`EXPLAIN QUERY PLAN ${query}`, places).map(({ detail }) => detail);
    expect(plan.filter((step) => /tasks/.test(String(step)))).toEqual([
      "SEARCH tasks USING INTEGER PRIMARY KEY (rowid=?)",
      "SEARCH tasks USING INTEGER PRIMARY KEY (rowid=?)",
    ]);
  });
});

it("keeps the order of arrival across a restart", () => {
  const sql = memorySql();
  const names = ["a", "b", "c", "d"];
  for (const name of names) freshStore(sql).tasks.insert(task(NOW, name), NOW);
  const rows = freshStore(sql).tasks.list(-1, lastKeyOf(NOW), 9);
  expect(rows.map(({ name }) => name)).toEqual(names);
});

it("moves a task into a full instant behind the others, and says when it is due then", () => {
  const store = freshStore();
  for (let i = 0; i < 4096; i++) store.tasks.insert(task(NOW), NOW);
  const late = store.tasks.insert(task(NOW + 9000, "late"), NOW);
  const moved = store.retry(late, NOW, late.progress);
  expect(moved?.due).toBe(NOW + 1);
  expect(store.find("late", NOW)).toEqual({ kind: "live", task: moved });
});

const body = new Uint8Array([1, 2]);
const since = NOW - 5;

describe.each<"fail" | "expire">(["fail", "expire"])("puts back what was ended by %s", (end) => {
  it.each<[string, TaskSpec[], (TaskSpec | undefined)[], unknown[][]]>([
    ["as it was", [{}, { tag: "t" }], [{}, { tag: "t" }], []],
    ["never to expire", [{ expires: 9 }, { expires: 9, tag: "t" }], [{}, { tag: "t" }], []],
    [
      "with a window of its own",
      [{ debounce: { seconds: 1 }, since }, {}],
      [{ debounce: { seconds: 1 }, since: NOW + 5 }, {}],
      [],
    ],
    [
      "in its line",
      [{ key: "k", priority: 2, expires: 9 }, { priority: 0 }, {}],
      [{ key: "k", priority: 2 }, { priority: 0 }, {}],
      [
        ["k", 2, 0],
        ["", 0, 1],
      ],
    ],
  ])("%s", (_, specs, then, lines) => {
    const sql = queueTables();
    const store = new QueueStore(sql, () => 0.5);
    const retention = { tombstoneTtl: 100, keepFailed: 40 };
    const tasks = specs.map((spec, i) => {
      const { added } = store.add({ ...task(NOW, `n${i}`), body, spec }, NOW) as { added: TaskRow };
      if (end === "fail") store.fail(added, NOW, NO_PROGRESS, retention);
      else store.expire(added, NOW, retention);
      return added;
    });
    const names = tasks.map(({ name }) => name);
    expect(store.redriveAll(store.failedOf(names, NOW), NOW + 5)).toHaveLength(specs.length);
    const first = firstKeyOf(NOW + 5);
    for (const [i, before] of tasks.entries()) {
      const back = { ...before, due: NOW + 5, key: first + i, spec: then[i] };
      expect(store.find(before.name, NOW)).toEqual({ kind: "live", task: back });
    }
    const tags = then.flatMap((spec, i) => (spec?.tag ? [{ tag: "t", key: first + i }] : []));
    expect(sql.rows("SELECT tag, key FROM tags")).toEqual(tags);
    if (store.lines.exist) {
      const places = lines.map(([line, priority, i]) => ({
        line,
        priority,
        key: first + Number(i),
      }));
      const query = "SELECT line, priority, key FROM tasks WHERE line IS NOT NULL ORDER BY key";
      expect(sql.rows(query)).toEqual(places);
    }
    expect([store.counts.failed(), store.counts.expired()]).toEqual([0, 0]);
  });
});

it("finds room behind a full instant, however the instants before and after were filled", () => {
  const { tasks } = freshStore();
  for (let i = 0; i < 9000; i++) tasks.insert(task(NOW), NOW);
  const next = tasks.insert(task(NOW + 1), NOW);
  const again = tasks.insert(task(NOW), NOW);
  expect(next.key).toBe(firstKeyOf(NOW) + 9000);
  expect(again.key).toBe(firstKeyOf(NOW) + 9001);
  expect(next.due).toBeGreaterThanOrEqual(NOW + 1);
});

it("puts tasks in front of all others, in the order they come, and knows when they were due first", () => {
  const store = freshStore();
  const rows = Array.from({ length: 120 }, (_, i) => store.tasks.insert(task(NOW + i), NOW));
  const front = rows.toReversed().map((row) => store.expedite(row, NOW + 500));
  const late = store.tasks.insert(task(NOW - 9), NOW);
  const listed = store.tasks.list(-1, lastKeyOf(NOW), 200);
  expect(listed).toEqual([...front, late]);
  // Fifty in a millisecond.
  expect(front.map((row) => row?.due)).toEqual(rows.map((_, i) => NOW + 500 + Math.floor(i / 50)));
  expect(front.map((row) => row && isExpedited(row.key))).toEqual(rows.map(() => true));
  expect(isExpedited(late.key)).toBe(false);
  expect(store.tasks.oldestDue()).toBe(NOW - 9);
  expect(store.expedite(rows[0] as TaskRow, NOW)).toBeUndefined();
});

it("never makes a task due before its time", () => {
  const { tasks } = freshStore();
  for (const due of [NOW, NOW + 1, NOW, NOW + 2, NOW + 1, NOW]) {
    expect(tasks.insert(task(due), NOW).due).toBeGreaterThanOrEqual(due);
  }
});

it("finds due tasks behind a cursor, up to an instant, passing over some", () => {
  const { tasks } = freshStore();
  const [a, b, c] = ["a", "b", "c"].map((name, i) => tasks.insert(task(NOW + i, name), NOW));
  tasks.insert(task(NOW + 100, "later"), NOW);
  const names = (
    after: number,
    limit: number,
    skip = none as (key: number, name: string) => boolean,
  ) => tasks.due(after, lastKeyOf(NOW + 50), limit, skip).map(({ name }) => name);
  expect(names(-1, 9)).toEqual(["a", "b", "c"]);
  expect(names(a?.key ?? 0, 9)).toEqual(["b", "c"]);
  expect(names(-1, 1, (key) => key === a?.key)).toEqual(["b"]);
  expect(names(-1, 0)).toEqual([]);
  expect(tasks.nextDue(b?.key ?? 0, (_, name) => name === c?.name)).toBe(NOW + 100);
});

it("removes and moves a row only while it is still that task's", () => {
  const { tasks } = freshStore();
  const { key } = tasks.insert(task(NOW, "a"), NOW);
  const progress = { retryCount: 1, executionCount: 1, attempts: [] };
  expect(tasks.remove({ key, name: "other", spec: {} })).toBe(false);
  expect(tasks.move({ key, name: "other", spec: {} }, NOW + 5, progress)).toBeUndefined();
  const moved = tasks.move({ key, name: "a", spec: {} }, NOW + 5, progress) ?? 0;
  expect(dueOf(moved)).toBe(NOW + 5);
  expect(tasks.at(moved, "a")).toMatchObject({ name: "a", progress: { retryCount: 1 } });
  expect(tasks.remove({ key, name: "a", spec: {} })).toBe(false);
  expect(tasks.remove({ key: moved, name: "a", spec: {} })).toBe(true);
});

it("keeps a generated name's key in the name", () => {
  const key = firstKeyOf(NOW) + 77;
  for (const random of [0, 0.5, 0.999999999]) {
    const name = generatedName(key, random);
    expect(name).toMatch(/^[0-9a-z]{20}$/);
    expect(keyInName(name)).toBe(key);
  }
  expect(keyInName("mine")).toBeUndefined();
});

it("migrates once: an object that is up to date reads one row on start and writes none", () => {
  const sql = memorySql();
  migrate(sql, QUEUE_MIGRATIONS);
  const tables = sql.rows("SELECT sql FROM sqlite_schema");
  const { written, read } = sql;
  expect(written).toBe(1);
  migrate(sql, QUEUE_MIGRATIONS);
  expect([sql.written - written, sql.read - read]).toEqual([0, 1]);
  expect(sql.rows("SELECT sql FROM sqlite_schema")).toEqual(tables);
});
