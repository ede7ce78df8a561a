import { beforeEach, describe, expect, it } from "vitest";
import { type PushedTask, readTask } from "../../../../src/index.ts";
import { clock, START } from "../../../support/clock.ts";
import { alarmOf, elapsed, fire, freshStart, pass, queue, until } from "../../../support/time.ts";
import { backendReceived, handlers, held, received } from "../../../support/worker.ts";

beforeEach(freshStart);

function header(request: { headers: Headers } | undefined, name: string): string | null {
  return request?.headers.get(`X-AppEngine-${name}`) ?? null;
}

/** Answers the path with these statuses in turn (the last one for ever); the instants of its attempts. */
function answering(path: string, ...statuses: number[]): number[] {
  const at: number[] = [];
  handlers.set(path, () => {
    at.push(elapsed());
    return new Response(null, {
      status: statuses[Math.min(at.length, statuses.length) - 1] ?? 200,
    });
  });
  return at;
}

describe("the request a handler gets", () => {
  it("is a POST to /_ah/queue/<queue> with App Engine's headers when nothing is said", async () => {
    await queue("push").add({ name: "n1" });
    await pass("push", 1);
    expect(received).toHaveLength(1);
    const [request] = received;
    expect(request?.method).toBe("POST");
    expect(request?.url.pathname).toBe("/_ah/queue/push");
    expect(header(request, "QueueName")).toBe("push");
    expect(header(request, "TaskName")).toBe("n1");
    expect(header(request, "TaskRetryCount")).toBe("0");
    expect(header(request, "TaskExecutionCount")).toBe("0");
    expect(header(request, "TaskETA")).toBe(`${START / 1000}.000000`);
    expect(header(request, "TaskPreviousResponse")).toBeNull();
    expect(header(request, "TaskRetryReason")).toBeNull();
    expect(request?.headers.get("User-Agent")).toContain("AppEngine-Google");
  });

  it("carries its generated name, the one add answered with", async () => {
    const task = await queue("push").add({});
    await pass("push", 1);
    expect(task.name).toMatch(/^[0-9a-z]{20}$/);
    expect(header(received[0], "TaskName")).toBe(task.name);
  });

  it("after a 500 says so: retry 1, execution 1, previous response 500", async () => {
    answering("/_ah/queue/push", 500, 200);
    await queue("push").add({ name: "n1" });
    await pass("push", 10);
    expect(received).toHaveLength(2);
    expect(header(received[1], "TaskRetryCount")).toBe("1");
    expect(header(received[1], "TaskExecutionCount")).toBe("1");
    expect(header(received[1], "TaskPreviousResponse")).toBe("500");
    expect(header(received[1], "TaskRetryReason")).toBe("handler answered 500");
    expect(header(received[1], "TaskETA")).toBe(`${START / 1000}.100000`);
  });

  it("keeps the caller's headers and drops those that only the queue may set", async () => {
    await queue("push").add({
      name: "n1",
      headers: {
        "x-appengine-taskname": "evil",
        "X-CloudTasks-QueueName": "evil",
        "X-Custom": "1",
        "X-List": ["a", "b"],
      },
    });
    await pass("push", 1);
    expect(header(received[0], "TaskName")).toBe("n1");
    expect(received[0]?.headers.get("X-CloudTasks-QueueName")).toBeNull();
    expect(received[0]?.headers.get("X-Custom")).toBe("1");
    expect(received[0]?.headers.get("X-List")).toBe("a, b");
  });

  it.each([
    {
      task: { params: { a: ["1", "2"], b: "x y" } },
      type: "application/x-www-form-urlencoded",
      body: "a=1&a=2&b=x+y",
    },
    { task: { payload: "héllo" }, type: "text/plain; charset=utf-8", body: "héllo" },
    { task: { payload: { a: [1, null] } }, type: "application/json", body: '{"a":[1,null]}' },
    {
      task: { payloadBase64: "AAH/" },
      type: "application/octet-stream",
      body: "\u0000\u0001\ufffd",
    },
    {
      task: { payload: "{}", headers: { "Content-Type": "text/x-own" } },
      type: "text/x-own",
      body: "{}",
    },
  ])("sends $task as $type", async ({ task, type, body }) => {
    await queue("push").add(task);
    await pass("push", 1);
    expect(received[0]?.headers.get("Content-Type")).toBe(type);
    expect(received[0]?.body).toBe(body);
  });

  it.each([
    { task: { method: "GET", url: "/x?a=1" }, line: "GET /x?a=1", body: "" },
    { task: { method: "GET", params: { a: "1" } }, line: "GET /_ah/queue/push?a=1", body: "" },
    {
      task: { method: "PUT", url: "/p", params: { a: "1" }, payload: "z" },
      line: "PUT /p?a=1",
      body: "z",
    },
    { task: { method: "DELETE", url: "/d" }, line: "DELETE /d", body: "" },
    { task: { method: "HEAD", url: "/h" }, line: "HEAD /h", body: "" },
  ] as const)("$task becomes $line", async ({ task, line, body }) => {
    await queue("push").add(task);
    await pass("push", 1);
    const { method, url } = received[0] ?? {};
    expect(`${method} ${url?.pathname}${url?.search}`).toBe(line);
    expect(received[0]?.body).toBe(body);
  });

  it("goes to the queue's target, whatever target the task asks for", async () => {
    await queue("to-backend").add({ target: "v1.mod" });
    await pass("to-backend", 1);
    expect(received).toHaveLength(0);
    expect(backendReceived).toHaveLength(1);
    expect(backendReceived[0]?.url.hostname).toBe("v9.backend.taskqueue.internal");
  });

  it("goes to the task's own target where the queue has none, and to the Worker if that is unknown", async () => {
    await queue("push").add([{ target: "backend" }, { target: "nobody" }]);
    await pass("push", 1);
    expect(backendReceived).toHaveLength(1);
    expect(received.map(({ url }) => url.hostname)).toEqual(["nobody.taskqueue.internal"]);
  });

  it("is read with readTask", async () => {
    const read = new Map<string, PushedTask>();
    handlers.set("/_ah/queue/push", async (request) => {
      const task = await readTask(request);
      read.set(task.name, task);
      return new Response();
    });
    await queue("push").add([
      { name: "a", payload: { n: 1 } },
      { name: "b", params: { from: "1" } },
    ]);
    await pass("push", 1);
    expect([...read.keys()].sort()).toEqual(["a", "b"]);
    expect(read.get("b")).toMatchObject({ payload: undefined });
    expect(read.get("b")?.params.get("from")).toBe("1");
    expect(read.get("a")).toMatchObject({
      ...{ queue: "push", payload: { n: 1 }, retryCount: 0, executionCount: 0 },
      eta: new Date(START),
    });
  });
});

