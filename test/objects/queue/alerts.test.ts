// Alerts: each condition by the front door, once when it begins and once when it is over, whatever ends in between.
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AlertView } from "../../../src/core/alerts/alert-view.ts";
import { CALM_MS } from "../../../src/core/alerts/rule.ts";
import { arrivals, clearOutside, deployAlerts, hook, messages } from "../../support/alerts.ts";
import { clock, START } from "../../support/clock.ts";
import {
  alarmOf,
  crash,
  evict,
  fire,
  fireAll,
  freshStart,
  inObjects,
  pass,
  queue,
  until,
} from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

const settings = env as Record<string, unknown>;
const KEY = `whsec_${btoa("a secret of twenty-four bytes")}`;
const CALM_S = CALM_MS / 1000;

async function set(given: Record<string, string>): Promise<void> {
  Object.assign(settings, given);
  await crash();
}

beforeEach(async () => {
  await freshStart();
  await set({ TASKQUEUE_ALLOW_HOSTS: "127.0.0.1", TASKQUEUE_SIGNING_SECRET: KEY });
  await clearOutside();
});

afterEach(() => {
  for (const name of Object.keys(settings).filter((it) => it.startsWith("TASKQUEUE_")))
    delete settings[name];
  delete settings.OPS_SECRET;
});

async function alertOf(name = "paced", index = 0): Promise<AlertView> {
  return ((await queue(name).describe()).alerts ?? [])[index] as AlertView;
}

/** Until nothing that was sent is under way: whether it arrived is on disk. */
async function untilSent(name = "paced"): Promise<void> {
  await until(async () => {
    await pass(name, 0);
    return (await alertOf(name)).pending === 0;
  });
}

const types = async () => (await messages(0)).map(({ type }) => type);

describe("oldest_due_older_than", () => {
  const alerts = [{ oldest_due_older_than: "10m", send: hook() }];

  it("begins when a task has waited so long, and is over once none has for five minutes", async () => {
    deployAlerts("paced", alerts);
    const own = queue("paced");
    await own.pause();
    await own.add({ name: "a" });
    await pass("paced", 599);
    expect(await alertOf()).toEqual({
      ...{ name: "oldest_due_older_than", when: "oldest_due_older_than 10m" },
      ...{ to: new URL(hook()).origin, state: "quiet", pending: 0 },
    });
    expect(await arrivals()).toEqual([]);
    await pass("paced", 1);
    await untilSent();
    const [begun] = await messages(1);
    const since = new Date(START + 600_000).toISOString();
    expect(begun).toEqual({
      id: `alert_paced_oldest_due_older_than_${START + 600_000}_begun`,
      type: "alert.begun",
      timestamp: since,
      data: {
        ...{ queue: "paced", alert: "oldest_due_older_than", since, value: 600 },
        when: "oldest_due_older_than 10m",
        text: 'queue "paced": the oldest due task has waited 10m, the limit is 10m',
      },
    });
    expect(await alertOf()).toMatchObject({ state: "begun", since, lastSent: { event: "begun" } });
    await own.resume();
    await pass("paced", 10 + CALM_S - 1);
    expect(await alertOf()).toMatchObject({ state: "begun" });
    await pass("paced", 10);
    await untilSent();
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
    const [, over] = await messages(2);
    expect(over?.data).toMatchObject({ reason: "fine", since });
    expect(over?.id).toBe(begun?.id.replace("begun", "over"));
    expect(await alertOf()).toMatchObject({ state: "quiet", lastSent: { event: "over" } });
    // A queue on which nothing happens is left alone.
    await pass("paced", 20);
    expect(await alarmOf("paced")).toBeNull();
  });

  it("is signed, by each of the secrets of the setting it names", async () => {
    const other = `whsec_${btoa("another secret, also 24 bytes")}`;
    await set({ OPS_SECRET: `${KEY} ${other}` });
    deployAlerts("paced", [{ ...alerts[0], secret: "OPS_SECRET" }]);
    await queue("paced").pause();
    await queue("paced").add({});
    await pass("paced", 600);
    await untilSent();
    const [{ headers, body }] = (await arrivals()) as [Awaited<ReturnType<typeof arrivals>>[0]];
    for (const key of [KEY, other]) {
      // The package goes by the real time, and the tests' is another.
      const signed = { ...headers } as Record<string, string>;
      const hook = new Webhook(key) as unknown as { verifyTimestamp: (text: string) => Date };
      hook.verifyTimestamp = (text) => new Date(Number(text) * 1000);
      expect((hook as unknown as Webhook).verify(body, signed)).toMatchObject({
        type: "alert.begun",
      });
    }
    expect(headers["content-type"]).toBe("application/json");
    expect(() =>
      new Webhook(KEY.replace("YS", "Yj")).verify(body, { ...headers } as never),
    ).toThrow();
  });

  it("a task that runs does not wait", async () => {
    deployAlerts("paced", [{ oldest_due_older_than: "30s", send: hook() }]);
    let isDone = false;
    handlers.set("/_ah/queue/paced", async () => {
      while (!isDone) await scheduler.wait(2);
      return new Response();
    });
    await queue("paced").add({});
    await fire("paced");
    await until(() => received.length > 0);
    clock.now += 60_000;
    await fire("paced").catch(() => {});
    expect(await alertOf()).toMatchObject({ state: "quiet" });
    isDone = true;
    await until(async () => (await queue("paced").describe()).statistics.tasks === 0);
  });

  it("of a pull queue a leased task does not wait, and does when its lease is over", async () => {
    const pull = { mode: "pull", rate: undefined, bucket_size: undefined };
    deployAlerts("paced", [{ oldest_due_older_than: "1m", send: hook() }], pull);
    await queue("paced").add({ payload: "x" });
    await queue("paced").lease({ leaseSeconds: 300, maxTasks: 1 });
    clock.now += 299_000;
    await fireAll("paced");
    expect(await alertOf()).toMatchObject({ state: "quiet" });
    expect(await alarmOf("paced")).toBe(START + 300_001);
    clock.now += 1001;
    await fireAll("paced");
    expect(await alertOf()).toMatchObject({ state: "begun" });
    await untilSent();
  });
});

