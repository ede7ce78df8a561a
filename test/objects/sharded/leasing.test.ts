// Leasing from a pull queue of four shards.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Task } from "../../../src/index.ts";
import { TaskQueueObject } from "../../../src/objects/queue/task-queue.ts";
import { clock } from "../../support/clock.ts";
import { freshStart, queue } from "../../support/time.ts";

const Q = "four-pull-shards";
const N = 40;

beforeEach(freshStart);
afterEach(() => vi.restoreAllMocks());

/** Tasks that come due a second after each other. */
async function fill(more: (i: number) => object = () => ({})): Promise<void> {
  await queue(Q).add(
    Array.from({ length: N }, (_, i) => ({
      name: `t${i}`,
      payload: "p",
      countdown: i,
      ...more(i),
    })),
  );
  clock.now += N * 1000;
}

function namesOf(tasks: readonly Task[]): string[] {
  return tasks.map(({ name }) => name);
}

describe("a lease from four shards", () => {
  it("gives one task, the oldest there is", async () => {
    await fill();
    for (let i = 0; i < 5; i++) {
      expect(namesOf(await queue(Q).lease({ leaseSeconds: 60, maxTasks: 1 }))).toEqual([`t${i}`]);
    }
  });

  it("gives as many as are asked for, in their order, and each once", async () => {
    await fill();
    const seen: string[] = [];
    for (const [maxTasks, found] of [
      [7, 7],
      [30, 30],
      [30, 3],
      [1, 0],
    ] as const) {
      const tasks = await queue(Q).lease({ leaseSeconds: 60, maxTasks });
      expect(tasks).toHaveLength(found);
      const numbers = tasks.map(({ name }) => Number(name.slice(1)));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      seen.push(...namesOf(tasks));
    }
    expect(new Set(seen).size).toBe(N);
  });

  it("goes by priority, over all shards, whether one of them has tasks of another priority or not", async () => {
    // The urgent ones are in few of the shards, the others in all.
    await fill((i) => (i % 13 === 0 ? { priority: 0 } : i % 10 === 7 ? { priority: 9 } : {}));
    const rank = (i: number) => i + (i % 13 === 0 ? 0 : i % 10 === 7 ? 540 : 240);
    const expected = Array.from({ length: N }, (_, i) => i).sort((a, b) => rank(a) - rank(b));
    const one = { leaseSeconds: 60, maxTasks: 1 };
    for (const i of expected.slice(0, 6))
      expect(namesOf(await queue(Q).lease(one))).toEqual([`t${i}`]);
    const rest = await queue(Q).lease({ leaseSeconds: 60, maxTasks: 100 });
    expect(namesOf(rest)).toEqual(expected.slice(6).map((i) => `t${i}`));
  });

  it("gives tasks of one moment by their names, as one shard does", async () => {
    const names = Array.from({ length: 12 }, (_, i) => `n${i}`);
    await queue(Q).add(names.map((name) => ({ name, payload: "p" })));
    const one = () => queue(Q).lease({ leaseSeconds: 60, maxTasks: 1 });
    for (const name of names.toSorted().slice(0, 6)) expect(namesOf(await one())).toEqual([name]);
    const rest = namesOf(await queue(Q).lease({ leaseSeconds: 60, maxTasks: 100 }));
    expect(rest).toEqual(names.toSorted().slice(6));
  });

  it("gives a task that was leased before by when that lease ended", async () => {
    const names = Array.from({ length: 8 }, (_, i) => `n${i}`);
    await queue(Q).add(names.map((name) => ({ name, payload: "p" })));
    await queue(Q).lease({ leaseSeconds: 100, maxTasks: 100 });
    clock.now += 50_000;
    await queue(Q).add({ name: "since", payload: "p" });
    clock.now += 60_000;
    expect(namesOf(await queue(Q).lease({ leaseSeconds: 60, maxTasks: 1 }))).toEqual(["since"]);
  });

  it("is fenced: an old token acts on nothing", async () => {
    await fill();
    const first = await queue(Q).lease({ leaseSeconds: 10, maxTasks: N });
    clock.now += 11_000;
    const second = await queue(Q).lease({ leaseSeconds: 10, maxTasks: N });
    expect(second).toHaveLength(N);
    const late = await queue(Q).acknowledge(first);
    expect(late.every(({ acknowledged }) => !acknowledged)).toBe(true);
    const inTime = await queue(Q).acknowledge(second);
    expect(inTime.every(({ acknowledged }) => acknowledged)).toBe(true);
  });

  it("by a tag, or by the oldest's, gives those of it on any shard", async () => {
    await fill((i) => ({ tag: i % 2 === 0 ? "even" : "odd" }));
    const even = await queue(Q).lease({ leaseSeconds: 60, maxTasks: 100, oldestTag: true });
    expect(even).toHaveLength(N / 2);
    expect(even.every(({ tag }) => tag === "even")).toBe(true);
    expect(await queue(Q).lease({ leaseSeconds: 60, maxTasks: 100, tag: "odd" })).toHaveLength(
      N / 2,
    );
  });

  it.each(Array.from({ length: 8 }, (_, i) => `w${i}`))(
    "that waits has the task %s when it comes, wherever that is",
    async (name) => {
      const waiting = queue(Q).lease({ leaseSeconds: 60, maxTasks: 1, waitSeconds: 20 });
      await new Promise((wake) => setTimeout(wake, 30));
      await queue(Q).add({ name, payload: "p" });
      expect(namesOf(await waiting)).toEqual([name]);
      const again = await queue(Q).get(name);
      expect([again.state, again.retryCount]).toEqual(["leased", 1]);
    },
  );

  it("that waits has no more than it asked for, and what it did not take is to be had", async () => {
    const waiting = queue(Q).lease({ leaseSeconds: 60, maxTasks: 1, waitSeconds: 20 });
    await new Promise((wake) => setTimeout(wake, 30));
    await queue(Q).add(Array.from({ length: N }, (_, i) => ({ name: `t${i}`, payload: "p" })));
    const got = await waiting;
    expect(got).toHaveLength(1);
    const others = await queue(Q).lease({ leaseSeconds: 60, maxTasks: 100, waitSeconds: 20 });
    expect(others).toHaveLength(N - 1);
    expect(others.every(({ retryCount }) => retryCount === 1)).toBe(true);
  });

  it.each([
    ["one shard", 1],
    ["all of them", 4],
  ])("gives tasks though the number of shards changes for %s after it has looked", async (_, n) => {
    await fill();
    let changes = 0;
    const { onShard } = TaskQueueObject.prototype;
    vi.spyOn(TaskQueueObject.prototype, "onShard").mockImplementation(async function (
      this: TaskQueueObject,
      map,
      verb,
      args,
    ) {
      if (verb !== "leaseNow" || changes === n) return onShard.call(this, map, verb, args);
      changes++;
      return { stale: { ...map, version: map.version + 1 } };
    });
    const tasks = await queue(Q).lease({ leaseSeconds: 60, maxTasks: N });
    expect(changes).toBe(n);
    expect(tasks.length).toBeGreaterThan(0);
    expect(new Set(namesOf(tasks)).size).toBe(tasks.length);
  });

  it("whose worker has gone leaves the task to another", async () => {
    const gone = new AbortController();
    const waiting = queue(Q).lease(
      { leaseSeconds: 60, maxTasks: 1, waitSeconds: 20 },
      { signal: gone.signal },
    );
    await new Promise((wake) => setTimeout(wake, 30));
    gone.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await queue(Q).add({ name: "t", payload: "p" });
    expect(namesOf(await queue(Q).lease({ leaseSeconds: 60, maxTasks: 1 }))).toEqual(["t"]);
  });
});
