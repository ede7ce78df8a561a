// Batches: several due tasks in one call of their handler, each with an attempt of its own.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTask } from "../../../../src/index.ts";
import type { TaskRunnerRpc } from "../../../../src/objects/rpc.ts";
import { callsTo, deployBatches, many } from "../../../support/batches.ts";
import { BOX } from "../../../support/box.ts";
import { clock } from "../../../support/clock.ts";
import { crash, fire, freshStart, objectOf, pass, queue, until } from "../../../support/time.ts";
import { backendReceived, handlers, received } from "../../../support/worker.ts";

beforeEach(freshStart);

const PATH = "/_ah/queue/push";
const view = (name: string) => queue("push").get(name);
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
    expect(calls.slice(1).sort()).toEqual([["t0"], ["t1"], ["t2"]]);
    expect(await left()).toBe(1);
  });
});

describe("a batch waits for others", () => {
  const start = () => clock.now;

  it("until the first has waited long enough", async () => {
    deployBatches("push", { batch: { size: 10, wait: 2 } });
    const calls = callsTo(PATH);
    const from = start();
    await queue("push").add(many(2, "early"));
    await pass("push", 1);
    expect(calls).toEqual([]);
    expect(await view("early0")).toMatchObject({
      state: "due",
      why: `waits until ${new Date(from + 2000).toISOString()} for others of its batch`,
    });
    await queue("push").add(many(1, "late"));
    await pass("push", 0.999);
    expect(calls).toEqual([]);
    await pass("push", 0.001);
    expect(calls).toEqual([["early0", "early1", "late0"]]);
  });

  it("until it is full", async () => {
    deployBatches("push", { batch: { size: 3, wait: 60 } });
    const calls = callsTo(PATH);
    await queue("push").add(many(2, "a"));
    await pass("push", 5);
    await queue("push").add(many(2, "b"));
    await pass("push", 0);
    expect(calls).toEqual([["a0", "a1", "b0"]]);
    await pass("push", 59);
    expect(calls).toEqual([["a0", "a1", "b0"]]);
    await pass("push", 1);
    expect(calls.slice(1)).toEqual([["b1"]]);
  });

  it("not longer for tasks whose time comes while they wait", async () => {
    deployBatches("push", { batch: { size: 3, wait: 60 } });
    const calls = callsTo(PATH);
    await queue("push").add([
      { name: "now" },
      { name: "in10", countdown: 10 },
      { name: "in20", countdown: 20 },
      { name: "in30", countdown: 30 },
    ]);
    await pass("push", 19);
    expect(calls).toEqual([]);
    await pass("push", 1);
    expect(calls).toEqual([["now", "in10", "in20"]]);
  });

  it("and is full at once when many are due at one moment", async () => {
    deployBatches("push", { batch: { size: 5, wait: 60 } });
    const calls = callsTo(PATH);
    await queue("push").add(many(5).map((task) => ({ ...task, countdown: 30 })));
    await pass("push", 30);
    expect(calls.map(({ length }) => length)).toEqual([5]);
  });

  it("of its own place alone", async () => {
    deployBatches("push", { batch: { size: 2, wait: 60 } });
    const calls = callsTo("/x");
    const others = callsTo("/y");
    await queue("push").add([
      { name: "x0", url: "/x" },
      { name: "y0", url: "/y" },
    ]);
    await pass("push", 1);
    expect([calls, others]).toEqual([[], []]);
    await queue("push").add({ name: "y1", url: "/y" });
    await pass("push", 1);
    expect([calls, others]).toEqual([[], [["y0", "y1"]]]);
    await pass("push", 58);
    expect(calls).toEqual([["x0"]]);
  });

  it("goes on to when one that waits is deleted, or runs by hand", async () => {
    deployBatches("push", { batch: { size: 3, wait: 10 } });
    const calls = callsTo(PATH);
    await queue("push").add(many(2, "a"));
    await pass("push", 1);
    await queue("push").delete(["a0"]);
    await queue("push").add(many(1, "b"));
    await pass("push", 1);
    expect(calls).toEqual([]);
    await queue("push").run("b0");
    await pass("push", 0);
    expect(calls).toEqual([["b0"]]);
    await pass("push", 8);
    expect(calls).toEqual([["b0"], ["a1"]]);
  });

  it("no longer than the first of them, after an eviction too", async () => {
    deployBatches("push", { batch: { size: 3, wait: 10 } });
    const calls = callsTo(PATH);
    await queue("push").add(many(1));
    await pass("push", 6);
    await crash();
    await queue("push").add(many(1, "after"));
    await pass("push", 3.9);
    expect(calls).toEqual([]);
    await pass("push", 0.1);
    expect(calls).toEqual([["t0", "after0"]]);
  });

  it("not when the queue is deployed without", async () => {
    deployBatches("push", { batch: { size: 3, wait: 60 } });
    await queue("push").add(many(2));
    await pass("push", 1);
    expect(received).toHaveLength(0);
    deployBatches("push", {});
    await crash();
    await queue("push").describe();
    await pass("push", 1);
    expect(received.map(({ headers }) => headers.get("X-AppEngine-TaskName")).sort()).toEqual([
      "t0",
      "t1",
    ]);
  });
});

