// A guard: what tasks cost may not grow unseen. Of the figures none depends on a clock or on the machine. One that
// has become smaller is written down here with the change that made it so; `npm run bench -- --only bill` has
// more kinds, in a real server.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { QueueHandle } from "../../../src/index.ts";
import { TaskRunnerEntrypoint } from "../../../src/objects/runner/task-runner.ts";
import { deployBatches } from "../../support/batches.ts";
import { BOX } from "../../support/box.ts";
import { clock } from "../../support/clock.ts";
import {
  crash,
  egressObject,
  freshStart,
  groupObject,
  objectOf,
  queue,
} from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { group, handlers } from "../../support/worker.ts";
import { countWritten, type Written } from "../../support/written.ts";

/** Of all tasks together. */
interface Cost extends Written {
  /** Calls of the runner by RPC. */
  runs: number;
}

const BATCH = 100;
/** Tasks that come one at a time. */
const FEW = 10;

/**
 * At most this, with the row that a queue's history is for twenty that tasks write. How many results share a commit,
 * and attempts a call, is chance: of a batch's statements and calls there are some more, but not one for each task.
 */
const MOST: Record<string, Cost> = {
  "unnamed, in a batch": { rows: 201, statements: 60, alarms: 1, runs: 80 },
  "unnamed, added each by itself at once": { rows: 201, statements: 60, alarms: 1, runs: 80 },
  "named, in a batch": { rows: 401, statements: 460, alarms: 1, runs: 80 },
  "names' ends": { rows: 6, statements: 20, alarms: 1, runs: 1 },
  "unnamed, alone": { rows: 21, statements: 42, alarms: 10, runs: 10 },
  "unnamed, alone, others ahead": { rows: 21, statements: 42, alarms: 20, runs: 10 },
  "named, alone": { rows: 41, statements: 72, alarms: 10, runs: 10 },
  "scheduled ahead, in a batch": { rows: 203, statements: 60, alarms: 1, runs: 80 },
  "that expire, in a batch": { rows: 402, statements: 500, alarms: 2, runs: 80 },
  "debounced, each twice": { rows: 72, statements: 170, alarms: 10, runs: 10 },
  "with keys, in a batch": { rows: 301, statements: 90, alarms: 1, runs: 80 },
  "with priorities, ahead, in a batch": { rows: 303, statements: 90, alarms: 1, runs: 80 },
  "tried twice": { rows: 510, statements: 480, alarms: 2, runs: 120 },
  "with a result": { rows: 301, statements: 180, alarms: 2, runs: 80 },
  "pull, leased and acknowledged": { rows: 302, statements: 517, alarms: 0, runs: 0 },
  "pull, with keys": { rows: 502, statements: 530, alarms: 0, runs: 0 },
  "pull, with priorities": { rows: 402, statements: 530, alarms: 0, runs: 0 },
  "pull, beside some with keys": { rows: 302, statements: 530, alarms: 0, runs: 0 },
  "pull, with keys, leased twice": { rows: 704, statements: 900, alarms: 0, runs: 0 },
  "subtasks of a group": { rows: 380, statements: 210, alarms: 6, runs: 80 },
  "handed on in batches": { rows: 201, statements: 24, alarms: 1, runs: 2 },
  "handed on in batches that wait": { rows: 202, statements: 24, alarms: 1, runs: 2 },
  "to another server": { rows: 201, statements: 60, alarms: 1, runs: 0 },
};

const NINE_DAYS_MS = 9 * 24 * 3600 * 1000;
/** More than a batch needs. */
const EGRESS_OBJECTS = 20;

let cost: Cost;

beforeEach(async () => {
  await freshStart();
  cost = { rows: 0, statements: 0, alarms: 0, runs: 0 };
  countCalls();
});

afterEach(() => {
  delete (env as { TASKQUEUE_ALLOW_HOSTS?: string }).TASKQUEUE_ALLOW_HOSTS;
  vi.restoreAllMocks();
});

const many = (of: (i: number) => object = () => ({})) =>
  Array.from({ length: BATCH }, (_, i) => of(i));
const named = (i: number) => ({ name: `n${i}` });