describe("failed", () => {
  const alerts = [{ failed: { more_than: 2, in: "1h" }, send: hook(), name: "failures" }];
  const once = { retry_parameters: { task_retry_limit: 0 } };

  it("counts tasks that fail and expire, through evictions, and is over when they are long ago", async () => {
    deployAlerts("paced", alerts, once);
    handlers.set("/_ah/queue/paced", () => new Response(null, { status: 500 }));
    await queue("paced").add([{ name: "a" }, { name: "b" }]);
    await pass("paced", 20);
    expect(await alertOf()).toMatchObject({ state: "quiet" });
    await evict("paced");
    await queue("paced").pause();
    await queue("paced").add({ name: "c", expires: 1 });
    await pass("paced", 20);
    await untilSent();
    const [begun] = await messages(1);
    expect(begun?.data).toMatchObject({
      value: 3,
      text: 'queue "paced": 3 tasks failed or expired within 1h, the limit is 2',
    });
    await evict("paced");
    await pass("paced", 3540 + CALM_S - 120);
    expect(await alertOf()).toMatchObject({ state: "begun" });
    await evict("paced");
    await pass("paced", 240);
    await untilSent();
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
  });

  it("writes nothing of a queue on which nothing fails", async () => {
    deployAlerts("paced", alerts);
    await queue("paced").add([{ name: "a" }, { name: "b" }]);
    await pass("paced", 60);
    const tables = await inObjects(["paced"], (state) =>
      state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name LIKE 'alert%'").toArray(),
    );
    expect(tables).toEqual([[]]);
    expect(await alarmOf("paced")).toBeNull();
  });
});

describe("backlog_not_drained_in", () => {
  const alerts = [{ backlog_not_drained_in: "1m", send: hook() }];

  it("begins when what is due takes longer at the queue's rate, and says nothing while it is paused", async () => {
    deployAlerts("paced", alerts, { rate: "1/s", bucket_size: 1 });
    await queue("paced").pause();
    await queue("paced").add(Array.from({ length: 100 }, (_, i) => ({ name: `t${i}` })));
    await pass("paced", 30);
    expect(await alertOf()).toMatchObject({ state: "quiet" });
    await queue("paced").resume();
    await pass("paced", 15);
    await untilSent();
    expect(await types()).toEqual(["alert.begun"]);
    await pass("paced", 90 + CALM_S);
    await untilSent();
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
  });
});

