// A limit that several queues share holds for all of them together, whatever of them ends in between.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { parseQueueYaml } from "../../../../src/core/config/queue-yaml.ts";
import { limitObject } from "../../../../src/core/sharding/limit.ts";
import { shardObject } from "../../../../src/core/sharding/shard-map.ts";
import { TaskDirectoryObject } from "../../../../src/objects/directory/task-directory.ts";
import { TaskQueueObject } from "../../../../src/objects/queue/task-queue.ts";
import { untilQuiet } from "../../../../src/testing/order.ts";
import { clock } from "../../../support/clock.ts";
import { passEvicting } from "../../../support/evictions.ts";
import { some } from "../../../support/histories.ts";
import { rowsOf } from "../../../support/resharding.ts";
import { seeded } from "../../../support/shards-simulation.ts";
import {
  crash,
  elapsed,
  firstAlarm,
  freshStart,
  objectOf,
  queue,
  until,
} from "../../../support/time.ts";
import { deployed, handlers, held } from "../../../support/worker.ts";

// Callers know these, whatever is deployed.
const [A, B] = ["paced", "push"] as const;
const BOTH = [A, B];
const STRIPE = limitObject("stripe");

beforeEach(freshStart);

/** Deploys these queues, which draw from `stripe` unless they say otherwise, and this limit. */
function deploy(limit: string, queues: Record<string, string> = { [A]: "", [B]: "" }): void {
  const entries = Object.entries(queues).map(
    ([name, keys]) => `- { name: ${name}, ${keys || FAST} }\n`,
  );
  deployed.queues = parseQueueYaml(
    `queue:\n${entries.join("")}extensions: { limits: { stripe: ${limit}, mail: { max_concurrent_requests: 1 } } }\n`,
  );
}

const FAST = "extensions: { rate: none, limits: [stripe] }";

interface Way {
  /** A test holds attempts, so that nobody can wait for their end. */
  isHeld?: boolean;
  /** What happens before each alarm. */
  before?: () => Promise<void>;
}

/** Moves the clock by `seconds`; alarms fire on the way, each at its time, and all that they bring about has happened. */
async function pass(
  objects: readonly string[],
  seconds: number,
  { isHeld = false, before }: Way = {},
): Promise<void> {
  const end = clock.now + seconds * 1000;
  for (;;) {
    await untilQuiet(async () => !isHeld && (await areBusy(objects)), isHeld ? 12 : 3);
    await before?.();
    const next = await firstAlarm(objects);
    if (!next || next.at > end) break;
    clock.now = Math.max(clock.now, next.at);
    runDurableObjectAlarm(objectOf(next.name)).catch(() => {});
  }
  clock.now = end;
}

async function areBusy(objects: readonly string[]): Promise<boolean> {
  const isBusy = (instance: object) => (instance as { isBusy: boolean }).isBusy;
  const busy = objects.map((name) => runInDurableObject(objectOf(name), isBusy));
  return (await Promise.all(busy)).includes(true);
}

async function evict(name: string): Promise<void> {
  await runInDurableObject(objectOf(name), (_, state) => state.abort("evicted")).catch(() => {});
}

/** The same where attempts are held, until as many have started. */
async function passUntil(
  objects: readonly string[],
  seconds: number,
  isSo: () => boolean,
): Promise<void> {
  const end = clock.now + seconds * 1000;
  await until(async () => {
    if (isSo()) return true;
    const next = await firstAlarm(objects);
    if (!next || next.at > end) return false;
    clock.now = Math.max(clock.now, next.at);
    runDurableObjectAlarm(objectOf(next.name)).catch(() => {});
    await untilQuiet(async () => false, 3);
    return false;
  });
}

/** Evicts one of the objects now and then. */
function evictions(objects: readonly string[], seed: number): () => Promise<void> {
  const random = seeded(seed);
  return async () => {
    if (random() < 0.3) await evict(objects[Math.floor(random() * objects.length)] as string);
  };
}

