// A commit that fails leaves memory as the rows are: whatever statement of whatever operation throws, the
// object answers afterwards as a fresh object over the same rows does.
import { beforeEach, describe, expect, it } from "vitest";
import type { QueueHandle } from "../../../src/index.ts";
import { clock } from "../../support/clock.ts";
import { inject } from "../../support/faults.ts";
import { STRIDE } from "../../support/histories.ts";
import { alarmOf, crash, freshStart, groupObject, pass, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";

beforeEach(freshStart);

/** All that callers can see of the queue, but for what began with its object's start. */
async function seen(of: QueueHandle): Promise<unknown> {
  const { statistics, ...view } = await of.describe();
  const { tasks, failed, states, tokens, enforcedRate } = statistics;
  const { marks } = await of.history();
  const isExact = view.rate === entry.rate;
  const listed = (await of.list()).tasks;
  return {
    view,
    counts: { tasks, failed, states: { ...states, leased: 0, due: 0 }, enforcedRate },
    // At a token a second and more they are spent ahead, and a fresh object has fewer.
    tokens: isExact ? tokens : undefined,
    marks: marks.filter(({ kind }) => kind !== "started"),
    listed: isExact ? listed : listed.map(({ why, ...task }) => task),
    failedOnes: (await of.list({ state: "failed" })).tasks,
    expiredOnes: (await of.list({ state: "expired" })).tasks,
    tombstones: (await of.tombstones()).tombstones,
  };
}

interface Operation {
  name: string;
  queue: string;
  before?: (of: QueueHandle) => Promise<unknown>;
  run: (of: QueueHandle) => Promise<unknown>;
}

const entry = { rate: "30/m", bucket_size: 4 };
const defined = async (of: QueueHandle) => {
  await of.define(entry);
  await of.add([{ name: "a" }, { name: "b" }, { name: "c", countdown: 60 }]);
};

/** Some of them have run, and levels of their keys are stored. */
const withKeys = async (of: QueueHandle) => {
  await of.define({ ...entry, extensions: { keys: { rate: "2/m", bucket_size: 2 } } });
  await of.add(["a", "a", "a", "b"].map((key) => ({ key })));
  await pass("made", 3);
};

const OPERATIONS: readonly Operation[] = [
  { name: "add two tasks", queue: "push", run: (of) => of.add([{ name: "x" }, {}]) },
  {
    name: "add a first task with a key",
    queue: "push",
    run: (of) => of.add([{ name: "x", key: "k" }, { priority: 0 }]),
  },
  {
    name: "add others with keys",
    queue: "made",
    before: withKeys,
    run: (of) => of.add([{ key: "a" }, {}]),
  },
  {
    name: "change the limits of keys",
    queue: "made",
    before: withKeys,
    run: (of) => of.define({ ...entry, extensions: { keys: { rate: "1/m", bucket_size: 3 } } }),
  },
  { name: "purge tasks with keys", queue: "made", before: withKeys, run: (of) => of.purge() },
  { name: "pause", queue: "made", before: defined, run: (of) => of.pause() },
  {
    name: "resume",
    queue: "made",
    before: async (of) => {
      await defined(of);
      await of.pause();
    },
    run: (of) => of.resume(),
  },
  { name: "purge", queue: "made", before: defined, run: (of) => of.purge() },
  { name: "delete", queue: "made", before: defined, run: (of) => of.delete(["a", "c"]) },
  { name: "run", queue: "made", before: defined, run: (of) => of.run("c") },
  {
    name: "replace",
    queue: "made",
    before: defined,
    run: (of) => of.add({ name: "c", ifExists: "replace", expires: 30 }),
  },
  {
    name: "debounce",
    queue: "made",
    before: async (of) => {
      await defined(of);
      await of.add({ name: "d", debounce: { seconds: 20 }, expires: 60 });
    },
    run: (of) => of.add({ name: "d", debounce: { seconds: 30 }, expires: 60 }),
  },
  {
    name: "expire",
    queue: "made",
    before: async (of) => {
      await defined(of);
      await of.pause();
      await of.add([{ name: "e", expires: 5 }, { expires: 5 }]);
    },
    run: () => pass("made", 6),
  },
  {
    name: "follow, and succeed",
    queue: "pull",
    before: async (of) => {
      await of.add({ name: "a", payload: "1", debounce: { seconds: 0.001 } });
      clock.now += 2;
    },
    run: async (of) => {
      const leased = await of.lease({ leaseSeconds: 60, maxTasks: 1 });
      await of.add({ name: "a", payload: "2", debounce: { seconds: 20 } });
      await of.acknowledge(leased);
    },
  },
  {
    name: "reschedule",
    queue: "made",
    before: defined,
    run: (of) => of.reschedule("c", { countdown: 5 }),
  },
  {
    name: "change",
    queue: "made",
    before: defined,
    run: (of) => of.define({ rate: "2/s", bucket_size: 9 }),
  },
  {
    name: "lose the rate",
    queue: "made",
    before: defined,
    run: (of) => of.define({ extensions: { rate: "none" } }),
  },
  {
    name: "become a pull queue",
    queue: "made",
    before: defined,
    run: (of) => of.define({ mode: "pull" }),
  },
  { name: "remove", queue: "made", before: defined, run: (of) => of.remove() },
  { name: "dispatch", queue: "made", before: defined, run: () => pass("made", 1) },
  {
    name: "remove a tombstone",
    queue: "brief",
    before: async (of) => {
      await of.add([{ name: "a" }]);
      await pass("brief", 1);
    },
    run: (of) => of.release("a"),
  },
  {
    name: "sweep",
    queue: "brief",
    before: async (of) => {
      await of.add([{ name: "a" }]);
      await pass("brief", 1);
      clock.now += 7 * 3600_000;
      await of.add({ countdown: 1 });
    },
    run: () => pass("brief", 10),
  },
  {
    name: "lease",
    queue: "pull",
    before: async (of) => {
      await of.add([
        { name: "a", payload: "", tag: "t" },
        { name: "b", payload: "" },
      ]);
      clock.now += 1;
    },
    run: async (of) => of.acknowledge(await of.lease({ leaseSeconds: 9, maxTasks: 1 })),
  },
];

describe("whatever statement throws, memory is as a fresh object over the same rows", () => {
  it.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
    "of %s",
    async (_, { queue: name, before, run }) => {
      const of = queue(name);
      for (let at = 1, reached = true; reached; at += STRIDE) {
        await freshStart();
        await before?.(of);
        const fault = await inject(name, { at, kind: "throw" });
        await run(of).catch(() => {});
        reached = fault.hit();
        fault.stop();
        const answered = await seen(of).catch((error) => error.code);
        await crash();
        const fresh = await seen(of).catch((error) => error.code);
        expect({ at, seen: answered }).toEqual({ at, seen: fresh });
      }
    },
    60_000,
  );
});

it("a group that could not note an event counts as a fresh object over its rows does", async () => {
  const names = ["push", groupObject("g")];
  for (let at = 1, reached = true; reached; at += STRIDE) {
    await freshStart();
    const handle = await queue("push").group({ name: "g", tasks: [{}, {}, {}] });
    const fault = await inject(groupObject("g"), { at, kind: "throw" });
    await work(names, async () => {
      const { done } = await handle.progress().catch(() => ({ done: 0 }));
      return done === 3;
    });
    reached = fault.hit();
    const before = await handle.progress();
    await crash();
    expect(await handle.progress()).toEqual(before);
  }
  expect(await alarmOf(groupObject("g"))).not.toBeNull();
});