describe("what an answer means", () => {
  it.each([200, 204, 299])("%i is success: the task is gone", async (status) => {
    const at = answering("/_ah/queue/push", status);
    await queue("push").add({});
    await pass("push", 100);
    expect(at).toEqual([0]);
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
  });

  it.each([302, 304, 404, 429, 500, 503])("%i is a failure and is tried again", async (status) => {
    const at = answering("/_ah/queue/push", status, 200);
    await queue("push").add({});
    await pass("push", 1);
    expect(at).toEqual([0, 0.1]);
  });

  it("of a long answer that is a failure the head is kept, and the rest read: it was not cut off", async () => {
    let cancelled = false;
    let pulls = 0;
    const pull = (controller: ReadableStreamDefaultController) => {
      if (++pulls > 20) controller.close();
      else controller.enqueue(new TextEncoder().encode("moon".repeat(25)));
    };
    const cancel = () => {
      cancelled = true;
    };
    const body = () => new ReadableStream({ pull, cancel });
    handlers.set("/_ah/queue/push", () => new Response(body(), { status: 500 }));
    await queue("push").add({ name: "n1", retry: { limit: 0 } });
    await pass("push", 0);
    const { lastAttempt } = await queue("push").get("n1");
    expect(lastAttempt).toMatchObject({ status: 500, error: "moon".repeat(125) });
    expect([pulls, cancelled]).toEqual([21, false]);
  });

  it("a throw is a failure that was answered, with its words kept", async () => {
    handlers.set("/_ah/queue/one-retry", () => {
      throw new Error("out of cheese");
    });
    await queue("one-retry").add({ name: "n1" });
    await pass("one-retry", 10);
    const task = await queue("one-retry").get("n1");
    expect(task).toMatchObject({ state: "failed", retryCount: 1, executionCount: 2 });
    expect(task.lastAttempt).toMatchObject({ status: 500, error: "Error: out of cheese" });
  });
});

