// A key with one slot keeps the order of its tasks, whatever cuts their attempts off.
import { beforeEach, expect, it } from "vitest";
import { clock } from "../../../support/clock.ts";
import { inject } from "../../../support/faults.ts";
import { logged } from "../../../support/log.ts";
import { deployInOrder, OrderWitness } from "../../../support/order-witness.ts";
import { freshStart } from "../../../support/time.ts";

beforeEach(freshStart);

it("a task that a crash cut off, which counts, keeps others of its key waiting for its retry", async () => {
  await deployInOrder();
  const witness = new OrderWitness();
  await witness.add(["one-a_0", "one-a_1"], { dispatchDeadline: 600 });
  await witness.turn();
  clock.now += 31_000;
  await witness.wake();
  await witness.turn();
  await witness.crash();
  await witness.drain();
  expect(witness.ran).toEqual(["one-a_0", "one-a_0", "one-a_1"]);
});

it.each([
  ["without a key", "p_0"],
  ["of another key", "one-b_0"],
])(
  "a task that is held back keeps others of its key waiting, for one %s that may have ended the server",
  async (_, suspect) => {
    await deployInOrder();
    const witness = new OrderWitness();
    await witness.add([suspect, "one-a_0", "one-a_1"]);
    for (let i = 0; i < 3; i++) {
      await witness.turn();
      await witness.crash();
    }
    await witness.drain();
    expect(witness.outOfOrder()).toEqual([]);
  },
);

it.each(Array.from({ length: 10 }, (_, i) => i + 8))(
  "what is held back starts in the end, though step %i of the turn of the one it waits for fails",
  async (at) => {
    // The log is told of each fault.
    await logged("error");
    await deployInOrder();
    const witness = new OrderWitness();
    await witness.add(["one-a_0", "one-b_0", "one-b_1"]);
    for (let i = 0; i < 2; i++) {
      await witness.turn();
      await witness.crash();
    }
    const fault = await inject("push", { at, kind: "throw" });
    await witness.turn();
    fault.stop();
    await witness.wake();
    await witness.drain();
    expect(witness.outOfOrder()).toEqual([]);
  },
);
