// Batches under a test's clock: an attempt of each task, and failures that a test plans.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { taskQueueTest } from "../../src/testing/index.ts";
import { callsTo, deployBatches, many } from "../support/batches.ts";
import { deployed, get, handlers, queueFile } from "../support/worker.ts";

const kit = taskQueueTest();

beforeEach(async () => {
  handlers.clear();
  deployBatches("push", { batch: { size: 10, wait: 5 } });
  await kit.reset();
});

afterEach(() => {
  deployed.queues = queueFile;
});

it("each task of a batch has an attempt in the log", async () => {
  const calls = callsTo("/_ah/queue/push", (batch) =>
    batch.answer(batch.tasks.map(({ name }, i) => ({ name, status: i === 1 ? 500 : 200 }))),
  );
  await get(env, "push").add(many(3));
  await kit.advance("5s");
  expect(calls).toEqual([["t0", "t1", "t2"]]);
  expect(kit.attempts("push")).toMatchObject([
    { name: "t0", payload: 0, ok: true, status: 200 },
    { name: "t1", payload: 1, ok: false, status: 500 },
    { name: "t2", payload: 2, ok: true, status: 200 },
  ]);
});

it("those that are to fail fail before their handler is called with the others", async () => {
  const calls = callsTo("/_ah/queue/push");
  kit.failNext("push", { status: 418, error: "no", times: 2 });
  await get(env, "push").add(many(3));
  await kit.advance("5s");
  expect(calls[0]).toEqual(["t2"]);
  expect(kit.attempts("push").slice(0, 3)).toMatchObject([
    { name: "t0", ok: false, status: 418, error: "no" },
    { name: "t1", ok: false, status: 418 },
    { name: "t2", ok: true, status: 200 },
  ]);
});
