// A pull queue whose object is evicted between any two steps of a worker: leases live in the rows alone.
import { beforeEach, describe, expect, it } from "vitest";
import type { Task } from "../../../../src/index.ts";
import { clock, START } from "../../../support/clock.ts";
import { haveLines } from "../../../support/in-lines.ts";
import { crash, freshStart, queue } from "../../../support/time.ts";

beforeEach(freshStart);

type Step = () => Promise<unknown>;

const pull = () => queue("pull");
const namesOf = (tasks: Task[]) => tasks.map(({ name }) => name);
const at = (seconds: number) => new Date(START + seconds * 1000);

/** A worker's day: leases, one made longer, one that runs out, one given back, acknowledgements. */
function leases(): Step[] {
  const held = new Map<string, Task>();
  const lease = async (request: object): Promise<Task[]> => {
    const tasks = await pull().lease({ leaseSeconds: 10, maxTasks: 10, ...request });
    for (const task of tasks) held.set(task.name, task);
    return tasks;
  };
  const tokenOf = (name: string) => held.get(name) as Task;
  let lost: Task;
  return [
    () =>
      pull().add([
        { name: "n1", payload: 1, tag: "A" },
        { name: "n2", payload: 2, tag: "A" },
        { name: "n3", payload: 3, tag: "B" },
        { name: "n4", payload: 4, eta: at(5) },
      ]),
    async () => expect(namesOf(await lease({ maxTasks: 1, tag: "A" }))).toEqual(["n1"]),
    async () => expect(namesOf(await lease({ maxTasks: 1 }))).toEqual(["n2"]),
    async () => expect(await lease({ tag: "A" })).toEqual([]),
    async () => held.set("n1", await pull().modifyLease(tokenOf("n1"), 60)),
    async () => {
      clock.now += 10_001;
      lost = tokenOf("n2");
      const tasks = await lease({});
      expect(tasks).toMatchObject([
        { name: "n3", retryCount: 1 },
        { name: "n4", retryCount: 1 },
        { name: "n2", retryCount: 2, payload: 2, attempts: [{}] },
      ]);
    },
    async () => expect(await lease({ tag: "A" })).toEqual([]),
    async () =>
      expect(await pull().acknowledge([lost])).toMatchObject([
        { acknowledged: false, error: { code: "TASK_LEASE_EXPIRED" } },
      ]),
    () => pull().modifyLease(tokenOf("n3"), 0),
    async () => expect(namesOf(await lease({ oldestTag: true }))).toEqual(["n3"]),
    async () => expect((await pull().get("n3")).retryCount).toBe(2),
    async () =>
      expect(await pull().acknowledge([...held.values()])).toMatchObject(
        [...held.values()].map(({ name }) => ({ name, acknowledged: true })),
      ),
    async () => {
      clock.now += 3600_000;
      expect(await lease({})).toEqual([]);
      expect((await pull().describe()).statistics.tasks).toBe(0);
    },
  ];
}

/** A task whose leases run out until it has had them all, and that is then put back. */
function exhausted(): Step[] {
  const twice = () => queue("pull-twice");
  const second = { leaseSeconds: 1, maxTasks: 1, tag: "A" };
  const leaseOnce = (retryCount: number) => async () => {
    expect(await twice().lease(second)).toMatchObject([{ name: "n1", retryCount }]);
    clock.now += 1001;
  };
  return [
    () => twice().add({ name: "n1", payload: "", tag: "A" }),
    leaseOnce(1),
    leaseOnce(2),
    async () => expect(await twice().lease(second)).toEqual([]),
    async () =>
      expect(await twice().get("n1")).toMatchObject({ state: "failed", attempts: [{}, {}] }),
    async () => {
      await twice().redrive(["n1"]);
      clock.now += 1;
    },
    leaseOnce(1),
  ];
}

describe.each([
  ["leases", leases],
  ["a task that runs out of leases", exhausted],
  ["leases of a queue with lines", () => [() => haveLines("pull"), ...leases()]],
  [
    "a task that runs out of leases, of a queue with lines",
    () => [() => haveLines("pull-twice"), ...exhausted()],
  ],
])("%s", (_, stepsOf) => {
  it.each(stepsOf().map((_, i) => i))("go on after an eviction before step %i", async (evicted) => {
    for (const [i, step] of stepsOf().entries()) {
      if (i === evicted) await crash();
      await step();
    }
  });

  it("go on with an eviction before each step", async () => {
    for (const step of stepsOf()) {
      await crash();
      await step();
    }
  });
});

it("20 leases by one tag, each by an object that has just started, are of 20 tasks", async () => {
  await pull().add(Array.from({ length: 20 }, () => ({ payload: "", tag: "A" })));
  const found = new Set<string>();
  for (let i = 0; i < 20; i++) {
    await crash();
    const [task] = await pull().lease({ leaseSeconds: 60, maxTasks: 1, tag: "A" });
    found.add((task as Task).name);
  }
  expect(found.size).toBe(20);
  clock.now += 60_001;
  await crash();
  expect(await pull().lease({ leaseSeconds: 60, maxTasks: 100, tag: "A" })).toHaveLength(20);
});
