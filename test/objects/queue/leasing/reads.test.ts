// What a look-up reads: leased tasks are not walked again for each lease.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, it } from "vitest";
import { clock } from "../../../support/clock.ts";
import { crash, freshStart, objectOf, queue } from "../../../support/time.ts";

beforeEach(freshStart);

const LEASED = 20_000;
const pull = () => queue("pull");
const one = { leaseSeconds: 60, maxTasks: 1, tag: "A" };

/** Many tasks of tag A that are leased for 1000 s, written as rows. */
async function addLeased(): Promise<void> {
  await pull().add({ name: "oldest", payload: "", tag: "B" });
  await runInDurableObject(objectOf("pull"), (_, { storage: { sql } }) => {
    const [row] = sql.exec("SELECT key, created FROM tasks").toArray();
    const progress = JSON.stringify({ attempts: [], retryCount: 1, leasedAt: clock.now });
    const numbers = `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${LEASED})`;
    sql.exec(
      `${numbers} INSERT INTO tasks (key, name, named, created, spec, progress, lease)
         SELECT ? + i, 'leased-' || i, 0, ?, '{"tag":"A"}', ?, ? FROM n`,
      ...[row?.key, row?.created, progress, clock.now + 1_000_000],
    );
    sql.exec(`${numbers} INSERT INTO tags SELECT 'A', ? + i FROM n`, row?.key);
  });
}

/** Rows that the queue's object reads from now on; it takes tasks whatever its size. */
async function countReads(): Promise<() => number> {
  const cursors: { rowsRead: number }[] = [];
  await runInDurableObject(objectOf("pull"), (_, { storage: { sql } }) => {
    Object.defineProperty(sql, "databaseSize", { value: 0 });
    const { exec } = sql;
    sql.exec = ((...args: Parameters<typeof exec>) => {
      const cursor = exec.apply(sql, args);
      cursors.push(cursor);
      return cursor;
    }) as typeof exec;
  });
  return () => cursors.splice(0).reduce((sum, { rowsRead }) => sum + rowsRead, 0);
}

it("a lease by tag reads no leased task of that tag twice", async () => {
  await addLeased();
  clock.now += 1000;
  expect(await pull().lease(one)).toEqual([]);
  const reads = await countReads();
  for (const name of ["n1", "n2", "n3"]) {
    await pull().add({ name, payload: "", tag: "A" });
    clock.now += 1;
    reads();
    expect(await pull().lease(one)).toMatchObject([{ name }]);
    expect(reads()).toBeLessThan(20);
  }
  expect(await pull().lease({ ...one, tag: "B" })).toMatchObject([{ name: "oldest" }]);
});

it("a lease by tag finds what expired, what was given back and what came with an earlier time", async () => {
  await addLeased();
  clock.now += 1000;
  expect(await pull().lease(one)).toEqual([]);
  const reads = await countReads();
  await pull().add({ name: "earlier", payload: "", tag: "A", eta: new Date(clock.now - 5000) });
  expect(await pull().lease(one)).toMatchObject([{ name: "earlier" }]);
  clock.now += 1_000_001;
  reads();
  expect(await pull().lease(one)).toMatchObject([{ retryCount: 2 }]);
  // The history counts the rows of the table, up to 1,001.
  expect(reads()).toBeLessThan(1001 + 20);
  const found = new Set<string>();
  for (let held = 1; held > 0; ) {
    const tasks = await pull().lease({ ...one, leaseSeconds: 1000, maxTasks: 1000 });
    for (const { name } of tasks) found.add(name);
    held = tasks.length;
  }
  expect(found.size).toBe(LEASED);
});

it("an object that was evicted reads them once, and then no more", async () => {
  await addLeased();
  await crash();
  clock.now += 1000;
  const reads = await countReads();
  await pull().add({ name: "n1", payload: "", tag: "A" });
  clock.now += 1;
  expect(await pull().lease(one)).toMatchObject([{ name: "n1" }]);
  reads();
  await pull().add({ name: "n2", payload: "", tag: "A" });
  clock.now += 1;
  expect(await pull().lease(one)).toMatchObject([{ name: "n2" }]);
  expect(reads()).toBeLessThan(30);
});
