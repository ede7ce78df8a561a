// Objects of a Worker without the part that several objects of a queue need, where an earlier one had it.
import { beforeEach, expect, it } from "vitest";
import { ManyObjects } from "../../../src/objects/queue/many-objects.ts";
import type { TaskQueueObject } from "../../../src/objects/queue/task-queue.ts";
import { passAll, rowsOf, setShards } from "../../support/resharding.ts";
import { crash, freshStart, objectOf, queue } from "../../support/time.ts";
import { deployed, received } from "../../support/worker.ts";

const NAMES = Array.from({ length: 20 }, (_, i) => `n${i}`);
const FAULT = /"four-shards" on several objects, expected parts: \[shards\]/;

beforeEach(freshStart);

it("they refuse every call and start nothing, and go on as soon as the part is there", async () => {
  await queue("four-shards").add(NAMES.map((name) => ({ name, countdown: 60 })));
  deployed.Sharding = undefined;
  setShards("four-shards", 1);
  await crash();
  const objects = ["four-shards", "four-shards#1", "four-shards#2", "four-shards#3"];
  const before = await Promise.all(objects.map((it) => rowsOf(it, "SELECT * FROM meta")));
  for (const name of objects) {
    const { add, get, pause, describe, wake } = callsOf(name);
    for (const call of [() => add([]), () => get("n1"), pause, describe, wake])
      expect(await faultOf(call)).toMatch(FAULT);
  }
  await passAll(objects, 300);
  expect(received).toEqual([]);
  const after = await Promise.all(objects.map((it) => rowsOf(it, "SELECT * FROM meta")));
  expect(after).toEqual(before);
  deployed.Sharding = ManyObjects;
  setShards("four-shards", 4);
  await crash();
  await passAll(objects, 300, () => received.length === NAMES.length);
  expect(received.length).toBe(NAMES.length);
});

it("one that never had others is as it was", async () => {
  deployed.Sharding = undefined;
  await crash();
  await queue("unlimited").add({ name: "alone" });
  await passAll(["unlimited"], 10, () => received.length === 1);
  expect(received.length).toBe(1);
  const { onShard } = callsOf("unlimited");
  const routed = () => onShard({ version: 0, shards: 4 }, "get", ["alone"]);
  expect(await faultOf(routed)).toContain("found a call for a shard");
});

function callsOf(name: string): TaskQueueObject {
  return objectOf(name) as unknown as TaskQueueObject;
}

async function faultOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