describe("tokens and slots", () => {
  it("each task takes a token", async () => {
    deployBatches("push", { batch: { size: 10 } }, { rate: "1/s", bucket_size: 4 });
    const calls = callsTo(PATH);
    await queue("push").add(many(10));
    await pass("push", 0);
    expect(calls.map(({ length }) => length)).toEqual([4]);
    await pass("push", 3);
    expect(calls.map(({ length }) => length)).toEqual([4, 1, 1, 1]);
  });

  it("gather for as long as the batch waits", async () => {
    deployBatches("push", { batch: { size: 4, wait: 8 } }, { rate: "1/s", bucket_size: 6 });
    const calls = callsTo(PATH);
    await queue("push").add(many(14));
    await pass("push", 0);
    expect(calls.map(({ length }) => length)).toEqual([4]);
    await pass("push", 30);
    expect(calls.map(({ length }) => length).reduce((a, b) => a + b)).toBe(14);
    expect(calls.length).toBeLessThanOrEqual(5);
  });

  it("each call has a slot", async () => {
    deployBatches("push", { batch: { size: 3 } }, { max_concurrent_requests: 2 });
    const { calls, answer } = heldCalls();
    await queue("push").add(many(10));
    await fire("push");
    await until(() => calls.length === 2);
    const { statistics } = await queue("push").describe();
    expect(statistics).toMatchObject({ inFlight: 2, states: { running: 6, due: 4 } });
    expect((await view("t9")).why).toBe("all 2 slots are taken (max_concurrent_requests)");
    expect(await view("t0")).toMatchObject({ state: "running", running: { batch: 3 } });
    answer();
    await until(async () => (await left()) === 4);
    await fire("push");
    await until(() => calls.length === 4);
    expect(calls.map(({ length }) => length).sort()).toEqual([1, 3, 3, 3]);
    answer();
    await until(async () => (await left()) === 0);
  });

  it("expedited tasks go together, whatever the rate says", async () => {
    deployBatches("push", { batch: { size: 2, wait: 60 } }, { rate: "0" });
    const calls = callsTo(PATH);
    await queue("push").add(many(4));
    for (const name of ["t3", "t1", "t0"]) await queue("push").run(name);
    await pass("push", 0);
    expect(calls.sort()).toEqual([["t0"], ["t3", "t1"]]);
    expect(await left()).toBe(1);
  });
});

/** Handlers that answer when a test says so. */
function heldCalls(path = PATH): { calls: string[][]; answer: (status?: number) => void } {
  let status: number | undefined;
  const calls = callsTo(path, async ({ tasks, signal }) => {
    status = undefined;
    while (status === undefined && !signal.aborted) await scheduler.wait(2);
    return new Response(null, { status: tasks.length > 0 ? (status ?? 500) : 500 });
  });
  return {
    calls,
    answer: (given = 200) => {
      status = given;
    },
  };
}

