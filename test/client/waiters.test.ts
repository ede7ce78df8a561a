// What waiting costs: a caller that waits is looked at when something happened to what it waits for.
import { runInDurableObject } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import type { QueueStub } from "../../src/client/stubs.ts";
import { KeyedWaiters } from "../../src/objects/keyed-waiters.ts";
import { Waiters } from "../../src/objects/waiters.ts";
import { freshStart, objectOf, queue } from "../support/time.ts";

const WAITERS = 5000;
const COMMITS = 10;

it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1e12])(
  "a wait of %s seconds makes no loop of timers",
  async (seconds) => {
    const served = vi.fn(() => undefined);
    const waiters = new Waiters<string, string>({
      ...{ now: () => Date.now(), serve: served, timedOut: () => "timed out" },
      ...{ lineOf: () => undefined, changedLines: (all) => all.keys(), together: (work) => work() },
      nextMoment: () => Number.POSITIVE_INFINITY,
    });
    const left = new AbortController();
    void waiters.wait("n1", seconds, left.signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(served.mock.calls.length).toBeLessThan(3);
    left.abort();
  },
);

async function ended(object: QueueStub, name: string) {
  const waited = await object.result(name, 60);
  return "got" in waited ? waited.got : waited.answer.get();
}

it("5,000 callers that wait for results cost a commit of other tasks nothing", async () => {
  await freshStart();
  for (let i = 0; i < WAITERS; i += 1000) {
    const names = Array.from({ length: 1000 }, (_, n) => `n${i + n}`);
    await queue("results").add(names.map((name) => ({ name, countdown: 1000 })));
  }
  await runInDurableObject(objectOf("results"), async (instance, { storage }) => {
    const object = instance as unknown as QueueStub;
    const waiting = Array.from({ length: WAITERS }, (_, i) => ended(object, `n${i}`));
    let statements = 0;
    const { exec } = storage.sql;
    storage.sql.exec = ((...args: Parameters<typeof exec>) => {
      statements++;
      return exec.apply(storage.sql, args);
    }) as typeof exec;
    for (let i = 0; i < COMMITS; i++) await object.add([{ tasks: [{}], atomic: false }]);
    expect(statements).toBeLessThan(COMMITS * 20);

    statements = 0;
    await object.delete(["n7", "n8", "other"]);
    const deleted = { ok: { state: "deleted" } };
    expect(await Promise.all([waiting[7], waiting[8]])).toMatchObject([deleted, deleted]);
    expect(statements).toBeLessThan(50);

    await object.purge();
    const rest = await Promise.all(waiting);
    expect(rest.every(({ ok }) => ok?.state === "deleted")).toBe(true);
  });
});

it("callers that wait for one task for different times get it, or what it is when their time is up", async () => {
  let now = 0;
  let there: string | undefined;
  const waiters = new KeyedWaiters<string>({
    now: () => now,
    serve: () => there,
    timedOut: () => "not yet",
  });
  const [short, long] = [waiters.wait("n1", 0.01), waiters.wait("n1", 10)];
  const other = waiters.wait("n2", 20);
  now = 11;
  expect(await short).toBe("not yet");
  waiters.changed("n1");
  there = "done";
  expect(await long).toBe("done");
  waiters.changed();
  expect(await other).toBe("done");
});