describe("retries", () => {
  it("by default come after 0.1, 0.2, 0.4, ... seconds", async () => {
    const at = answering("/_ah/queue/push", 500, 500, 500, 500, 500, 200);
    await queue("push").add({});
    await pass("push", 10);
    expect(at).toEqual([0, 0.1, 0.3, 0.7, 1.5, 3.1]);
  });

  it("follow the queue's parameters to the end of its limit, and the task is kept as failed", async () => {
    const at = answering("/_ah/queue/slow-retry", 500);
    await queue("slow-retry").add({ name: "n1" });
    await pass("slow-retry", 1000);
    expect(at).toEqual([0, 10, 30, 70, 150, 310]);
    const { tasks } = await queue("slow-retry").list({ state: "failed" });
    expect(tasks).toMatchObject([{ name: "n1", retryCount: 5, executionCount: 6 }]);
    expect(tasks[0]?.attempts).toHaveLength(6);
  });

  it("of a task with its own options ignore the queue's as a whole", async () => {
    const at = answering("/_ah/queue/slow-retry", 500);
    await queue("slow-retry").add({ retry: { limit: 1 } });
    await pass("slow-retry", 1000);
    expect(at).toEqual([0, 0.1]);
  });

  it("with limit 0 there is exactly one attempt, and the name is tombstoned", async () => {
    const at = answering("/_ah/queue/push", 500);
    await queue("push").add({ name: "n1", retry: { limit: 0 } });
    await pass("push", 1000);
    expect(at).toEqual([0]);
    await expect(queue("push").add({ name: "n1" })).rejects.toMatchObject({
      code: "TOMBSTONED_TASK",
    });
  });

  it("with both limits set end only when both are passed", async () => {
    const at = answering("/_ah/queue/push", 500);
    await queue("push").add({ retry: { limit: 3, ageLimit: 10, minBackoff: 1, maxBackoff: 100 } });
    await pass("push", 1000);
    expect(at).toEqual([0, 1, 3, 7, 15]);
  });
});

describe("the dispatch deadline", () => {
  it("cuts an attempt off: its signal aborts, the attempt fails, the task runs again", async () => {
    const aborted: string[] = [];
    handlers.set("/_ah/queue/push", (request) => {
      if (header(request, "TaskName") !== "slow") return new Response();
      if (header(request, "TaskRetryCount") !== "0") return new Response();
      request.signal.addEventListener("abort", () => aborted.push(String(request.signal.reason)));
      return scheduler.wait(60_000, { signal: request.signal }).then(() => new Response());
    });
    await queue("push").add({ name: "slow", dispatchDeadline: 15 });
    await fire("push");
    await until(() => received.length === 1);
    clock.now += 14_999;
    await queue("push").add({ name: "tick" });
    await fire("push");
    await until(() => received.length === 2);
    expect((await queue("push").get("slow")).state).toBe("running");
    clock.now += 1;
    await queue("push").add({ name: "tock" });
    await fire("push");
    await until(() => aborted.length === 1);
    expect(aborted[0]).toContain("deadline");
    expect((await queue("push").get("slow")).lastAttempt?.error).toContain("15 s");
    await pass("push", 1);
    expect(received.map((request) => header(request, "TaskRetryCount"))).toContain("1");
    expect(await queue("push").get("slow")).toMatchObject({
      state: "done",
      retryCount: 1,
      executionCount: 0,
    });
  });
});

describe("an alarm handler that others keep open", () => {
  it("does not outlast a deadline: the alarm is armed for it", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").add({ name: "slow", dispatchDeadline: 15 });
    await fire("push");
    await until(() => attempts.started() === 1);
    clock.now += 14_000;
    await queue("push").add({ name: "other" });
    await fire("push");
    await until(() => attempts.started() === 2);
    attempts.answer(1, 200);
    await until(async () => (await alarmOf("push")) === START + 15_000);
    attempts.answer(0, 200);
    await until(async () => (await queue("push").get("slow")).state === "done");
  });
});

describe("a task taken from its attempt", () => {
  it("changes nothing when the attempt then ends, and the name stays deleted", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").add({ name: "n1" });
    await fire("push");
    await until(() => attempts.started() === 1);
    expect(await queue("push").delete(["n1"])).toEqual([{ name: "n1", deleted: true }]);
    attempts.answer(0, 500);
    await until(async () => (await queue("push").describe()).statistics.inFlight === 0);
    await pass("push", 100);
    expect(attempts.started()).toBe(1);
    expect((await queue("push").get("n1")).state).toBe("deleted");
  });

  it("keeps its slot until it ends: a purge does not let more run at once than allowed", async () => {
    const attempts = held("/_ah/queue/two-at-once");
    await queue("two-at-once").add([{}, {}, {}]);
    await fire("two-at-once");
    await until(() => attempts.started() === 2);
    await queue("two-at-once").purge();
    await queue("two-at-once").add([{}, {}]);
    await expect(fire("two-at-once")).rejects.toThrow("no alarm");
    attempts.answer(0, 200);
    await until(async () => (await queue("two-at-once").describe()).statistics.inFlight === 1);
    await fire("two-at-once");
    await until(() => attempts.started() === 3);
    for (const i of [1, 2, 3]) attempts.answer(i, 200);
    await until(async () => (await queue("two-at-once").describe()).statistics.inFlight === 0);
  });
});
