import { expect, it } from "vitest";
import type { AcceptedTask } from "../../src/core/task.ts";
import { dueOf, firstKeyOf, generatedName, keyInName, lastKeyOf } from "../../src/store/key.ts";
import { migrate } from "../../src/store/schema.ts";
import { Store } from "../../src/store/store.ts";
import { memorySql } from "./sqlite.ts";

const NOW = Date.UTC(2030, 0, 1);
const task = (due: number, name?: string): AcceptedTask => ({
  name,
  due,
  spec: {},
  body: undefined,
});
const none = () => false;

function freshStore(): Store {
  return new Store(memorySql(), () => 0.5);
}

it("gives twenty thousand tasks of one instant keys of their own, in the order they came", () => {
  const { tasks } = freshStore();
  const keys = Array.from({ length: 20_000 }, () => tasks.insert(task(NOW), NOW).key);
  expect(new Set(keys).size).toBe(20_000);
  expect(keys).toEqual([...keys].sort((a, b) => a - b));
  expect(keys[0]).toBe(firstKeyOf(NOW));
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
  expect(tasks.remove({ key, name: "other" })).toBe(false);
  expect(tasks.move({ key, name: "other" }, NOW + 5, progress)).toBeUndefined();
  const moved = tasks.move({ key, name: "a" }, NOW + 5, progress) ?? 0;
  expect(dueOf(moved)).toBe(NOW + 5);
  expect(tasks.at(moved, "a")).toMatchObject({ name: "a", progress: { retryCount: 1 } });
  expect(tasks.remove({ key, name: "a" })).toBe(false);
  expect(tasks.remove({ key: moved, name: "a" })).toBe(true);
});

it("keeps a generated name's key in the name", () => {
  const key = firstKeyOf(NOW) + 77;
  for (const chance of [0, 0.5, 0.999999999]) {
    const name = generatedName(key, chance);
    expect(name).toMatch(/^[0-9a-z]{20}$/);
    expect(keyInName(name)).toBe(key);
  }
  expect(keyInName("mine")).toBeUndefined();
});

it("migrates once: an object that is up to date writes nothing on start", () => {
  const sql = memorySql();
  migrate(sql);
  const { written } = sql;
  expect(written).toBeGreaterThan(0);
  migrate(sql);
  expect(sql.written).toBe(written);
});