const KINDS: Record<string, () => Promise<void>> = {
  "unnamed, in a batch": () => inBatch("unlimited", many()),
  "unnamed, added each by itself at once": async () => {
    await meet("unlimited");
    const unlimited = queue("unlimited");
    await Promise.all(many().map((task) => unlimited.add(task)));
    await atRest("unlimited");
  },
  "named, in a batch": () => inBatch("unlimited", many(named)),
  "names' ends": async () => {
    await inBatch("unlimited", many(named));
    clock.now += NINE_DAYS_MS;
    forget();
    await queue("unlimited").add({});
    await atRest("unlimited");
  },
  "unnamed, alone": () => oneByOne("unlimited", () => ({})),
  "unnamed, alone, others ahead": () => oneByOne("unlimited", () => ({}), { countdown: 3600 }),
  "named, alone": () => oneByOne("unlimited", named),
  "scheduled ahead, in a batch": () =>
    inBatch(
      "unlimited",
      many(() => ({ countdown: 60 })),
    ),
  "that expire, in a batch": async () => {
    await queue("unlimited").add({ expires: 60 });
    await inBatch(
      "unlimited",
      many(() => ({ expires: 60 })),
    );
  },
  "debounced, each twice": async () => {
    await meet("unlimited");
    for (let i = 0; i < FEW; i++) {
      const task = { name: `n${i}`, debounce: { seconds: 1 } };
      await queue("unlimited").add(task);
      await queue("unlimited").add(task);
      await atRest("unlimited");
    }
  },
  "with keys, in a batch": async () => {
    await queue("unlimited").add({ key: "k0" });
    await inBatch(
      "unlimited",
      many((i) => ({ key: `k${i % 10}` })),
    );
  },
  "with priorities, ahead, in a batch": async () => {
    await queue("unlimited").add({ priority: 0 });
    await inBatch(
      "unlimited",
      many((i) => ({ priority: i % 4, countdown: 60 })),
    );
  },
  "tried twice": async () => {
    const tried = new Set<string | null>();
    handlers.set("/_ah/queue/unlimited", ({ headers }) => {
      const name = headers.get("X-AppEngine-TaskName");
      const isAgain = tried.has(name);
      tried.add(name);
      return new Response(null, { status: isAgain ? 200 : 500 });
    });
    await inBatch("unlimited", many());
  },
  "with a result": async () => {
    handlers.set("/_ah/queue/results", () => Response.json({ counted: 1 }));
    await inBatch("results", many());
  },
  "pull, leased and acknowledged": () => leased(() => ({}), {}),
  "pull, with keys": () => leased((i) => ({ key: `k${i % 7}` }), { key: "first" }),
  "pull, with priorities": () => leased((i) => ({ priority: i % 4 }), { priority: 0 }),
  "pull, beside some with keys": () => leased(() => ({}), { key: "first" }),
  "pull, with keys, leased twice": async () => {
    await leased(
      (i) => ({ key: `k${i % 7}` }),
      { key: "first" },
      async (pull) => {
        expect(await pull.lease({ leaseSeconds: 60, maxTasks: BATCH })).toHaveLength(BATCH);
        clock.now += 60_001;
      },
    );
  },
  "subtasks of a group": async () => {
    await meet("unlimited");
    await meter(groupObject("g"));
    await queue("unlimited").group({ name: "g", tasks: many() });
    const names = ["unlimited", groupObject("g")];
    await work(names, async () => (await group(env, "g").progress()).state === "done");
  },
  "handed on in batches": () => handedOn({ size: 50 }),
  "handed on in batches that wait": () => handedOn({ size: 50, wait: 60 }),
  "to another server": async () => {
    Object.assign(env, { TASKQUEUE_ALLOW_HOSTS: "localhost" });
    await crash();
    for (let i = 0; i < EGRESS_OBJECTS; i++) await meter(egressObject("unlimited", i));
    await inBatch(
      "unlimited",
      many(() => ({ url: `${BOX}/` })),
    );
  },
};

it.each(Object.keys(KINDS))("%s: no more than is written here", async (kind) => {
  await KINDS[kind]?.();
  const most = MOST[kind] as Cost;
  const found = Object.entries(cost).filter(([of, count]) => count > most[of as keyof Cost]);
  expect({ ...most, ...Object.fromEntries(found) }).toEqual(most);
});

async function leased(
  task: (i: number) => object,
  first: object,
  before: (pull: QueueHandle) => Promise<void> = async () => {},
): Promise<void> {
  const pull = queue("pull");
  const request = { leaseSeconds: 60, maxTasks: BATCH };
  await pull.add({ payload: "", ...first });
  await pull.acknowledge(await pull.lease(request));
  await meter("pull");
  await pull.add(many((i) => ({ payload: "", ...task(i) })));
  await before(pull);
  const held = await pull.lease(request);
  expect(held).toHaveLength(BATCH);
  await pull.acknowledge(held);
}

async function handedOn(batch: object): Promise<void> {
  deployBatches("unlimited", { rate: "none", batch });
  await inBatch("unlimited", many());
}

async function inBatch(name: string, tasks: object[]): Promise<void> {
  await meet(name);
  await queue(name).add(tasks);
  await atRest(name);
}

async function oneByOne(name: string, task: (i: number) => object, ahead?: object): Promise<void> {
  if (ahead) await queue(name).add(ahead);
  await meet(name);
  for (let i = 0; i < FEW; i++) {
    await queue(name).add(task(i));
    await atRest(name);
  }
}

/** What a queue writes once is behind it. */
async function meet(name: string): Promise<void> {
  await queue(name).add({ name: "first" });
  await atRest(name);
  await meter(name);
  forget();
}

function forget(): void {
  Object.assign(cost, { rows: 0, statements: 0, alarms: 0, runs: 0 });
}

/** Until nothing runs, and nothing is due within two minutes: asked of the objects' fields, by no statement. */
async function atRest(name: string): Promise<void> {
  const end = clock.now + 120_000;
  await work([name], async () => !(await isBusy(name)) && ((await alarmAt(name)) ?? end) >= end);
}

function isBusy(name: string): Promise<boolean> {
  const busy = (instance: object) => (instance as { isBusy: boolean }).isBusy;
  return runInDurableObject(objectOf(name), busy);
}

function alarmAt(name: string): Promise<number | null> {
  return runInDurableObject(objectOf(name), (_, { storage }) => storage.getAlarm());
}

/** Counts, from now on, what the object writes. */
const meter = (name: string) => countWritten(name, cost);

// A call for several attempts goes on within the runner: that is one call.
function countCalls(): void {
  const runner = TaskRunnerEntrypoint.prototype as unknown as Record<string, () => unknown>;
  let depth = 0;
  for (const name of Object.getOwnPropertyNames(runner)) {
    const method = runner[name];
    if (name === "constructor" || method === undefined) continue;
    vi.spyOn(runner, name).mockImplementation(function (this: unknown, ...args) {
      if (depth === 0) cost.runs++;
      depth++;
      try {
        return method.apply(this, args);
      } finally {
        depth--;
      }
    });
  }
}
