// A pull queue whose storage fails, or whose object dies, at any step of a lease and its acknowledgement.
import { beforeEach, expect, it } from "vitest";
import type { Task } from "../../../../src/index.ts";
import { clock } from "../../../support/clock.ts";
import { type Fault, inject } from "../../../support/faults.ts";
import { crash, freshStart, queue } from "../../../support/time.ts";

beforeEach(freshStart);

const pull = () => queue("pull");
const NAMES = ["n1", "n2", "n3"];
const ask = { leaseSeconds: 30, maxTasks: 2 };

/** Leases and acknowledges while one fault happens: the names that were answered as done. */
async function workWith(fault: Fault): Promise<{ reached: boolean; done: string[] }> {
  await pull().add(NAMES.map((name) => ({ name, payload: name, tag: "A" })));
  // So that the queue's look at its tasks is past them when the fault comes.
  for (const task of await pull().lease({ ...ask, maxTasks: 10 }))
    await pull().modifyLease(task, 0);
  const { hit } = await inject("pull", fault);
  const held: Task[] = await pull()
    .lease(ask)
    .catch(() => []);
  const results = await pull()
    .acknowledge(held)
    .catch(() => []);
  const done = results.filter(({ acknowledged }) => acknowledged).map(({ name }) => name);
  return { reached: hit(), done };
}

it.each(["throw", "kill"] as const)(
  "%s: what was acknowledged is done, and everything else is leased again",
  async (kind) => {
    for (let at = 1; ; at++) {
      await freshStart();
      const { reached, done } = await workWith({ at, kind });
      if (!reached) {
        expect(at).toBeGreaterThan(10);
        break;
      }
      if (kind === "kill") await crash();
      clock.now += 31_000;
      const left = await pull().lease({ ...ask, maxTasks: 10 });
      for (const name of done) {
        expect({ at, name, state: (await pull().get(name)).state }).toMatchObject({
          state: "done",
        });
      }
      const leased = left.map(({ name }) => name).sort();
      const ended = NAMES.filter((name) => !leased.includes(name));
      for (const name of ended) expect((await pull().get(name)).state).toBe("done");
      expect({ at, leased }).toMatchObject({ leased: NAMES.filter((n) => !ended.includes(n)) });
      await pull().acknowledge(left);
      expect((await pull().describe()).statistics).toMatchObject({ tasks: 0, inFlight: 0 });
      expect(await pull().lease({ ...ask, tag: "A" })).toEqual([]);
    }
  },
  60_000,
);
