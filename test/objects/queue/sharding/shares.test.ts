// The bucket and the slots of a queue are the queue's, over however many shards it is spread, and whatever of them
// ends in between.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { parseQueueYaml } from "../../../../src/core/config/queue-yaml.ts";
import type { QueueView } from "../../../../src/core/metrics/queue-view.ts";
import { shardObject, shardOf } from "../../../../src/core/sharding/shard-map.ts";
import { TaskQueueObject } from "../../../../src/objects/queue/task-queue.ts";
import type { ShardRpc } from "../../../../src/objects/rpc.ts";
import { untilQuiet } from "../../../../src/testing/order.ts";
import { clock } from "../../../support/clock.ts";
import { passEvicting } from "../../../support/evictions.ts";
import { some } from "../../../support/histories.ts";
import { deployShards, passAll, rowsOf, untilMoved } from "../../../support/resharding.ts";
import { seeded } from "../../../support/shards-simulation.ts";
import { crash, elapsed, firstAlarm, freshStart, objectOf, queue } from "../../../support/time.ts";
import { deployed, handlers, held } from "../../../support/worker.ts";
import { countWritten, nothingWritten } from "../../../support/written.ts";

const QUEUE = "four-shards";
const SHARDS = 4;
const OBJECTS = Array.from({ length: SHARDS }, (_, shard) => shardObject(QUEUE, shard));

beforeEach(freshStart);

/** Deploys the queue with this in its entry. */
function deploy(entry: string, extensions = ""): void {
  const shards = `extensions: { shards: ${SHARDS}${extensions} }`;
  const lines = [`name: ${QUEUE}`, shards, ...entry.split("\n")].filter((line) => line !== "");
  deployed.queues = parseQueueYaml(`queue:\n- ${lines.join("\n  ")}\n`);
}

const shared = () => queue(QUEUE);

/** Names of tasks that live on this shard. */
function namesOn(shard: number, n: number): string[] {
  const names: string[] = [];
  for (let i = 0; names.length < n; i++)
    if (shardOf(`n${i}`, SHARDS) === shard) names.push(`n${i}`);
  return names;
}

/** Adds `n` tasks on each of these shards. */
async function add(n: number, on = [0, 1, 2, 3]): Promise<void> {
  for (const shard of on) await shared().add(namesOn(shard, n).map((name) => ({ name })));
}

/** How many alarms `pass` has fired. */
let fired = 0;

interface Way {
  /** A test holds attempts, so that nobody can wait for their end. */
  isHeld?: boolean;
  /** What happens before each alarm. */
  before?: () => Promise<void>;
}

/** Moves the clock by `seconds`; alarms fire on the way, each at its time, and all that they bring about has happened. */
async function pass(seconds: number, { isHeld = false, before }: Way = {}): Promise<void> {
  const end = clock.now + seconds * 1000;
  for (;;) {
    await untilQuiet(async () => !isHeld && (await areBusy()), isHeld ? 12 : 3);
    await before?.();
    const next = await firstAlarm(OBJECTS);
    if (!next || next.at > end) break;
    clock.now = Math.max(clock.now, next.at);
    fired++;
    runDurableObjectAlarm(objectOf(next.name)).catch(() => {});
  }
  clock.now = end;
}

/** Evicts one of the objects now and then. */
function evictions(seed: number): () => Promise<void> {
  const random = seeded(seed);
  return async () => {
    if (random() > 0.3) return;
    const object = objectOf(OBJECTS[Math.floor(random() * SHARDS)] as string);
    await runInDurableObject(object, (_, state) => state.abort("evicted")).catch(() => {});
  };
}

async function areBusy(): Promise<boolean> {
  const isBusy = (instance: object) => (instance as { isBusy: boolean }).isBusy;
  const busy = OBJECTS.map((name) => runInDurableObject(objectOf(name), isBusy));
  return (await Promise.all(busy)).includes(true);
}

interface Start {
  at: number;
  shard: number;
}

/** When tasks start, in seconds, and where. */
function starts(): Start[] {
  const found: Start[] = [];
  handlers.set(`/_ah/queue/${QUEUE}`, (request) => {
    const name = request.headers.get("X-AppEngine-TaskName") ?? "";
    found.push({ at: elapsed(), shard: shardOf(name, SHARDS) });
    return new Response();
  });
  return found;
}

