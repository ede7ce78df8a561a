// Whose task a task is and how urgent, by every way onto a queue, and as long as the task lives.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { send } from "../../support/bytes.ts";
import { defer, nothing } from "../../support/deferred.ts";
import { elsewhere } from "../../support/doors.ts";
import { crash, freshStart, objectsOf, pass, queue, until } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { group, handlers } from "../../support/worker.ts";

beforeEach(freshStart);

const FAIR = { key: "acme/ü", priority: 0 };

const api = (queueName: string, body: object) =>
  send("POST", `/_ah/api/queues/${queueName}/tasks`, JSON.stringify(body), {
    "Content-Type": "application/json",
  });

/** Ways to add a task `t` that waits on the queue `stopped`. */
const WAYS: [string, () => Promise<unknown>][] = [
  ["the handle", () => queue("stopped").add({ name: "t", ...FAIR })],
  ["a list of the handle", () => queue("stopped").add([{}, { name: "t", ...FAIR }])],
  [
    "adds that are gathered",
    () =>
      Promise.all([
        queue("stopped").add({ key: "other" }),
        queue("stopped").add({ name: "t", ...FAIR }),
      ]),
  ],
  ["JSON", () => api("stopped", { name: "t", ...FAIR })],
  ["a batch of JSON", () => api("stopped", { tasks: [{}, { name: "t", ...FAIR }] })],
  [
    "the client for elsewhere",
    () =>
      elsewhere()
        .get("stopped")
        .add({ name: "t", ...FAIR }),
  ],
  ["a deferred call", () => defer(nothing, undefined, { name: "t", queue: "stopped", ...FAIR })],
  [
    "a group",
    async () => {
      const { name } = await queue("push").group({
        tasks: [{ queue: "stopped", name: "t", ...FAIR }],
      });
      await work(["stopped", `/groups/${name}`], async () => {
        return (await group(env, name).progress()).running >= 0 && (await isThere());
      });
    },
  ],
  [
    "what follows a group",
    async () => {
      const { name } = await queue("push").group({
        tasks: [],
        then: { queue: "stopped", name: "t", ...FAIR },
      });
      await work(["stopped", `/groups/${name}`], isThere);
    },
  ],
];

async function isThere(): Promise<boolean> {
  return (await queue("stopped").list()).tasks.some(({ name }) => name === "t");
}

describe.each(WAYS)("by %s", (_, add) => {
  it("a task has its key and its priority, in each view and after a crash", async () => {
    await add();
    await crash();
    expect(await queue("stopped").get("t")).toMatchObject(FAIR);
    const { tasks } = await queue("stopped").list({ prefix: "t" });
    expect(tasks).toMatchObject([FAIR]);
    expect(await elsewhere().get("stopped").get("t")).toMatchObject(FAIR);
  });
});

it("a task without either shows neither, nor does one of priority 4", async () => {
  const added = await queue("stopped").add({ priority: 4 });
  for (const task of [added, await queue("stopped").get(added.name)]) {
    expect(task).not.toHaveProperty("priority");
    expect(task).not.toHaveProperty("key");
  }
});

it("a pull task has both too", async () => {
  await queue("pull").add({ name: "t", payload: "", ...FAIR });
  const [leased] = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
  expect(leased).toMatchObject(FAIR);
});

describe("a task that failed", () => {
  const fail = async (name: string) => {
    handlers.set(`/_ah/queue/${name}`, () => new Response(null, { status: 500 }));
    await queue(name).add({ name: "t", ...FAIR });
    await pass(name, 10);
  };

  it("has both, and has them again once it is redriven", async () => {
    await fail("brief");
    expect(await queue("brief").get("t")).toMatchObject({ state: "failed", ...FAIR });
    await queue("brief").pause();
    await queue("brief").redrive(["t"]);
    expect(await queue("brief").get("t")).toMatchObject({ state: "due", ...FAIR });
  });

  it("takes both to the dead-letter queue", async () => {
    await queue("push").pause();
    await fail("dead-letters");
    await until(async () => (await queue("push").list()).tasks.length === 1);
    expect((await queue("push").list()).tasks).toMatchObject([FAIR]);
  });
});