/** When tasks start, in seconds, and of which queue. */
function starts(...queues: string[]): { at: number; queue: string }[] {
  const found: { at: number; queue: string }[] = [];
  for (const name of queues.length > 0 ? queues : BOTH)
    handlers.set(`/_ah/queue/${name}`, () => {
      found.push({ at: elapsed(), queue: name });
      return new Response();
    });
  return found;
}

function overspent(
  found: readonly { at: number }[],
  rate: number,
  capacity: number,
): object | undefined {
  for (const [first, { at: from }] of found.entries()) {
    for (const [last, { at: to }] of found.entries()) {
      const n = last - first + 1;
      if (last >= first && n > capacity + rate * (to - from) + 1e-6) return { from, to, n };
    }
  }
  return undefined;
}

/** Tasks `n0` and on, or others of `prefix`. */
async function add(names: readonly string[], n: number, prefix = "n"): Promise<void> {
  for (const name of names)
    await queue(name).add(Array.from({ length: n }, (_, i) => ({ name: `${prefix}${i}` })));
}

describe("a limit of two queues", () => {
  const paces: [rate: number, capacity: number][] = [
    [40, 12],
    [2, 1],
    [10, 10],
    [10, 2],
  ];
  it.each(some(2, paces))(
    "of %d/s with a bucket of %d keeps its bound and its pace",
    async (rate, capacity) => {
      deploy(`{ rate: ${rate}/s, bucket_size: ${capacity} }`);
      const found = starts();
      await add(BOTH, rate);
      await pass(BOTH, 1.5);
      expect(found.length).toBeGreaterThanOrEqual(0.95 * rate * 1.5);
      await pass(BOTH, 4);
      expect(found).toHaveLength(rate * 2);
      expect(overspent(found, rate, capacity)).toBeUndefined();
    },
  );

  const seeds: [rate: number, capacity: number, seed: number][] = [
    [20, 10, 2],
    [5, 3, 1],
  ];
  it.each(some(1, seeds))(
    "of %d/s with a bucket of %d keeps its bound under evictions",
    async (rate, capacity, seed) => {
      deploy(`{ rate: ${rate}/s, bucket_size: ${capacity} }`);
      const found = starts();
      await add(BOTH, 15);
      await pass(BOTH, 10, { before: evictions([...BOTH, STRIPE], seed) });
      await pass(BOTH, 20);
      expect(found.length).toBeGreaterThanOrEqual(30);
      expect(overspent(found, rate, capacity)).toBeUndefined();
    },
  );

  it("below a token a second loses none of its pace, whatever is evicted between any two events", async () => {
    deploy("{ rate: 6/m, bucket_size: 1 }");
    const found = starts();
    await add(BOTH, 3);
    await passEvicting(BOTH, 80, () => found.length === 6);
    expect(found.map(({ at }) => Math.round(at / 10))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(overspent(found, 0.1, 1)).toBeUndefined();
  });

  it("runs no more at once than it may, and as many", async () => {
    deploy("{ max_concurrent_requests: 3 }");
    const [a, b] = [held(`/_ah/queue/${A}`), held(`/_ah/queue/${B}`)];
    await add([A], 5);
    await passUntil(BOTH, 1, () => a.started() === 3);
    expect(a.started()).toBe(3);
    await add([B], 5);
    await pass(BOTH, 10, { isHeld: true });
    expect([a.started(), b.started()]).toEqual([3, 0]);
    for (const i of [0, 1, 2]) a.answer(i, 200);
    await passUntil(BOTH, 5, () => a.started() + b.started() === 6);
    expect(a.started() + b.started()).toBe(6);
    expect(b.started()).toBeGreaterThan(0);
  });

  it("gives slots back that an object had when it ended", async () => {
    deploy("{ max_concurrent_requests: 2 }");
    const a = held(`/_ah/queue/${A}`);
    await add([A], 2);
    await passUntil(BOTH, 1, () => a.started() === 2);
    expect(a.started()).toBe(2);
    await queue(A).purge();
    await evict(A);
    const found = starts();
    await add([B], 2);
    await pass(BOTH, 5);
    expect(found.map((it) => it.queue)).toEqual([B, B]);
  });

  it("an attempt that has lost its task keeps its slot until it ends", async () => {
    deploy("{ max_concurrent_requests: 1 }");
    const a = held(`/_ah/queue/${A}`);
    const b = held(`/_ah/queue/${B}`);
    await add([A], 1);
    await passUntil(BOTH, 1, () => a.started() === 1);
    await queue(A).delete(["n0"]);
    await add([B], 1);
    await pass(BOTH, 8, { isHeld: true });
    expect([a.started(), b.started()]).toEqual([1, 0]);
    a.answer(0, 200);
    await passUntil(BOTH, 8, () => b.started() === 1);
    expect(b.started()).toBe(1);
  });

  it("lends what an idle queue has to the busy one within a second", async () => {
    deploy("{ rate: 20/s, bucket_size: 20 }");
    const found = starts();
    await add(BOTH, 20);
    await pass(BOTH, 3);
    const done = found.length;
    await add([B], 40, "more");
    await pass(BOTH, 3);
    expect(found.length - done).toBeGreaterThanOrEqual(0.95 * 20 * 2);
    expect(overspent(found, 20, 20)).toBeUndefined();
  });

  it("goes on without the limit's object with what each holds, and then stops", async () => {
    deploy("{ rate: 10/s, bucket_size: 10 }");
    const found = starts();
    await add(BOTH, 150);
    await pass(BOTH, 6);
    const ask = vi.spyOn(TaskQueueObject.prototype, "askLimit");
    ask.mockRejectedValue(new Error("down"));
    onTestFinished(() => ask.mockRestore());
    const wentDown = elapsed();
    await pass(BOTH, 20);
    const late = found.filter(({ at }) => at > wentDown).map(({ at }) => at - wentDown);
    expect(late.filter((at) => at > 2)).not.toEqual([]);
    expect(late.filter((at) => at > 10.1)).toEqual([]);
    ask.mockRestore();
    const before = found.length;
    await pass(BOTH, 8);
    expect(found.length).toBeGreaterThan(before);
    expect(overspent(found, 10, 10)).toBeUndefined();
  });
});

describe("a queue with a limit", () => {
  it("keeps to its own rate, slots and pause besides", async () => {
    deploy("{ rate: 50/s, bucket_size: 50 }", {
      [A]: "rate: 2/s, bucket_size: 1, extensions: { limits: [stripe] }",
      [B]: "rate: 50/s, bucket_size: 50, extensions: { limits: [stripe] }",
    });
    const found = starts();
    await queue(B).pause();
    await add(BOTH, 6);
    await pass(BOTH, 2);
    expect(found.map((it) => it.queue)).toEqual([A, A, A, A, A]);
    await queue(B).resume();
    await pass(BOTH, 4);
    expect(
      overspent(
        found.filter((it) => it.queue === A),
        2,
        1,
      ),
    ).toBeUndefined();
    expect(found).toHaveLength(12);
  });

  it("runs a task now without a token, but not without a slot", async () => {
    deploy("{ rate: 1/m, bucket_size: 1, max_concurrent_requests: 2 }");
    const a = held(`/_ah/queue/${A}`);
    await add([A], 4);
    await passUntil(BOTH, 1, () => a.started() === 1);
    expect(a.started()).toBe(1);
    await queue(A).run("n1");
    await passUntil(BOTH, 1, () => a.started() === 2);
    expect(a.started()).toBe(2);
    await queue(A).run("n2");
    await pass(BOTH, 5, { isHeld: true });
    expect(a.started()).toBe(2);
    expect((await queue(A).get("n2")).why).toBe('waits for a slot of the limit "stripe"');
    expect((await queue(A).get("n3")).why).toBe('waits for a slot of the limit "stripe"');
    a.answer(0, 200);
    await passUntil(BOTH, 2, () => a.started() === 3);
    expect(a.started()).toBe(3);
  });

  it("says what its tasks wait for, and what it has of the limit", async () => {
    deploy("{ rate: 6/m, bucket_size: 2, max_concurrent_requests: 7 }");
    starts();
    await add([A], 3);
    await pass(BOTH, 1);
    expect((await queue(A).get("n2")).why).toBe('waits for a token of the limit "stripe"');
    const { extensions, limits } = await queue(A).describe();
    expect(extensions.limits).toEqual(["stripe"]);
    const numbers = { rate: "6/m", bucketSize: 2, maxConcurrentRequests: 7 };
    expect(limits).toEqual([{ name: "stripe", ...numbers, inFlight: 0, tokens: 0 }]);
  });

  it("needs a token and a slot of each of several", async () => {
    deploy("{ rate: 10/s, bucket_size: 5 }", {
      [A]: "extensions: { rate: none, limits: [stripe, mail] }",
      [B]: "extensions: { rate: none, limits: [mail] }",
    });
    const [a, b] = [held(`/_ah/queue/${A}`), held(`/_ah/queue/${B}`)];
    await add([A, B], 3);
    await passUntil(BOTH, 2, () => a.started() + b.started() === 1);
    expect(a.started() + b.started()).toBe(1);
    for (let i = 0; i < 3; i++) {
      a.answer(i, 200);
      b.answer(i, 200);
    }
    await pass(BOTH, 40);
    expect([a.started(), b.started()]).toEqual([3, 3]);
  });

  it("takes a token for each task of a batch, and a slot for each call", async () => {
    deploy("{ rate: 10/s, bucket_size: 10, max_concurrent_requests: 1 }", {
      [A]: "extensions: { rate: none, batch: { size: 4, wait: 0 }, limits: [stripe] }",
    });
    const found: { at: number; tasks: number }[] = [];
    handlers.set(`/_ah/queue/${A}`, (request) => {
      found.push({ at: elapsed(), tasks: Number(request.headers.get("X-TaskQueue-Batch")) });
      return new Response();
    });
    await add([A], 24);
    await pass([A], 4);
    const tasks = found.flatMap(({ at, tasks: n }) => Array(n).fill({ at }));
    expect(tasks).toHaveLength(24);
    expect(overspent(tasks, 10, 10)).toBeUndefined();
    expect(found.length).toBeLessThan(24);
    expect((await queue(A).describe()).limits).toMatchObject([{ inFlight: 0 }]);
  });

  it("and keys keeps to both", async () => {
    deploy("{ rate: 20/s, bucket_size: 5 }", {
      [A]: "extensions: { rate: none, keys: { max_concurrent_requests: 1 }, limits: [stripe] }",
    });
    const found = starts(A);
    const tasks = Array.from({ length: 20 }, (_, i) => ({ key: `k${i % 3}`, name: `n${i}` }));
    await queue(A).add(tasks);
    await pass([A], 4);
    expect(found).toHaveLength(20);
    expect(overspent(found, 20, 5)).toBeUndefined();
  });

  it("of several shards has a part of it on each", async () => {
    const name = "four-shards";
    const objects = [0, 1, 2, 3].map((shard) => shardObject(name, shard));
    deploy("{ rate: 10/s, bucket_size: 5, max_concurrent_requests: 3 }", {
      [name]: "extensions: { rate: none, shards: 4, limits: [stripe] }",
      [B]: "",
    });
    const found = starts(name, B);
    await add([name, B], 20);
    await pass([...objects, B], 8);
    expect(found).toHaveLength(40);
    expect(overspent(found, 10, 5)).toBeUndefined();
    const { limits } = await queue(name).describe();
    expect(limits).toMatchObject([{ name: "stripe", rate: "10/s", inFlight: 0 }]);
  });
});

describe("a limit that is changed", () => {
  const LIMIT = "{ rate: 20/s, bucket_size: 5 }";

  it.each<[string, string, number, number]>([
    ["lower", "{ rate: 4/s, bucket_size: 2 }", 4, 2],
    ["higher", "{ rate: 40/s, bucket_size: 10 }", 40, 10],
  ])("is %s once that is deployed", async (_, limit, rate, capacity) => {
    deploy(LIMIT);
    const found = starts();
    await add(BOTH, 100);
    await pass(BOTH, 2);
    deploy(limit);
    await crash();
    const from = elapsed();
    await pass(BOTH, 3);
    const after = found.filter(({ at }) => at > from);
    expect(after.length).toBeGreaterThanOrEqual(0.9 * rate * 3 - capacity);
    expect(overspent(after, rate, capacity)).toBeUndefined();
  });

  it("holds by what its object knows, where a queue's was deployed before", async () => {
    deploy("{ rate: 2/s, bucket_size: 1 }");
    const found = starts();
    await add([A], 20);
    await pass(BOTH, 1);
    deploy("{ rate: 100/s, bucket_size: 100 }");
    await evict(A);
    await pass(BOTH, 4);
    expect(found.length).toBeGreaterThan(7);
    expect(overspent(found, 2, 1)).toBeUndefined();
  });

  it("starts nothing of a queue that names it and is not in the file, where it is taken out", async () => {
    deploy(LIMIT);
    const made = queue("made");
    await made.define({ rate: "50/s", extensions: { limits: ["stripe"] } });
    expect((await made.describe()).extensions.limits).toEqual(["stripe"]);
    const found = starts("made");
    await made.add([{ name: "n0" }, { name: "n1" }]);
    await pass(["made"], 1);
    expect(found).toHaveLength(2);
    deployed.queues = parseQueueYaml(`queue: [{ name: ${A}, rate: 5/s }]`);
    await crash();
    await made.add({ name: "n2" });
    await pass(["made"], 30);
    expect(found).toHaveLength(2);
    expect((await made.get("n2")).why).toBe('the limit "stripe" is not in queue.yaml');
    expect((await made.describe()).limits).toEqual([{ name: "stripe", inFlight: 0, tokens: null }]);
    deploy(LIMIT);
    await crash();
    await pass(["made"], 5);
    expect(found).toHaveLength(3);
  });

  it("is drawn from no more by a queue that was made anew without it", async () => {
    deploy("{ max_concurrent_requests: 1 }");
    const made = queue("made");
    await made.define({ rate: "50/s", extensions: { limits: ["stripe"] } });
    const at = held("/_ah/queue/made");
    const a = held(`/_ah/queue/${A}`);
    await made.add([{ name: "n0" }, { name: "n1" }]);
    await passUntil(["made"], 1, () => at.started() === 1);
    expect(at.started()).toBe(1);
    await made.define({ rate: "50/s" });
    await add([A], 1);
    await passUntil(["made", A], 2, () => at.started() === 2);
    expect([at.started(), a.started()]).toEqual([2, 0]);
    at.answer("n0", 200);
    await passUntil(["made", A], 6, () => a.started() === 1);
    expect(a.started()).toBe(1);
  });

  it("is refused where it is not in the file", async () => {
    deploy(LIMIT);
    const entry = { rate: "5/s", extensions: { limits: ["paypal"] } };
    await expect(queue("made").define(entry)).rejects.toThrow(
      /found "paypal" in extensions\.limits/,
    );
  });
});

describe("the object of a limit", () => {
  it("is no queue: nobody is told of it, and it keeps one row", async () => {
    deploy("{ rate: 10/s }");
    starts();
    const changed = vi.spyOn(TaskDirectoryObject.prototype, "changed");
    onTestFinished(() => changed.mockRestore());
    await add(BOTH, 1);
    await pass(BOTH, 2);
    expect(changed.mock.calls.flat()).not.toContain(STRIPE);
    const rows = await rowsOf(STRIPE, "SELECT key FROM meta");
    expect(rows.map(({ key }) => key)).toEqual(["limit", "schema"]);
  });

  it("refuses what is not for it", async () => {
    const object = objectOf(A) as unknown as TaskQueueObject;
    const fault = await object.askLimit(B, {} as never).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(fault).toBe(`limit: found a call for one at the queue "${A}", expected none`);
  });
});

it("a queue without a limit asks nobody", async () => {
  const ask = vi.spyOn(TaskQueueObject.prototype, "askLimit");
  onTestFinished(() => ask.mockRestore());
  const found = starts();
  await add([A], 3);
  await pass([A], 2);
  expect(found).toHaveLength(3);
  expect(ask).not.toHaveBeenCalled();
});
