// Work on many rows: it lets others in, and leaves room that is used again.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import { freshStart, objectOf, pass, queue } from "../../support/time.ts";
import { handlers } from "../../support/worker.ts";

beforeEach(freshStart);

const NAMES = Array.from({ length: 1000 }, (_, i) => `n${i}`);

/** What ends when: the work, or a look at the queue that is asked for after it. */
async function withALook<T>(name: string, work: Promise<T>): Promise<{ first: string; got: T }> {
  const ended: string[] = [];
  const [got] = await Promise.all([
    work.finally(() => ended.push("work")),
    queue(name)
      .describe()
      .then(() => ended.push("look")),
  ]);
  return { first: ended[0] as string, got };
}

it("a delete of a thousand serves others meanwhile, and says of each whether it was there", async () => {
  await queue("push").add(NAMES.map((name) => ({ name, countdown: 9 })).filter((_, i) => i % 2));
  const { first, got } = await withALook("push", queue("push").delete(NAMES));
  expect(first).toBe("look");
  expect(got).toEqual(NAMES.map((name, i) => ({ name, deleted: i % 2 === 1 })));
  expect((await queue("push").describe()).statistics.tasks).toBe(0);
});

it("a redrive of a thousand does too, by their names or of all", async () => {
  const one = queue("one-retry");
  handlers.set("/_ah/queue/one-retry", () => new Response(null, { status: 500 }));
  await one.add(NAMES.map((name) => ({ name, retry: { limit: 0 } })));
  await pass("one-retry", 30);
  expect((await one.describe()).statistics.failed).toBe(1000);
  await one.pause();
  const some = await withALook("one-retry", one.redrive(NAMES.slice(0, 600)));
  expect(some.first).toBe("look");
  expect(some.got).toEqual(NAMES.slice(0, 600).map((name) => ({ name, redriven: true })));
  const rest = await withALook("one-retry", one.redrive("all"));
  expect(rest).toEqual({ first: "look", got: { redriven: 400 } });
  expect((await one.describe()).statistics).toMatchObject({ failed: 0, tasks: 1000 });
});

it("what a purge and a sweep left is filled again", async () => {
  const brief = queue("brief");
  const payload = "x".repeat(100);
  const sizes: number[] = [];
  for (let round = 0; round < 4; round++) {
    for (const prefix of ["a", "b"])
      await brief.add(
        NAMES.map((name) => ({ name: `${prefix}${round}-${name}`, countdown: 9999, payload })),
      );
    sizes.push(await sizeOf("brief"));
    await brief.purge();
    clock.now += 7 * 3600_000;
    await brief.add({});
    await pass("brief", 1);
  }
  expect(Math.max(...sizes)).toBeLessThan(1.2 * (sizes[0] as number));
  expect(await sizeOf("brief")).toBeLessThan(0.25 * (sizes[0] as number));
});

it("a queue that is full of names that have expired takes tasks again, though many others stay", async () => {
  const brief = queue("brief");
  const full = { code: "QUEUE_FULL" };
  const ended = Array.from({ length: 3000 }, (_, i) => `${"e".repeat(150)}${i}`);
  await brief.add(Array.from({ length: 1000 }, (_, i) => ({ name: `a${i}`, countdown: 2e6 })));
  await brief.add(Array.from({ length: 1000 }, (_, i) => ({ name: `b${i}`, countdown: 2e6 })));
  await brief.add(Array.from({ length: 100 }, (_, i) => ({ name: `c${i}`, countdown: 2e6 })));
  for (const from of [0, 1000, 2000])
    await brief.add(ended.slice(from, from + 1000).map((name) => ({ name, countdown: 2e6 })));
  await expect(brief.add({})).rejects.toMatchObject(full);
  await brief.delete(ended.slice(0, 1000));
  await brief.delete(ended.slice(1000, 2000));
  await brief.delete(ended.slice(2000));
  await expect(brief.add({})).rejects.toMatchObject(full);
  clock.now += 3600_000;
  await expect(brief.add({})).rejects.toMatchObject(full);
  await pass("brief", 1);
  await brief.add({});
});

/** Bytes that its rows take in the queue's file; SQLite uses pages that are free before it makes the file longer. */
async function sizeOf(name: string): Promise<number> {
  return await runInDurableObject(objectOf(name), (_, { storage }) => storage.sql.databaseSize);
}