describe("on a queue of several shards", () => {
  const said = /key: found "acme", expected none on "(four-shards|made)", whose [42] shards/;

  it("a key is refused by every door, and a priority holds", async () => {
    const shards = queue("four-shards");
    await shards.pause();
    await expect(shards.add({ key: "acme" })).rejects.toThrow(said);
    await expect(shards.add([{}, { key: "acme" }])).rejects.toThrow(said);
    expect(await api("four-shards", { key: "acme" })).toMatchObject({
      status: 400,
      message: expect.stringMatching(said),
    });
    await expect(
      queue("push").group({ tasks: [{ queue: "four-shards", key: "acme" }] }),
    ).rejects.toThrow(said);
    await shards.add({ name: "t", priority: 1 });
    expect(await shards.get("t")).toMatchObject({ priority: 1 });
  });

  it("a subtask with a key is refused by one that was made while running, as a failed subtask", async () => {
    await queue("made").define({ rate: "1/s", extensions: { shards: 2 } });
    const { name } = await queue("push").group({ tasks: [{ queue: "made", key: "acme" }] });
    const progress = () => group(env, name).progress();
    await work(
      ["push", "made", "made#1", `/groups/${name}`],
      async () => (await progress()).state === "failed",
    );
    for await (const result of group(env, name).results()) {
      expect(result).toMatchObject({ state: "failed", error: expect.stringMatching(said) });
    }
  });

  it("a dead letter leaves its key behind, for the task is what counts", async () => {
    await queue("letters").define({
      ...{ rate: "500/s", retry_parameters: { task_retry_limit: 0 } },
      extensions: { failed_queue: "four-shards" },
    });
    await queue("four-shards").pause();
    handlers.set("/_ah/queue/letters", () => new Response(null, { status: 500 }));
    await queue("letters").add({ name: "t", ...FAIR });
    await work(["letters", ...objectsOf("four-shards")], async () => {
      return (await queue("four-shards").list()).tasks.length > 0;
    });
    const [letter] = (await queue("four-shards").list()).tasks;
    expect(letter).toMatchObject({ priority: 0 });
    expect(letter).not.toHaveProperty("key");
  });
});

describe("extensions.keys of a queue that is made while running", () => {
  const keys = { rate: "10/s", max_concurrent_requests: 2, per_key: { "free-*": { weight: 0.5 } } };
  const shown = {
    ...{ rate: "10/s", bucketSize: 5, maxConcurrentRequests: 2, weight: 1 },
    perKey: { "free-*": { rate: "10/s", bucketSize: 5, maxConcurrentRequests: 2, weight: 0.5 } },
  };

  it("are in its view, and in its history when they change", async () => {
    const made = queue("made");
    expect((await made.define({ rate: "1/s", extensions: { keys } })).extensions.keys).toEqual(
      shown,
    );
    await crash();
    expect((await made.describe()).extensions.keys).toEqual(shown);
    await made.define({ rate: "1/s" });
    expect((await made.describe()).extensions).not.toHaveProperty("keys");
    const { marks } = await made.history();
    const said = marks.map(({ detail = "" }) => detail);
    expect(said).toContainEqual(expect.stringMatching(/^keys \{.*"per_key".*\} → none$/));
  });

  it("are refused with all that is wrong with them", async () => {
    const wrong = { rate: "5", per_key: { "*": {}, a: { weight: 0 } } };
    const defined = queue("made").define({ rate: "1/s", extensions: { keys: wrong } });
    await expect(defined).rejects.toThrow(/keys\.rate: .*per_key\.a\.weight: .*per_key\.\*: /);
  });

  it("stay when Google's API changes the queue", async () => {
    await queue("made").define({ rate: "1/s", extensions: { keys } });
    const path = "/v2/projects/p/locations/l/queues/made?updateMask=retryConfig.maxAttempts";
    (env as { TASKQUEUE_PROJECT?: string }).TASKQUEUE_PROJECT = "p/l";
    const body = JSON.stringify({ retryConfig: { maxAttempts: 2 } });
    const answer = await send("PATCH", path, body, { "Content-Type": "application/json" });
    delete (env as { TASKQUEUE_PROJECT?: string }).TASKQUEUE_PROJECT;
    expect([answer.status, answer.message]).toEqual([200, ""]);
    const view = await queue("made").describe();
    expect(view).toMatchObject({
      retryParameters: { taskRetryLimit: 1 },
      extensions: { keys: shown },
    });
  });
});
