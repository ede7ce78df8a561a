// What a handler answered, for whoever asks for it.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { QueueStub } from "../../../src/client/stubs.ts";
import type { Answer } from "../../../src/core/errors.ts";
import { InvalidTaskError, ResultError, type Task } from "../../../src/index.ts";
import { clock } from "../../support/clock.ts";
import { call } from "../../support/http.ts";
import { crash, freshStart, objectOf, pass, queue } from "../../support/time.ts";
import { handlers } from "../../support/worker.ts";

beforeEach(freshStart);

const results = () => queue("results");

async function run(answer: () => Response, task: object = { name: "n1" }): Promise<string> {
  handlers.set("/_ah/queue/results", answer);
  const { name } = await results().add(task);
  await pass("results", 0);
  return name;
}

describe("a result", () => {
  it.each<[string, () => Response, unknown]>([
    ["JSON", () => Response.json({ a: [1, null] }), { a: [1, null] }],
    ["text", () => new Response("héllo"), "héllo"],
    ["bytes", () => bytes([0, 255]), new Uint8Array([0, 255])],
    ["nothing", () => new Response(null, { status: 204 }), undefined],
    ["65,536 bytes", () => new Response("x".repeat(65_536)), "x".repeat(65_536)],
  ])("of %s is what the handler answered", async (_, answer, value) => {
    await run(answer);
    expect(await results().result("n1")).toEqual(value);
  });

  it("shows in the task over HTTP, for as long as its tombstone lives", async () => {
    await run(() => Response.json({ moons: 2 }));
    await crash();
    const task = { state: "done", result: { moons: 2 } };
    expect(await call("GET", "/queues/results/tasks/n1")).toMatchObject([200, task]);
    clock.now += 60_000;
    expect((await call("GET", "/queues/results/tasks/n1"))[0]).toBe(404);
    const again = results().result("n1");
    await expect(again).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
  });

  it("of bytes shows as base64", async () => {
    await run(() => bytes([0, 255]));
    expect((await call("GET", "/queues/results/tasks/n1"))[1]).toMatchObject({
      resultBase64: "AP8=",
    });
  });

  it("of a task without a name is found by the name it was given", async () => {
    const name = await run(() => new Response("done"), {});
    expect(await results().result(name)).toBe("done");
  });

  it("past 65,536 bytes is not kept, and the attempt says so", async () => {
    await run(() => new Response("x".repeat(65_537)));
    expect(await results().result("n1")).toBeUndefined();
    expect((await results().get("n1")).lastAttempt).toMatchObject({
      status: 200,
      error: "the result of 65537 bytes was not kept: 65536 is the most",
    });
  });

  it("is not kept by a queue that is not configured to", async () => {
    await queue("push").add({ name: "n1" });
    await pass("push", 0);
    expect(await queue("push").get("n1")).not.toHaveProperty("result");
    await expect(queue("push").result("n1")).rejects.toThrow("keep_results: true");
  });

  it("goes with its tombstone, row and all", async () => {
    await run(() => new Response("x"));
    clock.now += 7 * 3600_000;
    await run(() => new Response("y"), { name: "n2" });
    expect(await rowsOf("results")).toEqual([{ name: "n2" }]);
  });
});

describe("waiting for a result", () => {
  it("ends when the task does", async () => {
    handlers.set("/_ah/queue/results", () => new Response("there"));
    await results().add({ name: "n1", countdown: 5 });
    const waiting = results().result("n1", { timeout: 100 });
    await pass("results", 5);
    expect(await waiting).toBe("there");
  });

  it("of a task that fails throws, and says why", async () => {
    await run(() => new Response("out of cheese", { status: 500 }));
    const failed = results().result("n1");
    await expect(failed).rejects.toThrow('the task "n1" has failed: out of cheese');
    await expect(failed).rejects.toBeInstanceOf(ResultError);
  });

  it("throws when the task is deleted", async () => {
    await results().add({ name: "n1", countdown: 5 });
    const waiting = results().result("n1", { timeout: 100 });
    const deleted = expect(waiting).rejects.toMatchObject({ task: { state: "deleted" } });
    await results().delete(["n1"]);
    await deleted;
  });

  it("throws at its end when the task is still on the queue", async () => {
    await results().add({ name: "n1", countdown: 5 });
    await expect(results().result("n1", { timeout: 0 })).rejects.toThrow("it is scheduled");
    await expect(results().result("n2")).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
  });
});

describe("a wait of a length that is none", () => {
  const WRONG = [Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, "5", null];

  it.each(WRONG)("%s is refused by the handle", async (timeout) => {
    await results().add({ name: "n1", countdown: 5 });
    const asking = results().result("n1", { timeout: timeout as number });
    await expect(asking).rejects.toBeInstanceOf(InvalidTaskError);
    const found = typeof timeout === "string" ? `"${timeout}"` : `${timeout}`;
    await expect(asking).rejects.toThrow(`timeout: found ${found}, expected seconds, 0 or more`);
  });

  it.each(WRONG)("%s is refused by the object", async (seconds) => {
    await results().add({ name: "n1", countdown: 5 });
    const object = objectOf("results") as unknown as QueueStub;
    const { got: { failure } = {} } = (await object.result("n1", seconds as number)) as {
      got?: Answer<Task>;
    };
    expect(failure).toMatchObject({ code: "INVALID_REQUEST" });
    expect(failure?.message).toContain("waitSeconds: found");
  });

  it.each(WRONG)("%s is refused by a lease", async (waitSeconds) => {
    const asking = queue("pull").lease({ leaseSeconds: 1, maxTasks: 1, waitSeconds } as never);
    await expect(asking).rejects.toMatchObject({ code: "INVALID_REQUEST" });
    await expect(asking).rejects.toThrow("waitSeconds: found");
  });
});

function bytes(of: number[]): Response {
  return new Response(new Uint8Array(of), { headers: { "Content-Type": "image/png" } });
}

async function rowsOf(table: string): Promise<unknown[]> {
  return runInDurableObject(objectOf("results"), (_, { storage }) =>
    storage.sql.exec(`SELECT name FROM ${table}`).toArray(),
  );
}
