// A queue's object of a Worker without the part that takes turns between keys, where an earlier one had it.
import { beforeEach, expect, it } from "vitest";
import { TaskKeys } from "../../../src/objects/queue/task-keys.ts";
import type { TaskQueueObject } from "../../../src/objects/queue/task-queue.ts";
import { passAll, rowsOf } from "../../support/resharding.ts";
import { crash, freshStart, objectOf, queue } from "../../support/time.ts";
import { deployed, handlers, received } from "../../support/worker.ts";

const NAME = "unlimited";
const FAULT = /found tasks with keys or priorities on "unlimited", expected parts: \[keys\]/;

beforeEach(freshStart);

it.each([
  ["key", { key: "a" }, 'key: found "a", expected none, or parts: [keys] in the Worker'],
  ["priority", { priority: 0 }, "priority: found 0, expected none, or parts: [keys] in the Worker"],
])("refuses a task with a %s, and takes one without", async (_, fields, message) => {
  deployed.Keys = undefined;
  await crash();
  await expect(queue(NAME).add(fields)).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    message: expect.stringContaining(message),
  });
  await queue(NAME).add({ name: "plain" });
  await passAll([NAME], 10, () => received.length === 1);
  expect(received.length).toBe(1);
  expect(await rowsOf(NAME, "SELECT * FROM meta WHERE key = 'lines'")).toEqual([]);
});

it("refuses both on a pull queue too, which leases what has neither", async () => {
  deployed.Keys = undefined;
  await crash();
  for (const fields of [{ key: "a" }, { priority: 0 }])
    await expect(queue("pull").add({ payload: "", ...fields })).rejects.toThrow(
      "expected none, or parts: [keys] in the Worker",
    );
  await queue("pull").add({ name: "plain", payload: "" });
  const leased = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 10 });
  expect(leased).toMatchObject([{ name: "plain" }]);
});

it("refuses to show or limit keys", async () => {
  deployed.Keys = undefined;
  await crash();
  const { keys, key, limitKey } = callsOf();
  for (const call of [() => keys({}), () => key("a"), () => limitKey("a", { rate: "1/s" })]) {
    const { failure } = await call();
    expect(failure?.message).toBe("keys: left out of this Worker, expected parts: [keys]");
  }
});

it("takes dead letters of a queue elsewhere without what they had", async () => {
  deployed.Keys = undefined;
  await crash();
  const { ok } = await callsOf().addDeadLetters([{ name: "dead", key: "a", priority: 1 }]);
  expect(ok?.[0]?.ok?.name).toBe("dead");
  expect(ok?.[0]?.ok?.key).toBeUndefined();
});

it.each([
  ["keys", { key: "a" }],
  ["priorities", { priority: 1 }],
])(
  "where tasks with %s wait it refuses every call and starts nothing, until the part is there",
  async (_, fields) => {
    await queue(NAME).add(["one", "two"].map((name) => ({ name, ...fields, countdown: 60 })));
    deployed.Keys = undefined;
    await crash();
    const before = await metaOf();
    const { add, get, pause, describe, wake } = callsOf();
    for (const call of [() => add([]), () => get("one"), pause, describe, wake])
      expect(await faultOf(call)).toMatch(FAULT);
    await passAll([NAME], 300);
    expect(received).toEqual([]);
    expect(await metaOf()).toEqual(before);
    deployed.Keys = TaskKeys;
    await crash();
    await passAll([NAME], 300, () => received.length === 2);
    expect(received.length).toBe(2);
  },
);

it("what was asked to run goes on without its key, and in no line", async () => {
  await queue(NAME).add({ name: "one", key: "a", countdown: 3600 });
  await queue(NAME).run("one");
  deployed.Keys = undefined;
  handlers.set(`/_ah/queue/${NAME}`, () => new Response(null, { status: 500 }));
  await crash();
  await passAll([NAME], 5, () => received.length > 0);
  expect(received.length).toBeGreaterThan(0);
  handlers.clear();
  const failed = received.length;
  await crash();
  await passAll([NAME], 300, () => received.length > failed);
  expect(received.length).toBe(failed + 1);
});

it("a queue whose tasks with keys have ended is as any other", async () => {
  await queue(NAME).add({ name: "one", key: "a" });
  await passAll([NAME], 10, () => received.length === 1);
  deployed.Keys = undefined;
  await crash();
  await queue(NAME).add({ name: "two" });
  await passAll([NAME], 10, () => received.length === 2);
  expect(received.length).toBe(2);
});

function metaOf() {
  return rowsOf(NAME, "SELECT * FROM meta");
}

function callsOf(): TaskQueueObject {
  return objectOf(NAME) as unknown as TaskQueueObject;
}

async function faultOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