function overspent(found: readonly Start[], rate: number, capacity: number): object | undefined {
  for (const [first, { at: from }] of found.entries()) {
    for (const [last, { at: to }] of found.entries()) {
      const n = last - first + 1;
      if (last >= first && n > capacity + rate * (to - from) + 1e-6) return { from, to, n };
    }
  }
  return undefined;
}

describe("a queue of four shards", () => {
  const paces: [rate: number, capacity: number][] = [
    [20, 8],
    [2, 1],
    [10, 10],
    [10, 2],
  ];
  it.each(some(2, paces))(
    "of %d/s with a bucket of %d keeps its bound and its pace",
    async (rate, capacity) => {
      deploy(`rate: ${rate}/s\nbucket_size: ${capacity}`);
      const found = starts();
      await add(rate * 2);
      await pass(4);
      expect(found.length).toBeGreaterThanOrEqual(0.97 * rate * 4);
      await pass(10);
      expect(found).toHaveLength(rate * 2 * SHARDS);
      expect(overspent(found, rate, capacity)).toBeUndefined();
    },
  );

  it("below a token a second loses none of its pace, whatever is evicted between any two events", async () => {
    deploy("rate: 6/m\nbucket_size: 1");
    const found = starts();
    await add(2);
    await passEvicting(OBJECTS, 80, () => found.length === 8);
    expect(found.map(({ at }) => Math.round(at / 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(overspent(found, 0.1, 1)).toBeUndefined();
  });

  const seeds: [rate: number, capacity: number, seed: number][] = [
    [20, 10, 2],
    [10, 1, 3],
    [5, 3, 1],
  ];
  it.each(some(2, seeds))(
    "of %d/s with a bucket of %d keeps its bound under evictions",
    async (rate, capacity, seed) => {
      deploy(`rate: ${rate}/s\nbucket_size: ${capacity}`);
      const found = starts();
      await add(10);
      await pass(20, { before: evictions(seed) });
      await pass(20);
      expect(found.length).toBeGreaterThanOrEqual(40);
      expect(overspent(found, rate, capacity)).toBeUndefined();
    },
  );

  it("runs no more at once than it may under evictions", async () => {
    deploy("rate: 100/s\nbucket_size: 100\nmax_concurrent_requests: 2");
    let [running, most] = [0, 0];
    handlers.set(`/_ah/queue/${QUEUE}`, async () => {
      most = Math.max(most, ++running);
      await scheduler.wait(1);
      running--;
      return new Response();
    });
    await add(5);
    await pass(10, { before: evictions(4) });
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
  });

  it("runs no more at once than it may, and as many", async () => {
    deploy("rate: 100/s\nbucket_size: 100\nmax_concurrent_requests: 3");
    const handler = held(`/_ah/queue/${QUEUE}`);
    fired = 0;
    await add(3);
    await pass(5, { isHeld: true });
    expect(handler.started()).toBe(3);
    for (let i = 0; i < 12; i++) {
      handler.answer(i, 200);
      await pass(1.5, { isHeld: true });
      expect(await total("inFlight")).toBeLessThanOrEqual(3);
    }
    expect(handler.started()).toBe(12);
    // Two of them would hand tokens that wait for a slot to each other for ever, an alarm each time.
    expect(fired).toBeLessThan(4 * 23 * 3);
  });

  it("with fewer slots than shards starts tasks of each in turn", async () => {
    deploy("rate: 5/s\nbucket_size: 100\nmax_concurrent_requests: 1");
    const found = starts();
    await add(40);
    // One after the other would be at the second by then.
    await pass(10);
    expect(new Set(found.map(({ shard }) => shard))).toEqual(new Set([0, 1, 2, 3]));
  });

  it("without a rate limit goes by its slots", async () => {
    deploy("max_concurrent_requests: 2", ", rate: none");
    const handler = held(`/_ah/queue/${QUEUE}`);
    await add(1);
    await pass(2, { isHeld: true });
    expect(handler.started()).toBe(2);
    handler.answer(0, 200);
    handler.answer(1, 200);
    for (let i = 0; i < 20 && handler.started() < 4; i++) await pass(0.1, { isHeld: true });
    expect(handler.started()).toBe(4);
  });

  it("sets no alarm to ask for more slots while its own are taken, and has them all in the end", async () => {
    deploy("max_concurrent_requests: 4", ", rate: none");
    const handler = held(`/_ah/queue/${QUEUE}`);
    await add(1);
    await pass(2, { isHeld: true });
    await add(3);
    await pass(2, { isHeld: true });
    expect(handler.started()).toBe(4);
    const alarm = await firstAlarm(OBJECTS);
    expect(alarm?.at ?? Number.POSITIVE_INFINITY).toBeGreaterThan(clock.now + 10_000);
    for (let i = 0; i < 11; i++) handler.answer(i, 200);
    for (let i = 0; i < 12 && handler.started() < 12; i++) await pass(5, { isHeld: true });
    expect(handler.started()).toBe(12);
    handler.answer(11, 200);
  });

  it("gives each shard its part at once where all have got something to do, and keeps nothing of it on disk", async () => {
    deploy("max_concurrent_requests: 8", ", rate: none");
    const [asks, recalls] = (["askShare", "recallShare"] as const).map((verb) =>
      vi.spyOn(TaskQueueObject.prototype, verb),
    );
    onTestFinished(() => void vi.restoreAllMocks());
    const handler = held(`/_ah/queue/${QUEUE}`);
    await add(5);
    for (let i = 0; i < 20 && handler.started() < 8; i++) await pass(0.001, { isHeld: true });
    expect(handler.started()).toBe(8);
    for (const shard of [0, 1, 2, 3]) expect((await statisticsOf(shard)).inFlight).toBe(2);
    // The first shard asks itself.
    expect(asks?.mock.calls).toHaveLength(SHARDS - 1);
    expect(recalls).not.toHaveBeenCalled();
    for (let i = 0; i < 8; i++) handler.answer(i, 200);
    for (let i = 0; i < 20 && handler.started() < 16; i++) await pass(0.1, { isHeld: true });
    expect(handler.started()).toBe(16);
    for (const name of OBJECTS)
      expect(await rowsOf(name, "SELECT 1 FROM meta WHERE key = 'askAgain'")).toEqual([]);
    for (let i = 8; i < 20; i++) handler.answer(i, 200);
  });

  it("gives a shard that alone has something to do all slots within a second, though its attempts take long", async () => {
    deploy("max_concurrent_requests: 8", ", rate: none");
    const handler = held(`/_ah/queue/${QUEUE}`);
    await add(9, [2]);
    for (let i = 0; i < 10 && handler.started() < 8; i++) await pass(0.1, { isHeld: true });
    expect(handler.started()).toBe(8);
    for (let i = 0; i < 9; i++) handler.answer(i, 200);
  });

  it("sets one alarm on a shard that begins to work, though it asks twice for slots", async () => {
    deploy("max_concurrent_requests: 8", ", rate: none");
    const asks = vi.spyOn(TaskQueueObject.prototype, "askShare");
    onTestFinished(() => void vi.restoreAllMocks());
    const handler = held(`/_ah/queue/${QUEUE}`);
    // It exists by then.
    await statisticsOf(2);
    const written = nothingWritten();
    await countWritten(OBJECTS[2] as string, written);
    await add(8, [2]);
    for (let i = 0; i < 10 && handler.started() < 8; i++) await pass(0.05, { isHeld: true });
    expect(handler.started()).toBe(8);
    expect(asks).toHaveBeenCalledTimes(2);
    expect(written.alarms).toBe(1);
    for (let i = 0; i < 8; i++) handler.answer(i, 200);
  });

  it("lends what idle shards have to a busy one within a second", async () => {
    deploy("rate: 40/s\nbucket_size: 40");
    const found = starts();
    await add(20);
    await pass(20);
    expect(found).toHaveLength(80);
    await add(200, [2]);
    const from = elapsed();
    await pass(3);
    const late = found.slice(80).filter(({ at }) => at >= from + 1);
    expect(late.length).toBeGreaterThanOrEqual(75);
    expect(overspent(found, 40, 40)).toBeUndefined();
  });

  it("keeps the tokens it holds when it is paused, and gains none", async () => {
    deploy("rate: 1/s\nbucket_size: 10");
    const found = starts();
    await add(1);
    await pass(2);
    await shared().pause();
    await pass(60);
    await add(5);
    await pass(60);
    expect(found).toHaveLength(4);
    await crash();
    await shared().resume();
    await pass(1);
    expect(found.length).toBeGreaterThanOrEqual(4 + 6);
    expect(found.length).toBeLessThanOrEqual(4 + 10);
  });

  it("goes by another rate once that is deployed", async () => {
    deploy("rate: 50/s\nbucket_size: 4");
    const found = starts();
    await add(60);
    await pass(2);
    await crash();
    deploy("rate: 5/s\nbucket_size: 4");
    await crash();
    const before = found.length;
    await pass(10);
    expect(found.length - before).toBeLessThanOrEqual(4 + 5 * 10);
    expect(found.length - before).toBeGreaterThan(35);
  });

  it("has its bucket to itself again once there is one shard", async () => {
    deploy("rate: 5/s\nbucket_size: 6");
    const found = starts();
    await add(30);
    await pass(3);
    const one = { shards: 1, rate: 5, bucketSize: 6 };
    await deployShards(QUEUE, 1, one);
    await untilMoved(QUEUE, 1);
    await passAll(QUEUE, 60);
    expect(found).toHaveLength(120);
    expect(overspent(found, 5, 6)).toBeUndefined();
    const kept = "SELECT key FROM meta WHERE key IN ('shares', 'bucket')";
    expect(await rowsOf(QUEUE, kept)).toEqual([{ key: "bucket" }]);
  }, 60_000);

  it("slows down on the shard whose handlers answer 503", async () => {
    deploy("rate: 40/s\nbucket_size: 40");
    const slow = namesOn(1, 1)[0] as string;
    handlers.set(`/_ah/queue/${QUEUE}`, () => new Response(null, { status: 503 }));
    await shared().add({ name: slow });
    await pass(0.1);
    const enforcedRate = await total("enforcedRate");
    expect(enforcedRate).toBeLessThan(40);
    expect(enforcedRate).toBeGreaterThan(15);
  });

  it("goes on without its first shard with what it holds, and then stops", async () => {
    deploy("rate: 10/s\nbucket_size: 8");
    const found = starts();
    await add(150, [1, 2, 3]);
    await pass(2);
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => logged.mockRestore());
    const away = cutOff();
    const from = elapsed();
    await pass(8);
    const lines = logged.mock.calls.map(([line]) => line);
    expect(lines.join("\n")).toContain("task queue: shard 2 got no share, trying again");
    expect(found.filter(({ at }) => at > from + 1)).not.toEqual([]);
    await pass(10);
    expect(found.filter(({ at }) => at > from + 10.5)).toEqual([]);
    away.back();
    await pass(10);
    expect(found.filter(({ at }) => at > from + 20)).not.toEqual([]);
    expect(overspent(found, 10, 8)).toBeUndefined();
  });
});

/** What a shard says of itself. */
async function statisticsOf(shard: number): Promise<QueueView["statistics"]> {
  const { map } = await (objectOf(QUEUE) as unknown as ShardRpc).shardOrders();
  const object = objectOf(OBJECTS[shard] as string) as unknown as ShardRpc;
  const answered = (await object.onShard(map, "describe", [])) as { answer: QueueView };
  return answered.answer.statistics;
}

/** The same of all of them. */
async function total(field: "inFlight" | "enforcedRate"): Promise<number> {
  const all = await Promise.all(OBJECTS.map((_, shard) => statisticsOf(shard)));
  return all.reduce((sum, it) => sum + (it[field] ?? 0), 0);
}

/** From now on nobody reaches the first shard with what is asked for shares. */
function cutOff(): { back(): void } {
  const { prototype } = TaskQueueObject;
  const { askShare } = prototype;
  prototype.askShare = async () => {
    throw new Error("not reached");
  };
  const back = () => {
    prototype.askShare = askShare;
  };
  onTestFinished(back);
  return { back };
}