describe("what goes in a call of its own", () => {
  it.each<[what: string, task: object]>([
    ["another method", { method: "GET" }],
    ["a dialect", { dialect: "cloudtasks" }],
  ])("has the form of a task: %s", async (_, task) => {
    deployBatches("push", { batch: { size: 10 } });
    await queue("push").add([{ ...task, name: "own" }, { name: "a" }, { name: "b" }]);
    await pass("push", 1);
    const forms = received.map(({ headers }) => headers.get("X-TaskQueue-Batch"));
    expect(forms.sort()).toEqual(["2", null]);
    expect(await left()).toBe(0);
  });

  it("bodies beyond 4 MiB", async () => {
    deployBatches("push", { batch: { size: 1000 } });
    const calls = callsTo(PATH);
    const payload = "\u0001".repeat(100_000);
    await queue("push").add(many(50).map(({ name }) => ({ name, payload })));
    await pass("push", 1);
    expect(calls.map(({ length }) => length).sort()).toEqual([41, 9]);
    expect(await left()).toBe(0);
  });
});

describe("whatever becomes of the call", () => {
  const retry = { retry_parameters: { min_backoff_seconds: 10, task_retry_limit: 3 } };

  it("each task runs again when the object is evicted in the middle", async () => {
    deployBatches("push", { batch: { size: 3 } });
    const { calls } = heldCalls();
    await queue("push").add(many(3));
    await fire("push");
    await until(() => calls.length === 1);
    await crash();
    callsTo(PATH);
    await queue("push").describe();
    await pass("push", 60);
    expect(await left()).toBe(0);
  });

  it("tasks that were cut off run again one at a time", async () => {
    deployBatches("push", { batch: { size: 3 } });
    const { calls } = heldCalls();
    await queue("push").add(many(3));
    await fire("push");
    await until(() => calls.length === 1);
    // The object starts late, writes the starts, and is cut off again.
    await crash();
    clock.now += 2000;
    await queue("push").describe();
    await fire("push");
    await until(() => calls.length === 2);
    await crash();
    clock.now += 2000;
    const later = callsTo(PATH);
    await queue("push").describe();
    await pass("push", 60);
    expect(later).toEqual([["t0"], ["t1"], ["t2"]]);
    expect(await left()).toBe(0);
    expect((await view("t0")).attempts).toHaveLength(1);
  });

  it("a deadline that passes ends all of it, and what is answered after it counts for nothing", async () => {
    deployBatches("push", { batch: { size: 3 } }, retry);
    let aborted = false;
    const calls = callsTo(PATH, async ({ signal, answer, tasks }) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      if (tasks.length > 1) await scheduler.wait(60_000, { signal }).catch(() => {});
      return answer(tasks.map(({ name }) => ({ name, status: 200 })));
    });
    await queue("push").add(many(3).map((task) => ({ ...task, dispatchDeadline: 15 })));
    await fire("push");
    await until(() => calls.length === 1);
    await scheduler.wait(300);
    clock.now += 15_000;
    await queue("push").describe();
    await queue("push").add({ name: "tick", url: "/tick" });
    await fire("push");
    await until(() => aborted);
    expect(await view("t1")).toMatchObject({
      retryCount: 1,
      lastAttempt: { error: "no answer within its deadline of 15 s", batch: 3 },
    });
    await pass("push", 12);
    expect(calls.slice(1).sort()).toEqual([["t0"], ["t1"], ["t2"]]);
    expect(await left()).toBe(0);
  });

  it("an answer that asks for later blames none of its tasks", async () => {
    deployBatches("push", { batch: { size: 3 } }, retry);
    let isBusy = true;
    const calls = callsTo(PATH, () => {
      if (!isBusy) return new Response();
      isBusy = false;
      return new Response("busy", { status: 429, headers: { "Retry-After": "30" } });
    });
    await queue("push").add(many(3));
    await pass("push", 29);
    expect(calls).toHaveLength(1);
    await pass("push", 1);
    expect(calls[1]).toEqual(["t0", "t1", "t2"]);
    expect(await left()).toBe(0);
  });

  it("a limit of the platform that many met is nobody's failure", async () => {
    deployBatches("push", { batch: { size: 3 } }, retry);
    const calls = callsTo(PATH, ({ tasks }) => {
      if (tasks.length > 1) throw new Error("Too many subrequests.");
      return new Response();
    });
    await queue("push").add(many(3));
    await pass("push", 0.5);
    expect(await view("t0")).toMatchObject({ retryCount: 0, executionCount: 0 });
    await pass("push", 1);
    expect(calls.slice(1).sort()).toEqual([["t0"], ["t1"], ["t2"]]);
    expect(await left()).toBe(0);
  });

  it("a call that breaks counts for none of several, and gives its slot back", async () => {
    deployBatches("push", { batch: { size: 3 } }, { ...retry, max_concurrent_requests: 1 });
    const calls = callsTo(PATH);
    await queue("push").add(many(3));
    const sizes = await breakCalls((size) => size > 1);
    await fire("push");
    await until(async () => sizes.length > 0 && (await idle()));
    expect(await view("t0")).toMatchObject({ retryCount: 0, executionCount: 0 });
    expect((await view("t0")).attempts).toBeUndefined();
    await pass("push", 5);
    expect(sizes).toEqual([3, 1, 1, 1]);
    expect(calls.sort()).toEqual([["t0"], ["t1"], ["t2"]]);
    expect(await left()).toBe(0);
  });

  it("a call of one task that breaks counts", async () => {
    deployBatches("push", { batch: { size: 3 } }, retry);
    await queue("push").add(many(1));
    const sizes = await breakCalls(() => true);
    await fire("push");
    await until(async () => sizes.length > 0 && (await idle()));
    expect(await view("t0")).toMatchObject({
      ...{ retryCount: 1, executionCount: 0 },
      lastAttempt: { error: "Worker exceeded CPU time limit." },
    });
  });

  it("one that never succeeds costs each neighbour one attempt at most", async () => {
    deployBatches("push", { batch: { size: 10 } }, retry);
    callsTo(PATH, ({ tasks }) => {
      const isBad = tasks.some(({ name }) => name === "t4");
      return new Response(null, { status: isBad ? 500 : 200 });
    });
    await queue("push").add(many(10));
    await pass("push", 1000);
    expect(await left()).toBe(0);
    expect(await view("t4")).toMatchObject({ state: "failed", retryCount: 3 });
    for (const i of [0, 3, 5, 9])
      expect(await view(`t${i}`)).toMatchObject({ state: "done", retryCount: 1 });
  });

  it("a task that was deleted meanwhile is not settled", async () => {
    deployBatches("push", { batch: { size: 3 } });
    const { calls, answer } = heldCalls();
    await queue("push").add(many(3));
    await fire("push");
    await until(() => calls.length === 1);
    await queue("push").delete(["t1"]);
    answer();
    await until(async () => (await left()) === 0);
    expect((await view("t1")).state).toBe("deleted");
    expect((await view("t0")).state).toBe("done");
  });
});

