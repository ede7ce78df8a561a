// Alerts of a queue of four shards: each is about all of them, begins once and is over once, whatever of them ends.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { AlertView } from "../../../src/core/alerts/alert-view.ts";
import { CALM_MS } from "../../../src/core/alerts/rule.ts";
import { shardObject, shardOf } from "../../../src/core/sharding/shard-map.ts";
import { TaskQueueObject } from "../../../src/objects/queue/task-queue.ts";
import { arrivals, clearOutside, deployAlerts, hook, messages } from "../../support/alerts.ts";
import { clock } from "../../support/clock.ts";
import { passAll, restart, untilMoved } from "../../support/resharding.ts";
import { alarmOf, crash, freshStart, inObjects, objectsOf, queue } from "../../support/time.ts";
import { handlers } from "../../support/worker.ts";

const QUEUE = "paced";
const SHARDS = 4;
const CALM_S = CALM_MS / 1000;
const settings = env as Record<string, unknown>;

beforeEach(async () => {
  await freshStart();
  const secret = `whsec_${btoa("a secret of twenty-four bytes")}`;
  Object.assign(settings, { TASKQUEUE_ALLOW_HOSTS: "127.0.0.1", TASKQUEUE_SIGNING_SECRET: secret });
  await crash();
  await clearOutside();
});

afterEach(() => {
  for (const name of Object.keys(settings).filter((it) => it.startsWith("TASKQUEUE_")))
    delete settings[name];
});

function deploy(when: object, entry: object = {}): void {
  deployAlerts(QUEUE, [{ ...when, send: hook() }], entry, SHARDS);
}

const own = () => queue(QUEUE);
const passTime = (seconds: number) => passAll(QUEUE, seconds);
const types = async () => (await arrivals()).map(({ body }) => JSON.parse(body).type as string);

async function alert(): Promise<AlertView> {
  return ((await own().describe()).alerts ?? [])[0] as AlertView;
}

/** A name that lives on this shard. */
function nameOn(shard: number, n = 0): string {
  for (let i = 0, found = 0; ; i++)
    if (shardOf(`n${i}`, SHARDS) === shard && found++ === n) return `n${i}`;
}

/** Ends all of its objects, and starts them. */
async function restartAll(): Promise<void> {
  await crash();
  await inObjects(objectsOf(QUEUE), () => {});
}

