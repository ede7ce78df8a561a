// What many workers that wait cost: a turn of the line costs what it gives, and not by how many wait. Counted in
// statements and look-ups, for time depends on the machine.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { QueueStub } from "../../../../src/client/stubs.ts";
import type { NewTask } from "../../../../src/index.ts";
import { clock } from "../../../support/clock.ts";
import { haveLines } from "../../../support/in-lines.ts";
import { freshStart, objectOf } from "../../../support/time.ts";

beforeEach(freshStart);

const LEASE = { leaseSeconds: 60, maxTasks: 1, waitSeconds: 60 };

interface Bench {
  /** A worker that waits; its tasks' names. */
  come(request?: { tag?: string; oldestTag?: boolean; maxTasks?: number }): Promise<string[]>;
  add(...tasks: NewTask[]): Promise<void>;
  /** Statements and rows read since this was last asked. */
  cost(): { statements: number; reads: number };
  object: QueueStub;
}

function onPull(work: (bench: Bench) => Promise<void>): Promise<void> {
  return runInDurableObject(objectOf("pull"), async (instance, { storage: { sql } }) => {
    const object = instance as unknown as QueueStub;
    let cursors: { rowsRead: number }[] = [];
    const { exec } = sql;
    sql.exec = ((...args: Parameters<typeof exec>) => {
      const cursor = exec.apply(sql, args);
      cursors.push(cursor);
      return cursor;
    }) as typeof exec;
    await work({
      object,
      cost: () => {
        const reads = cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0);
        const statements = cursors.length;
        cursors = [];
        return { statements, reads };
      },
      come: async (request) => {
        const leased = await object.lease({ ...LEASE, ...request });
        const { ok } = "got" in leased ? leased.got : await leased.answer.get();
        return (ok ?? []).map(({ name }) => name);
      },
      add: async (...tasks) => {
        await object.add([
          { tasks: tasks.map((task) => ({ payload: "", ...task })), atomic: false },
        ]);
        clock.now += 1;
      },
    });
  });
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 5));
const MANY = 2000;

// Each row: who waits, and a task that is added.
describe.each<[string, (i: number) => { tag?: string; oldestTag?: boolean }, NewTask]>([
  ["of any tag, a task without one", () => ({}), {}],
  ["of any tag, a task with one", () => ({}), { tag: "t1" }],
  ["by the oldest's tag", () => ({ oldestTag: true }), {}],
  ["by the oldest's tag, a task with one", () => ({ oldestTag: true }), { tag: "t1" }],
  ["of one tag, a task of it", () => ({ tag: "t1" }), { tag: "t1" }],
  ["of one tag, a task of another", () => ({ tag: "t1" }), { tag: "t2" }],
  ["of one tag, a task without one", () => ({ tag: "t1" }), {}],
  ["each of its own tag, a task of one of these", (i) => ({ tag: `t${i}` }), { tag: "t7" }],
  ["each of its own tag, a task of another", (i) => ({ tag: `t${i}` }), { tag: "none" }],
  ["of five tags and of any", (i) => (i % 6 ? { tag: `t${i % 6}` } : {}), { tag: "t3" }],
  ["each of its own tag, a task of later", (i) => ({ tag: `t${i}` }), { tag: "t7", countdown: 9 }],
])("with 2,000 waiting %s", (_, request, task) => {
  it("an add costs what it costs with 10", async () => {
    const costs: { statements: number; reads: number }[] = [];
    for (const waiting of [10, MANY]) {
      await freshStart();
      await onPull(async ({ come, add, cost }) => {
        await add({ tag: "first", countdown: 3600 });
        for (let i = 0; i < waiting; i++) void come(request(i));
        await turns();
        await add(task);
        cost();
        for (let i = 0; i < 5; i++) await add(task);
        costs.push(cost());
      });
    }
    const [few, many] = costs as [(typeof costs)[0], (typeof costs)[0]];
    expect(many.statements).toBeLessThanOrEqual(few.statements + 10);
    expect(many.reads).toBeLessThanOrEqual(few.reads + 500);
  });
});