const idle = async () => (await queue("push").describe()).statistics.inFlight === 0;

/** Calls of the runner break before they reach a handler, if `isBroken`; how many tasks each has. */
async function breakCalls(isBroken: (size: number) => boolean): Promise<number[]> {
  const sizes: number[] = [];
  await runInDurableObject(objectOf("push"), (instance) => {
    const own = instance as unknown as { runner(): TaskRunnerRpc };
    const { run, runTogether, runBatch } = own.runner();
    const runner: TaskRunnerRpc = {
      run,
      runTogether,
      runBatch: async (delivery) => {
        sizes.push(delivery.batch.length);
        if (isBroken(delivery.batch.length)) throw new Error("Worker exceeded CPU time limit.");
        return runBatch(delivery);
      },
    };
    own.runner = () => runner;
  });
  return sizes;
}

describe("an answer that cannot be relied on", () => {
  it.each<[what: string, body: string | ReadableStream, type: string, left: number]>([
    ["text", "fine", "text/plain", 0],
    ["JSON without results", '{"ok":true}', "application/json", 0],
    ["JSON of another kind", "[1,2]", "application/json", 0],
    ["nothing, called JSON", "", "application/json", 0],
    ["results that are called text", '{"results":[{"name":"t0","status":200}]}', "text/plain", 1],
    ["JSON that is cut off", '{"results":[{"name":"t0","stat', "application/json", 2],
    ["results that are no list", '{"results":{}}', "application/json", 2],
    ["a list that is empty", '{"results":[]}', "application/json", 2],
  ])("%s", async (_, body, type, expected) => {
    deployBatches("push", { batch: { size: 3 } });
    callsTo(PATH, () => new Response(body, { headers: { "Content-Type": type } }));
    await queue("push").add(many(2));
    await fire("push");
    await until(async () => (await queue("push").describe()).statistics.inFlight === 0);
    await until(async () => (await left()) === expected);
    if (expected === 2) await until(async () => !!(await view("t0")).lastAttempt?.error);
  });
});

