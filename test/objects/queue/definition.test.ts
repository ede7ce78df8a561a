// Queues made, changed and removed while the Worker runs, beside those of queue.yaml.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import { call } from "../../support/http.ts";
import {
  crash,
  elapsed,
  fire,
  freshStart,
  objectOf,
  pass,
  queue,
  until,
} from "../../support/time.ts";
import { deployed, handlers, held, queueFile, received } from "../../support/worker.ts";

beforeEach(freshStart);

const made = () => queue("made");

describe("a queue made over the API", () => {
  it("is made, listed, and dispatches; and still does after a crash", async () => {
    const entry = { rate: "1/s", bucket_size: 2, retry_parameters: { task_retry_limit: 3 } };
    expect(await made().define(entry)).toMatchObject({
      name: "made",
      state: "running",
      rate: "1/s",
      bucketSize: 2,
      retryParameters: { taskRetryLimit: 3 },
    });
    await made().add([{ name: "a" }, { name: "b" }, { name: "c" }]);
    await crash();
    expect(await made().describe()).toMatchObject({ state: "running", bucketSize: 2 });
    await pass("made", 10);
    expect(received.map(({ url }) => url.pathname)).toEqual(Array(3).fill("/_ah/queue/made"));
    const [, { queues }] = (await call("GET", "/queues")) as [number, { queues: object[] }];
    expect(queues).toContainEqual(expect.objectContaining({ name: "made", rate: "1/s" }));
  });

  it("stays as it was in a Worker that reads no entries any more", async () => {
    await made().define({ rate: "1/s", bucket_size: 2 });
    await made().add({ name: "a" });
    deployed.queues = { ...queueFile, readEntry: undefined };
    await crash();
    expect(await made().describe()).toMatchObject({ state: "running", rate: "1/s", bucketSize: 2 });
    await pass("made", 1);
    expect((await made().get("a")).state).toBe("done");
    await expect(made().define({ rate: "9/s" })).rejects.toThrow(
      "queue: found an entry, expected none: this Worker makes queues while it runs with a door",
    );
    expect(await made().describe()).toMatchObject({ rate: "1/s" });
  });

  it("does not exist before", async () => {
    await expect(made().add({})).rejects.toMatchObject({ code: "UNKNOWN_QUEUE" });
    await expect(made().remove()).rejects.toMatchObject({ code: "UNKNOWN_QUEUE" });
  });

  it("is changed at once, and keeps its tasks and what is in flight", async () => {
    const attempts = held("/_ah/queue/made");
    await made().define({ rate: "1/m", bucket_size: 1 });
    await made().add(["a", "b"].map((name) => ({ name })));
    await fire("made");
    await until(() => attempts.started() === 1);
    await made().define({ rate: "500/s", bucket_size: 5 });
    expect((await made().describe()).statistics).toMatchObject({ tasks: 2, inFlight: 1 });
    attempts.answer(0, 200);
    attempts.answer(1, 200);
    await pass("made", 60);
    expect(attempts.started()).toBe(2);
    expect(await made().get("a")).toMatchObject({ state: "done", retryCount: 0 });
  });

  it("starts faster when its rate was raised", async () => {
    const at: number[] = [];
    handlers.set("/_ah/queue/made", () => {
      at.push(elapsed());
      return new Response();
    });
    await made().define({ rate: "1/s", bucket_size: 1 });
    await made().add(Array.from({ length: 6 }, () => ({})));
    await pass("made", 2);
    await made().define({ rate: "10/s", bucket_size: 1 });
    await pass("made", 1);
    expect(at).toEqual([0, 1, 2, 2.1, 2.2, 2.3]);
  });

  it("can lose its rate limit and get one again", async () => {
    await made().define({ rate: "1/m", bucket_size: 1 });
    await made().add(Array.from({ length: 5 }, () => ({})));
    await pass("made", 1);
    expect(received).toHaveLength(1);
    await made().define({ extensions: { rate: "none" } });
    await pass("made", 1);
    expect(received).toHaveLength(5);
    await made().define({ rate: "1/m", bucket_size: 1 });
    await made().add(Array.from({ length: 5 }, () => ({})));
    // The token of the first minute is spent, and time without a limit fills no bucket twice.
    await pass("made", 57.9);
    expect(received).toHaveLength(5);
    await pass("made", 0.2);
    expect(received).toHaveLength(6);
  });

  it("can become a pull queue: what is on it is leased from then on", async () => {
    await made().define({ rate: 0 });
    await made().add({ name: "a", payload: "x" });
    await made().define({ mode: "pull" });
    clock.now += 1;
    expect(await made().lease({ leaseSeconds: 1, maxTasks: 9 })).toMatchObject([{ name: "a" }]);
  });

  it("is removed with its tasks and names, and can be made anew", async () => {
    await made().define({ rate: "1/m", bucket_size: 1 });
    await made().add([{ name: "a" }, { name: "b" }]);
    await pass("made", 1);
    await made().remove();
    await expect(made().describe()).rejects.toMatchObject({ code: "UNKNOWN_QUEUE" });
    clock.now += 600_000;
    await runDurableObjectAlarm(objectOf("made"));
    expect(received).toHaveLength(1);
    await made().define({ rate: "5/s" });
    expect((await made().describe()).statistics.tasks).toBe(0);
    await made().add([{ name: "a" }, { name: "b" }]);
    await pass("made", 1);
    expect(received).toHaveLength(3);
  });

  it("in its place, a queue of queue.yaml is left alone", async () => {
    const inFile = { code: "QUEUE_IN_FILE", name: "QueueInFileError" };
    await expect(queue("push").define({ rate: "1/s" })).rejects.toMatchObject(inFile);
    await expect(queue("push").remove()).rejects.toMatchObject(inFile);
    expect(await queue("push").describe()).toMatchObject({ rate: "500/s" });
  });

  it.each<[object, string]>([
    [{ rate: "5/w" }, "rate"],
    [{ rate: "5/s", colour: "red" }, "colour"],
    [{}, "rate"],
    [{ name: "other", rate: "1/s" }, 'expected "made"'],
    [{ mode: "pull", rate: "1/s" }, "rate"],
  ])("is not made by %j", async (entry, fragment) => {
    await expect(made().define(entry)).rejects.toThrow(fragment);
    await expect(made().describe()).rejects.toMatchObject({ code: "UNKNOWN_QUEUE" });
  });
});

