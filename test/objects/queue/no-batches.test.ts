// A queue's object of a Worker without the part that makes calls of several tasks, where an earlier one had it.
import { beforeEach, expect, it } from "vitest";
import { Batches } from "../../../src/objects/queue/dispatch/batches.ts";
import type { TaskQueueObject } from "../../../src/objects/queue/task-queue.ts";
import { passAll } from "../../support/resharding.ts";
import { crash, freshStart, objectOf, queue } from "../../support/time.ts";
import { deployed, received } from "../../support/worker.ts";

const NAME = "made";

beforeEach(freshStart);

it("one that was made with batches refuses every call and starts nothing, until the part is there", async () => {
  await queue(NAME).define({ rate: "100/s", extensions: { batch: { size: 2 } } });
  await queue(NAME).add(["one", "two"].map((name) => ({ name, countdown: 60 })));
  deployed.Batches = undefined;
  await crash();
  const { add, get, describe, wake } = objectOf(NAME) as unknown as TaskQueueObject;
  for (const call of [() => add([]), () => get("one"), describe, wake])
    expect(await faultOf(call)).toMatch(
      /found extensions.batch of "made", expected parts: \[batches\]/,
    );
  await passAll([NAME], 300);
  expect(received).toEqual([]);
  deployed.Batches = Batches;
  await crash();
  await passAll([NAME], 300, () => received.length > 0);
  expect(received.length).toBe(1);
});

it("any other is as it was", async () => {
  deployed.Batches = undefined;
  await crash();
  await queue("unlimited").add([{ name: "one" }, { name: "two" }]);
  await passAll(["unlimited"], 10, () => received.length === 2);
  expect(received.length).toBe(2);
});

async function faultOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