describe("target_dead", () => {
  const retry = {
    task_retry_limit: 100,
    min_backoff_seconds: 20,
    max_backoff_seconds: 20,
    max_doublings: 0,
  };
  const entry = { retry_parameters: retry };
  const alerts = [{ target_dead: "5m", send: hook() }];
  let status = 502;

  beforeEach(() => {
    status = 502;
    handlers.set("/_ah/queue/paced", () => new Response(null, { status }));
  });

  it("begins when attempts have failed so long, through evictions, and is over when they succeed", async () => {
    deployAlerts("paced", alerts, entry);
    await queue("paced").add({ name: "a" });
    await pass("paced", 200);
    await evict("paced");
    await pass("paced", 80);
    expect(await alertOf()).toMatchObject({ state: "quiet" });
    await pass("paced", 50);
    await untilSent();
    expect((await messages(1))[0]?.data).toMatchObject({ alert: "target_dead" });
    await evict("paced");
    status = 200;
    await pass("paced", 60 + CALM_S);
    await untilSent();
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
  });

  it("does not by a target that answers once in a while, or that refuses", async () => {
    deployAlerts("paced", alerts, entry);
    await queue("paced").add({ name: "a" });
    await pass("paced", 250);
    status = 404;
    await pass("paced", 30);
    status = 502;
    await pass("paced", 250);
    expect(await alertOf()).toMatchObject({ state: "quiet" });
  });

  it("nor after a time in which nothing was tried", async () => {
    deployAlerts("paced", alerts, entry);
    await queue("paced").add({ name: "a" });
    await pass("paced", 30);
    await queue("paced").pause();
    await evict("paced");
    await pass("paced", 3600);
    expect(await alertOf()).toMatchObject({ state: "quiet" });
    await pass("paced", 30);
    status = 200;
    await queue("paced").resume();
    await pass("paced", 30);
    expect(await alertOf()).toMatchObject({ state: "quiet" });
  });
});