describe("results", () => {
  it("are those of each task, where the queue keeps them", async () => {
    deployBatches("push", { keep_results: true, batch: { size: 3 } });
    callsTo(PATH, (batch) => batch.each(({ payload }) => ({ square: Number(payload) ** 2 })));
    await queue("push").add(many(3));
    await pass("push", 1);
    expect(await queue("push").result("t2")).toEqual({ square: 4 });
  });
});

describe("readBatch", () => {
  it("has each task as readTask has it", async () => {
    deployBatches("push", { batch: { size: 3 } }, { retry_parameters: { min_backoff_seconds: 1 } });
    const seen: unknown[] = [];
    callsTo(PATH, (batch) => {
      for (const { params, eta, headers, signal: _, ...task } of batch.tasks)
        seen.push({
          ...task,
          params: `${params}`,
          eta: eta.getTime() - clock.now,
          x: headers.get("X"),
        });
      return batch.answer(batch.tasks.map(({ name }) => ({ name, status: 500 })));
    });
    await queue("push").add([
      { name: "json", payload: { a: 1 }, headers: { X: "1" } },
      { name: "bytes", payload: new Uint8Array([1, 2]) },
      { name: "params", params: { a: ["1", "2"] } },
    ]);
    await fire("push");
    await until(() => seen.length === 3);
    const rest = { previousResponse: undefined, group: undefined, x: null };
    const first = { queue: "push", retryCount: 0, executionCount: 0, eta: 0, ...rest };
    expect(seen).toEqual([
      { ...first, name: "json", payload: { a: 1 }, params: "", x: "1" },
      { ...first, name: "bytes", payload: new Uint8Array([1, 2]), params: "" },
      { ...first, name: "params", payload: undefined, params: "a=1&a=2" },
    ]);
    await pass("push", 1.5);
    expect(seen[3]).toMatchObject({ retryCount: 1, executionCount: 1, previousResponse: 500 });
  });

  it("each: what is thrown fails one task alone, and is told as in a call of its own", async () => {
    const { PermanentTaskFailure, RetryLater } = await import("../../../../src/index.ts");
    deployBatches(
      "push",
      { batch: { size: 9 } },
      { retry_parameters: { min_backoff_seconds: 10 } },
    );
    callsTo(PATH, (batch) =>
      batch.each(({ name }) => {
        if (name === "t0") throw new PermanentTaskFailure("never");
        if (name === "t1") throw new RetryLater(60);
        if (name === "t2") throw new Error("out of cheese");
        if (name === "t3") return new Response("no", { status: 418 });
        if (name === "t4") return new Response("yes");
      }),
    );
    const from = clock.now;
    await queue("push").add(many(6));
    await fire("push");
    await until(async () => (await left()) === 3);
    expect(await view("t0")).toMatchObject({ state: "failed", lastAttempt: { error: "never" } });
    expect((await view("t1")).eta).toBe(new Date(from + 60_000).toISOString());
    expect((await view("t2")).lastAttempt).toMatchObject({ error: "Error: out of cheese" });
    expect((await view("t3")).lastAttempt).toMatchObject({ status: 418, error: "no" });
    expect((await view("t4")).state).toBe("done");
    expect((await view("t5")).state).toBe("done");
  });

  it("reads a task that came by itself, and answers for it", async () => {
    deployBatches("push", { batch: { size: 9 }, keep_results: true });
    callsTo(PATH, (batch) => batch.each(({ name }) => `hello ${name}`));
    await queue("push").add({ name: "own", dialect: "cloudtasks-appengine" });
    await pass("push", 1);
    expect(await queue("push").result("own")).toBe("hello own");
  });

  it("readTask says that it is not for batches", async () => {
    deployBatches("push", { batch: { size: 9 } });
    const said: unknown[] = [];
    handlers.set(PATH, async (request) => {
      await readTask(request).catch((error) => said.push(error.message));
      return new Response();
    });
    await queue("push").add(many(2));
    await pass("push", 1);
    expect(said).toEqual([
      "readTask: the request is of a batch of tasks, expected to be read by readBatch",
    ]);
  });
});