describe.each<[string, (i: number) => { tag?: string }]>([
  ["without tags", () => ({})],
  ["of five tags", (i) => ({ tag: `t${i % 5}` })],
  ["each of its own tag", (i) => ({ tag: `t${i}` })],
])("2,000 waiting and 2,000 tasks %s", (_, tag) => {
  it("cost a few statements and rows each", async () => {
    await onPull(async ({ come, add, cost }) => {
      await add({ countdown: 3600 });
      const waiting = Array.from({ length: MANY }, (_, i) => come(tag(i)));
      await turns();
      cost();
      for (let i = 0; i < MANY; i += 500) {
        await add(...Array.from({ length: 500 }, (_, n) => tag(i + n)));
      }
      const got = await Promise.all(waiting);
      expect(new Set(got.flat()).size).toBe(MANY);
      const { statements, reads } = cost();
      expect(statements).toBeLessThan(8 * MANY);
      expect(reads).toBeLessThan(60 * MANY);
    });
  });
});

describe("fairness over the lines", () => {
  it("who came first gets the task that both could have", async () => {
    await onPull(async ({ come, add }) => {
      const order: string[] = [];
      const worker = (name: string, tag?: string) =>
        void come(tag === undefined ? {} : { tag }).then(([task]) => order.push(`${name} ${task}`));
      for (const [name, tag] of [["a1", "A"], ["any1"], ["b1", "B"], ["a2", "A"], ["any2"]]) {
        worker(name as string, tag);
      }
      await turns();
      await add({ name: "n1", tag: "B" });
      await add({ name: "n2", tag: "B" });
      await add({ name: "n3", tag: "A" });
      await add({ name: "n4", tag: "A" });
      await add({ name: "n5" });
      await turns();
      expect(order).toEqual(["any1 n1", "b1 n2", "a1 n3", "a2 n4", "any2 n5"]);
    });
  });

  it.each([
    ["", async () => {}],
    [" of a queue with lines", () => haveLines("pull")],
  ])(
    "of random workers and tasks%s each gets what it would get if all were asked in turn",
    async (_, make) => {
      await make();
      let seed = 7;
      const random = (n: number) => {
        seed = (seed * 48271) % 2147483647;
        return seed % n;
      };
      await onPull(async ({ come, add }) => {
        const waiting: { number: number; tag: string | undefined }[] = [];
        const got = new Map<number, string | undefined>();
        const expected = new Map<number, string>();
        let left: { name: string; tag: string | undefined }[] = [];
        for (let i = 0; i < 400; i++) {
          const tag = [undefined, "A", "B", "C", "D"][random(5)];
          if (random(2) === 0) {
            void come(tag === undefined ? {} : { tag }).then(([name]) => got.set(i, name));
            waiting.push({ number: i, tag });
          } else {
            const name = `n${1000 + i}`;
            await add({ name, ...(tag === undefined ? {} : { tag }) });
            left.push({ name, tag });
          }
          for (const worker of [...waiting]) {
            const task = left.find((one) => worker.tag === undefined || worker.tag === one.tag);
            if (!task) continue;
            left = left.filter((one) => one !== task);
            expected.set(worker.number, task.name);
            waiting.splice(waiting.indexOf(worker), 1);
          }
        }
        await turns();
        expect(got).toEqual(expected);
      });
    },
  );

  it("a task of an earlier time, one given back and one whose lease ended are found for their tag", async () => {
    await onPull(async ({ come, add, object }) => {
      await add({ name: "held", tag: "A" });
      const leased = await object.lease({ leaseSeconds: 5, maxTasks: 1 });
      if (!("got" in leased)) throw new Error("nothing to lease");
      const [{ name, lease } = { name: "", lease: "" }] = leased.got.ok ?? [];
      const [a1, b1, a2] = [come({ tag: "A" }), come({ tag: "B" }), come({ tag: "A" })];
      await turns();
      await object.modifyLease({ name, lease: lease as string }, 0);
      expect(await a1).toEqual(["held"]);
      await add({ name: "early", tag: "B", eta: new Date(clock.now - 50_000) });
      expect(await b1).toEqual(["early"]);
      await add({ name: "later", tag: "A", countdown: 3 });
      clock.now += 3001;
      await object.add([{ tasks: [{ payload: "", tag: "C" }], atomic: false }]);
      expect(await a2).toEqual(["later"]);
    });
  });
});