describe("what is sent", () => {
  async function begin(alert: object = { send: hook() }): Promise<void> {
    deployAlerts("paced", [{ oldest_due_older_than: "1m", ...alert }]);
    await queue("paced").pause();
    await queue("paced").add({ name: "a" });
    await pass("paced", 60);
  }

  const ids = async () => (await messages(0)).map(({ id }) => id);

  it("is sent again, under the same id, until it is answered well", async () => {
    await begin({ send: hook("?status=500") });
    await until(async () => (await alertOf()).lastFailure !== undefined);
    expect(await alertOf()).toMatchObject({
      ...{ state: "begun", pending: 1 },
      lastFailure: { error: "answered 500", tries: 1 },
      nextTryAt: new Date(clock.now + 5000).toISOString(),
    });
    await pass("paced", 5);
    await until(async () => (await alertOf()).lastFailure?.tries === 2);
    const [first, second] = await messages(2);
    expect(second).toEqual(first);
    expect(await alertOf()).toMatchObject({
      nextTryAt: new Date(clock.now + 10_000).toISOString(),
    });
  });

  it("is given up after three days", async () => {
    await begin({ send: hook("?status=410") });
    for (let i = 0; i < 15; i++) {
      await until(async () => (await alertOf()).lastFailure?.tries === i + 1);
      const { nextTryAt = "" } = await alertOf();
      if (i < 14) await pass("paced", (Date.parse(nextTryAt) - clock.now) / 1000);
    }
    clock.now += 3 * 86_400_000;
    await fire("paced");
    await until(async () => (await alertOf()).pending === 0);
    expect(await alertOf()).toMatchObject({ state: "begun", pending: 0 });
  });

  it("whose answer nobody heard, for the object ended, is sent again under the same id", async () => {
    deployAlerts("paced", [{ oldest_due_older_than: "1m", send: hook("?hold") }]);
    await queue("paced").pause();
    await queue("paced").add({ name: "a" });
    // An alarm that waits for what it began is not waited for.
    clock.now += 60_000;
    await fire("paced");
    await messages(1);
    await crash();
    await queue("paced").describe();
    await fire("paced");
    await messages(2);
    expect(new Set(await ids()).size).toBe(1);
    await fetch(hook().replace("/hook", "/release/"));
    await until(async () => (await alertOf()).pending === 0);
  });

  it("survives a crash before it could be sent", async () => {
    await set({ TASKQUEUE_ALLOW_HOSTS: "!*" });
    await begin();
    await until(async () => (await alertOf()).lastFailure !== undefined);
    expect((await alertOf()).lastFailure?.error).toMatch(/^not sent: TASKQUEUE_ALLOW_HOSTS /);
    await set({ TASKQUEUE_ALLOW_HOSTS: "127.0.0.1" });
    await pass("paced", 10);
    await untilSent();
    expect(await types()).toEqual(["alert.begun"]);
  });

  it("needs the secret it names", async () => {
    await begin({ send: hook(), secret: "OPS_SECRET" });
    await until(async () => (await alertOf()).lastFailure !== undefined);
    expect((await alertOf()).lastFailure?.error).toBe(
      "not sent: OPS_SECRET: found nothing, expected a secret, whsec_ and base64",
    );
    expect(await arrivals()).toEqual([]);
  });

  it("can be a task on another queue, which is there once", async () => {
    await begin({ task: { queue: "push" } });
    await untilSent();
    await pass("push", 1);
    const told = received.filter(({ url }) => url.pathname === "/_ah/queue/push");
    expect(told.map(({ body }) => JSON.parse(body).type)).toEqual(["alert.begun"]);
    expect(told[0]?.headers.get("X-AppEngine-TaskName")).toBe(
      `alert_paced_oldest_due_older_than_${START + 60_000}_begun`,
    );
  });

  it("ends when the alert is taken out of the file, or is another", async () => {
    await begin();
    await untilSent();
    deployAlerts("paced", [{ oldest_due_older_than: "2m", send: hook() }]);
    await crash();
    await queue("paced").describe();
    await pass("paced", 20);
    await untilSent();
    await pass("paced", 60);
    await untilSent();
    const [, over, again] = await messages(3);
    expect(over).toMatchObject({ type: "alert.over", data: { reason: "changed" } });
    expect(again).toMatchObject({
      type: "alert.begun",
      data: { when: "oldest_due_older_than 2m" },
    });
    await untilSent();
    deployAlerts("paced", []);
    await crash();
    await queue("paced").describe();
    await pass("paced", 20);
    expect((await messages(4))[3]).toMatchObject({
      type: "alert.over",
      data: { reason: "removed" },
    });
    expect((await queue("paced").describe()).alerts).toBeUndefined();
  });

  it("begins again only after a quarter of an hour", async () => {
    await begin();
    await untilSent();
    await queue("paced").resume();
    await pass("paced", CALM_S + 20);
    await untilSent();
    await queue("paced").pause();
    await queue("paced").add({ name: "b" });
    await pass("paced", 300);
    expect(await types()).toEqual(["alert.begun", "alert.over"]);
    await pass("paced", 600);
    await untilSent();
    expect(await types()).toEqual(["alert.begun", "alert.over", "alert.begun"]);
  });

  it("as a test comes once, and says what came back", async () => {
    deployAlerts("paced", [
      { target_dead: "5m", send: hook("?status=404") },
      { oldest_due_older_than: "1m", task: { queue: "push" } },
    ]);
    const id = expect.stringMatching(/^alert_paced_target_dead_\d+_test$/);
    expect(await queue("paced").testAlert("target_dead")).toEqual({
      ...{ queue: "paced", alert: "target_dead", id },
      ...{ sent: false, status: 404, error: "answered 404" },
    });
    expect(await messages(1)).toMatchObject([{ type: "alert.test", data: { test: true } }]);
    expect(await queue("paced").testAlert("oldest_due_older_than")).toMatchObject({ sent: true });
    await expect(queue("paced").testAlert("none")).rejects.toMatchObject({
      message: 'alert: found "none", expected target_dead, oldest_due_older_than',
    });
  });
});
