import { expect, it } from "vitest";
import type { AcceptedTask } from "../../../src/core/task/task.ts";
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
const task = (due: number, name?: string): AcceptedTask => ({
  name,
  due,
  spec: {},
  body: undefined,
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

it("finds a place behind twenty thousand in a few looks, even when others came in between", () => {
  const sql = memorySql();
  const { tasks } = freshStore(sql);
  for (let i = 0; i < 20_000; i++) tasks.insert(task(NOW), NOW);
  const before = sql.statements;
  for (let i = 1; i <= 100; i++) {
    tasks.insert(task(NOW + 1e6 + i), NOW);
    expect(tasks.insert(task(NOW), NOW).key).toBe(firstKeyOf(NOW) + 19_999 + i);
  }
  // One for the task of another instant; an insert in vain, four looks and an insert for this one.
  expect(sql.statements - before).toBe(100 * (1 + 1 + 4 + 1));
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

it("puts a task that was taken off back on, as it was", () => {
  const { tasks } = freshStore();
  const given = { ...task(NOW, "a"), body: new Uint8Array([1, 2]), spec: { tag: "t" } };
  const taken = tasks.insert(given, NOW);
  tasks.remove(taken);
  const back = tasks.restore(taken, NOW + 5);
  expect(back).toEqual({ ...taken, due: NOW + 5, key: firstKeyOf(NOW + 5) });
  expect(tasks.at(back.key, "a")).toEqual(back);
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