describe("an alert of a queue of four shards", () => {
  it.each([0, 3])("is about a task that has waited long, on shard %i", async (shard) => {
    deploy({ oldest_due_older_than: "10m" });
    await own().pause();
    await own().add({ name: nameOn(shard) });
    await passTime(590);
    expect(await alert()).toMatchObject({ state: "quiet" });
    await passTime(21);
    expect(await alert()).toMatchObject({ state: "begun", pending: 0 });
    const [begun] = await messages(1);
    expect(begun?.data).toMatchObject({ queue: QUEUE, value: expect.any(Number) });
    expect(begun?.data.value).toBeGreaterThanOrEqual(600);
    await own().resume();
    await passTime(CALM_S + 40);
    expect(await alert()).toMatchObject({ state: "quiet" });
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
    // One on which nothing happens is left alone.
    await passTime(60);
    expect(await alarmOf(QUEUE)).toBeNull();
  });

  it("is about what failed on all of them, over restarts", async () => {
    deploy({ failed: { more_than: 5, in: "1h" } });
    handlers.set(`/_ah/queue/${QUEUE}`, () => new Response(null, { status: 400 }));
    const retry = { limit: 0 };
    const three = [1, 2, 3].map((shard) => ({ name: nameOn(shard), retry }));
    await own().add(three);
    await passTime(30);
    expect(await alert()).toMatchObject({ state: "quiet" });
    await restartAll();
    await own().add([1, 2, 3].map((shard) => ({ name: nameOn(shard, 1), retry })));
    await passTime(30);
    expect(await alert()).toMatchObject({ state: "begun" });
    expect((await messages(1))[0]?.data).toMatchObject({ value: 6 });
    await restartAll();
    await passTime(600);
    expect(await alert()).toMatchObject({ state: "begun" });
    await passTime(3600 + CALM_S + 60);
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
  });

  it("is about how long all that is due takes", async () => {
    deploy({ backlog_not_drained_in: "30s" }, { rate: "2/s", bucket_size: 4 });
    // Few on each: by the rate of the whole queue it takes 100 s.
    await own().add(Array.from({ length: 200 }, () => ({})));
    await passTime(20);
    expect(await alert()).toMatchObject({ state: "begun" });
    const value = (await messages(1))[0]?.data.value as number;
    expect(value).toBeGreaterThan(60);
    expect(value).toBeLessThan(140);
    await passTime(100 + CALM_S + 40);
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
  });

  it("is about a target that answers none of them", async () => {
    deploy({ target_dead: "1m" });
    let status = 503;
    handlers.set(`/_ah/queue/${QUEUE}`, () => new Response(null, { status }));
    const retry = { minBackoff: 5, maxBackoff: 5 };
    await own().add([1, 2].map((shard) => ({ name: nameOn(shard), retry })));
    await passTime(30);
    expect(await alert()).toMatchObject({ state: "quiet" });
    await restartAll();
    await passTime(60);
    expect(await alert()).toMatchObject({ state: "begun" });
    status = 200;
    await passTime(CALM_S + 60);
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
  });

  it("is not about a target that answers one of them well", async () => {
    deploy({ target_dead: "1m" });
    handlers.set(`/_ah/queue/${QUEUE}`, (request) => {
      const isDead = request.headers.get("X-AppEngine-TaskName") === nameOn(1);
      return new Response(null, { status: isDead ? 503 : 200 });
    });
    await own().add({ name: nameOn(1), retry: { minBackoff: 5, maxBackoff: 5 } });
    for (let i = 0; i < 6; i++) {
      await own().add({ name: nameOn(2, i) });
      await passTime(25);
    }
    expect(await alert()).toMatchObject({ state: "quiet" });
  });

  it("begins though the first shard does not hear of it at first", async () => {
    deploy({ oldest_due_older_than: "1m" });
    await own().pause();
    const fault = vi
      .spyOn(TaskQueueObject.prototype, "takeAlertReport")
      .mockRejectedValue(new Error("lost by the test"));
    onTestFinished(() => fault.mockRestore());
    await own().add({ name: nameOn(2) });
    await passTime(20);
    fault.mockRestore();
    await passTime(100);
    expect(await types()).toEqual(["alert.begun"]);
  });

  it("says nothing new while a shard does not answer, and goes on once it does", async () => {
    deploy({ oldest_due_older_than: "1m" });
    await own().pause();
    await own().add({ name: nameOn(2) });
    await passTime(80);
    expect(await alert()).toMatchObject({ state: "begun" });
    const fault = vi
      .spyOn(TaskQueueObject.prototype, "alertReport")
      .mockRejectedValue(new Error("lost by the test"));
    onTestFinished(() => fault.mockRestore());
    await restart(shardObject(QUEUE, 0));
    await passTime(CALM_S + 60);
    expect(await alert()).toMatchObject({ state: "begun" });
    fault.mockRestore();
    await own().resume();
    await passTime(CALM_S + 120);
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
  });

  it("begins once and is over once, whichever object ends between any two events", async () => {
    deploy({ oldest_due_older_than: "1m" });
    await own().pause();
    await own().add([0, 1, 2, 3].map((shard) => ({ name: nameOn(shard) })));
    for (let i = 0; i < 12; i++) {
      await passTime(10);
      await restart(shardObject(QUEUE, i % SHARDS));
    }
    expect(await types()).toEqual(["alert.begun"]);
    await own().resume();
    for (let i = 0; i < 24; i++) {
      await passTime(20);
      await restart(shardObject(QUEUE, i % SHARDS));
    }
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
  });

  it("goes on where the queue has one shard, or several, from then on", async () => {
    const when = { oldest_due_older_than: "1m", send: hook() };
    deployAlerts(QUEUE, [when], {}, SHARDS);
    await own().pause();
    await own().add([0, 1, 2, 3].map((shard) => ({ name: nameOn(shard) })));
    await passTime(80);
    expect(await alert()).toMatchObject({ state: "begun" });
    objectsOf(QUEUE);
    deployAlerts(QUEUE, [when], {}, 1);
    await restartAll();
    await untilMoved(QUEUE, 1);
    await passTime(CALM_S + 60);
    expect(await alert()).toMatchObject({ state: "begun" });
    deployAlerts(QUEUE, [when], {}, 2);
    await restartAll();
    await untilMoved(QUEUE, 2);
    await own().resume();
    await passTime(CALM_S + 120);
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
  });

  it("is over where its entry is another, and begins by that", async () => {
    deploy({ failed: { more_than: 1, in: "1h" } });
    handlers.set(`/_ah/queue/${QUEUE}`, () => new Response(null, { status: 400 }));
    const retry = { limit: 0 };
    await own().add([1, 2].map((shard) => ({ name: nameOn(shard), retry })));
    await passTime(30);
    deploy({ failed: { more_than: 2, in: "1h" } });
    await restartAll();
    await passTime(30);
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
    clock.now += 900_000;
    await own().add([1, 2, 3].map((shard) => ({ name: nameOn(shard, 1), retry })));
    await passTime(60);
    expect(await types()).toEqual(["alert.begun", "alert.over", "alert.begun"]);
  });

  it("has a test", async () => {
    deploy({ oldest_due_older_than: "10m" });
    await own().add({});
    expect(await own().testAlert("oldest_due_older_than")).toMatchObject({ sent: true });
    expect(await types()).toEqual(["alert.test"]);
  });
});