describe("over HTTP", () => {
  it("PUT makes and changes, DELETE removes", async () => {
    expect(await call("PUT", "/queues/made", { rate: "5/s" })).toMatchObject([
      200,
      { name: "made", rate: "5/s", state: "running" },
    ]);
    expect(await call("PUT", "/queues/made", { rate: "7/s" })).toMatchObject([
      200,
      { rate: "7/s" },
    ]);
    expect(await call("DELETE", "/queues/made")).toEqual([200, { name: "made", removed: true }]);
    expect(await call("GET", "/queues/made")).toMatchObject([
      404,
      { error: { code: "UNKNOWN_QUEUE" } },
    ]);
  });

  it.each([
    ["PUT", "/queues/push", { rate: "1/s" }, 409, "QUEUE_IN_FILE"],
    ["DELETE", "/queues/push", undefined, 409, "QUEUE_IN_FILE"],
    ["DELETE", "/queues/made", undefined, 404, "UNKNOWN_QUEUE"],
    ["PUT", "/queues/a_b", { rate: "1/s" }, 400, "INVALID_QUEUE_NAME"],
    ["PUT", "/queues/made", { rate: "fast" }, 400, "INVALID_REQUEST"],
  ])("%s %s with %j is refused: %i %s", async (method, path, body, status, code) => {
    expect(await call(method, path, body)).toMatchObject([status, { error: { code } }]);
  });
});
