// What was added and what has run, through whatever door, and the assertions about it.
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type PlannedFailure, taskQueueTest } from "../../src/testing/index.ts";
import { countTo, defer } from "../support/deferred.ts";
import { get, handlers } from "../support/worker.ts";

const kit = taskQueueTest();
const own = (exports as unknown as { default: Fetcher }).default;

const post = (path: string, body: unknown) =>
  own.fetch(`http://127.0.0.1:8787${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

beforeEach(async () => {
  handlers.clear();
  await kit.reset();
});

describe("a task that was added", () => {
  it.each<[string, () => Promise<unknown>, string, object]>([
    ["by a handle", () => get(env, "push").add({ name: "n" }), "push", { name: "n" }],
    ["without a name", () => get(env, "push").add({}), "push", { url: undefined }],
    [
      "in a batch",
      () => get(env, "push").add([{ payload: 1 }, { payload: [2] }]),
      "push",
      { payload: [2] },
    ],
    ["as text", () => get(env, "push").add({ payload: "text" }), "push", { payload: "text" }],
    [
      "as params",
      () => get(env, "push").add({ params: { a: "1" } }),
      "push",
      { params: { a: "1" } },
    ],
    [
      "for another server",
      () => get(env, "push").add({ url: "https://example.com/x", name: "n" }),
      "push",
      { url: "https://example.com/x" },
    ],
    [
      "to a pull queue",
      () => get(env, "pull").add({ tag: "t", payload: "" }),
      "pull",
      { tag: "t" },
    ],
    [
      "over the API",
      () => post("/_ah/api/queues/push/tasks", { name: "n", payload: { a: 1 } }),
      "push",
      { name: "n", payload: { a: 1 } },
    ],
    [
      "over Google's API",
      () =>
        post("/v2/projects/p/locations/l/queues/push/tasks", {
          task: {
            name: "projects/p/locations/l/queues/push/tasks/n",
            appEngineHttpRequest: { relativeUri: "/x" },
          },
        }),
      "push",
      { name: "n" },
    ],
    [
      "by a group",
      () => get(env, "push").group({ name: "g", tasks: [{ queue: "paced", payload: 7 }] }),
      "paced",
      { group: "g", payload: 7 },
    ],
    [
      "as the last of a group",
      () => get(env, "push").group({ name: "g", tasks: [{}], then: { queue: "paced", name: "l" } }),
      "paced",
      { group: "g", name: "l" },
    ],
    [
      "as a deferred call",
      () => defer(countTo, { from: 1, to: 2 }),
      "default",
      { payload: expect.stringContaining("countTo") },
    ],
  ])("%s", async (_, add, queue, match) => {
    const answer = await add();
    if (answer instanceof Response) expect(await answer.text()).not.toContain('"error"');
    if ("group" in match) await kit.settle();
    expect(kit.queue(queue)).toHaveAdded(match);
    expect(kit.queue("two-at-once")).not.toHaveAdded();
  });

  it.each<[string, () => Promise<unknown>]>([
    ["is refused", () => get(env, "push").add({ name: "not a name" })],
    ["has a name that is taken", () => get(env, "push").add({ name: "taken" })],
    ["is in a batch with a bad one", () => get(env, "push").add([{}, { name: "?" }])],
    [
      "is in an atomic batch",
      () => get(env, "push").add([{}, { name: "taken" }], { atomic: true }),
    ],
  ])("is not one that %s", async (_, add) => {
    await get(env, "push").add({ name: "taken" });
    await expect(add()).rejects.toThrow();
    expect(kit.added()).toMatchObject([{ name: "taken" }]);
  });
});

describe("an attempt", () => {
  it.each<[string, object, object]>([
    ["JSON", { payload: { a: [1] } }, { payload: { a: [1] } }],
    ["text", { payload: "text" }, { payload: "text" }],
    ["bytes", { payload: new Uint8Array([1, 2]) }, { payload: new Uint8Array([1, 2]) }],
    ["params", { params: { a: "1", b: ["2", "3"] } }, { params: { a: "1", b: ["2", "3"] } }],
    ["a query", { method: "GET", params: { a: "1" } }, { method: "GET", params: { a: "1" } }],
    ["nothing", {}, { retryCount: 0 }],
    ["its url", { url: "/x/y" }, { url: "/x/y" }],
    ["its name", { name: "n" }, { name: "n", queue: "push", status: 200, ok: true }],
  ])("has %s", async (_, task, match) => {
    const added = await kit.queue("push").add(task);
    await kit.drain();
    expect(kit.attempts(added)).toMatchObject([match]);
    expect(kit.queue("push")).toHaveRun(match, 1);
  });

  it.each<[PlannedFailure | undefined, object]>([
    [undefined, { status: 500 }],
    [{}, { status: 500 }],
    [{ status: 503 }, { status: 503 }],
    [{ status: 429 }, { status: 429 }],
    [
      { status: 404, error: "gone" },
      { status: 404, error: "gone" },
    ],
    [{ error: "no" }, { status: 500, error: "no" }],
    [{ times: 3 }, { retryCount: 2 }],
    [{ timeout: true }, { status: undefined }],
  ])("fails as planned: %j", async (plan, match) => {
    kit.failNext("slow-retry", plan);
    const task = await kit.queue("slow-retry").add({});
    await kit.drain();
    expect(kit.queue("slow-retry")).toHaveFailed(match);
    expect(kit.queue("slow-retry")).toHaveFailed({}, plan?.times ?? 1);
    expect(kit.attempts(task).at(-1)).toMatchObject({ ok: true, retryCount: plan?.times ?? 1 });
  });

  it.each([0, -1, 1.5, Number.NaN])("cannot be planned to fail %d times", (times) => {
    expect(() => kit.failNext("push", { times })).toThrow(/^times: found/);
  });
});

describe("an assertion", () => {
  const [mail] = [{ name: "push" }];

  beforeEach(async () => {
    kit.failNext("push");
    await kit.queue("push").add([
      { name: "a", payload: { to: "a@b.c", cc: [] } },
      { name: "b", payload: "text", countdown: 5 },
    ]);
    await kit.drain();
  });

  it.each<[string, () => void]>([
    ["any", () => expect(mail).toHaveAdded()],
    ["a field", () => expect(mail).toHaveAdded({ name: "a" })],
    [
      "a part of a field",
      () => expect(mail).toHaveAdded({ payload: expect.objectContaining({ cc: [] }) }),
    ],
    ["how many", () => expect(mail).toHaveAdded({}, 2)],
    ["not that many", () => expect(mail).not.toHaveAdded({}, 1)],
    ["none like it", () => expect(mail).not.toHaveAdded({ name: "c" })],
    ["that it ran", () => expect(kit.queue("push")).toHaveRun({ name: "b" }, 1)],
    ["a handle of the Worker", () => expect(get(env, "push")).toHaveRun({ retryCount: 1 })],
    ["a name", () => expect("push").toHaveFailed({ name: "a", status: 500 }, 1)],
    ["no failure", () => expect(mail).not.toHaveFailed({ name: "b" })],
  ])("holds: %s", (_, assertion) => {
    assertion();
  });

  it.each<[string, () => void, (string | RegExp)[]]>([
    [
      "added",
      () => expect(mail).toHaveAdded({ name: "c" }),
      ['queue "push", tasks added', "at least one like", '"c"', "found 0", '"a@b.c"'],
    ],
    ["added so often", () => expect(mail).toHaveAdded({}, 3), ["expected 3, found 2"]],
    [
      "not added",
      () => expect(mail).not.toHaveAdded({ name: "a" }),
      ["expected none like", "found 1"],
    ],
    ["not that often", () => expect(mail).not.toHaveAdded({}, 2), ["expected not 2, found 2"]],
    [
      "ran",
      () => expect(mail).toHaveRun({ status: 500 }),
      ["attempts succeeded", "found 0", '"status": 200'],
    ],
    ["did not run", () => expect(mail).not.toHaveRun(), ["expected none, found 2"]],
    [
      "failed",
      () => expect(mail).toHaveFailed({ error: "x" }),
      ["attempts failed", '"status": 500'],
    ],
    [
      "failed on another",
      () => expect("paced").toHaveFailed(),
      ['queue "paced"', "of these: none"],
    ],
    ["of no queue", () => expect(undefined).toHaveAdded(), ["expect() was given no queue"]],
    ["of something else", () => expect(17).toHaveRun(), ["expect() was given no queue"]],
  ])("says what it found: %s", (_, assertion, texts) => {
    const error = String(thrownBy(assertion));
    for (const text of texts) expect(error).toContain(text);
  });
});

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