describe("to others", () => {
  it("a service behind a binding", async () => {
    deployBatches("push", { batch: { size: 9 } }, { target: "backend" });
    await queue("push").add(many(3));
    await pass("push", 1);
    expect(backendReceived.map(({ headers }) => headers.get("X-TaskQueue-Batch"))).toEqual(["3"]);
    expect(await left()).toBe(0);
  });

  describe("a server outside", () => {
    const ask = async (path: string) => (await fetch(BOX + path)).text();
    const settings = env as { TASKQUEUE_ALLOW_HOSTS?: string; TASKQUEUE_SIGNING_SECRET?: string };

    afterEach(() => {
      delete settings.TASKQUEUE_ALLOW_HOSTS;
      delete settings.TASKQUEUE_SIGNING_SECRET;
    });

    it("with the headers that all have, and a signature of the whole", async () => {
      settings.TASKQUEUE_ALLOW_HOSTS = "localhost";
      settings.TASKQUEUE_SIGNING_SECRET = `whsec_${btoa("x".repeat(24))}`;
      await crash();
      await ask("/clear/");
      deployBatches("push", { batch: { size: 9 } });
      const task = { url: `${BOX}/in`, headers: { Authorization: "Bearer a" } };
      await queue("push").add(many(3).map((one) => ({ ...one, ...task })));
      await queue("push").add({ ...task, name: "other", headers: { Authorization: "Bearer b" } });
      await pass("push", 1);
      await until(async () => (await left()) === 0);
      const arrived = JSON.parse(await ask("/arrived/")) as {
        headers: Record<string, string>;
        body: string;
      }[];
      const heads = arrived.map(({ headers: it }) => [it.authorization, it["x-taskqueue-batch"]]);
      expect(heads.sort()).toEqual([
        ["Bearer a", "3"],
        ["Bearer b", "1"],
      ]);
      const ids = arrived.map(({ headers }) => headers["webhook-id"]);
      expect(new Set(ids).size).toBe(2);
      for (const id of ids) expect(id).toMatch(/^push_batch\.0\.\d+$/);
    });
  });
});

describe("keys", () => {
  const keyed = (prefix: string, n: number, key: string) =>
    many(n, prefix).map((task) => ({ ...task, key }));

  it("have fair turns in a batch", async () => {
    deployBatches("push", { batch: { size: 4 } }, { rate: "1/s", bucket_size: 4 });
    const calls = callsTo(PATH);
    await queue("push").add([...keyed("a", 10, "a"), ...keyed("b", 2, "b")]);
    await pass("push", 0);
    expect(calls).toEqual([["a0", "b0", "a1", "b1"]]);
    await pass("push", 30);
    expect(await left()).toBe(0);
  });

  it("in order never have two tasks in one call", async () => {
    const keys = { max_concurrent_requests: 1 };
    deployBatches("push", { keys, batch: { size: 10, wait: 1 } });
    const calls = callsTo(PATH);
    await queue("push").add([...keyed("a", 3, "a"), ...keyed("b", 2, "b")]);
    await pass("push", 10);
    expect(calls).toEqual([["a0", "b0"], ["a1", "b1"], ["a2"]]);
  });

  it("wait for others of their batch, as others do", async () => {
    deployBatches("push", { batch: { size: 3, wait: 5 } });
    const calls = callsTo(PATH);
    await queue("push").add([...keyed("a", 1, "a"), ...keyed("b", 1, "b")]);
    await pass("push", 4);
    expect(calls).toEqual([]);
    await queue("push").add(keyed("c", 1, "c"));
    await pass("push", 0);
    expect(calls).toEqual([["a0", "b0", "c0"]]);
    await queue("push").add(keyed("d", 1, "d"));
    await pass("push", 5);
    expect(calls[1]).toEqual(["d0"]);
  });
});
