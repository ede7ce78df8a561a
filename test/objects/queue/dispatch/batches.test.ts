// Batches: several due tasks in one call of their handler, each with an attempt of its own.
import { beforeEach, describe, expect, it } from "vitest";
import { callsTo, deployBatches, many } from "../../../support/batches.ts";
import { clock } from "../../../support/clock.ts";
import { fire, freshStart, pass, queue, until } from "../../../support/time.ts";
import { received } from "../../../support/worker.ts";

beforeEach(freshStart);

const PATH = "/_ah/queue/push";
const left = async () => (await queue("push").describe()).statistics.tasks;

describe("due tasks share a call", () => {
  it("up to the size of a batch, in their order", async () => {
    deployBatches("push", { batch: { size: 4 } });
    const calls = callsTo(PATH);
    await queue("push").add(many(10));
    await fire("push");
    await until(async () => (await left()) === 0);
    // Calls of one turn arrive in any order.
    expect(calls.sort()).toEqual([
      ["t0", "t1", "t2", "t3"],
      ["t4", "t5", "t6", "t7"],
      ["t8", "t9"],
    ]);
  });

  it("as one request with all of them in its body", async () => {
    deployBatches("push", { batch: { size: 4 } });
    await queue("push").add([
      { name: "json", payload: { to: ["a", "ü"] } },
      { name: "text", payload: 'so "it" is', headers: { "X-One": "1", "X-Two": ["a", "b"] } },
      { name: "bytes", payload: new Uint8Array([0, 255, 7]) },
      { name: "params", params: { a: "1", b: ["2", "3"] } },
    ]);
    await fire("push");
    await until(async () => (await left()) === 0);
    expect(received).toHaveLength(1);
    const [{ method, url, headers, body }] = received as [(typeof received)[0]];
    expect([method, url.href]).toEqual(["POST", `http://taskqueue.internal${PATH}`]);
    expect(Object.fromEntries(headers)).toEqual({
      "content-type": "application/json",
      "user-agent": "AppEngine-Google; (+http://code.google.com/appengine)",
      "x-appengine-queuename": "push",
      "x-taskqueue-batch": "4",
    });
    const eta = new Date(clock.now).toISOString();
    const common = { retryCount: 0, executionCount: 0, eta, headers: {} };
    expect(JSON.parse(body)).toEqual({
      tasks: [
        { name: "json", ...common, payload: { to: ["a", "ü"] } },
        {
          ...{ name: "text", ...common, payload: 'so "it" is' },
          headers: { "X-One": "1", "X-Two": ["a", "b"] },
        },
        { name: "bytes", ...common, payloadBase64: "AP8H" },
        { name: "params", ...common, params: { a: "1", b: ["2", "3"] } },
      ],
    });
  });
});

describe("an answer", () => {
  const retry = { retry_parameters: { min_backoff_seconds: 10 } };

  it("of single tasks settles each", async () => {
    deployBatches("push", { batch: { size: 10 } }, retry);
    callsTo(PATH, (batch) =>
      batch.answer([
        { name: "t0", status: 200 },
        { name: "t1", status: 500, error: "no luck" },
        { name: "t2", status: 429, retryAfter: 60 },
        { name: "t3", status: 418, retry: false },
        { name: "t4", status: 204 },
        { name: "stranger", status: 200 },
      ]),
    );
    await queue("push").add(many(6));
    const start = clock.now;
    await fire("push");
    await until(async () => (await left()) === 3);
    const view = (name: string) => queue("push").get(name);
    expect((await view("t0")).state).toBe("done");
    expect((await view("t4")).state).toBe("done");
    expect(await view("t1")).toMatchObject({
      ...{ state: "scheduled", retryCount: 1, executionCount: 1 },
      lastAttempt: { status: 500, error: "no luck", batch: 6 },
      eta: new Date(start + 10_000).toISOString(),
    });
    expect((await view("t2")).eta).toBe(new Date(start + 60_000).toISOString());
    expect(await view("t3")).toMatchObject({ state: "failed", lastAttempt: { status: 418 } });
    expect(await view("t5")).toMatchObject({
      ...{ state: "scheduled", retryCount: 1, executionCount: 0 },
      lastAttempt: {
        error: "results: found none of this task, expected one of each in the batch",
      },
    });
  });

  it("that is a failure fails all, and each is tried again by itself", async () => {
    deployBatches("push", { batch: { size: 10 } }, retry);
    const calls = callsTo(PATH, ({ tasks }) => {
      if (tasks.some(({ name }) => name === "t1")) throw new Error("out of cheese");
      return new Response();
    });
    await queue("push").add(many(3));
    await pass("push", 1);
    expect(calls).toEqual([["t0", "t1", "t2"]]);
    expect(await queue("push").get("t0")).toMatchObject({
      retryCount: 1,
      lastAttempt: { status: 500, error: "Error: out of cheese", batch: 3 },
    });
    await pass("push", 11);
    expect(calls.slice(1)).toEqual([["t0"], ["t1"], ["t2"]]);
    expect(await left()).toBe(1);
  });
});
