// Acknowledged means on disk, and what is on disk runs: whatever fails or dies at whatever step.
import { beforeEach, describe, expect, it } from "vitest";
import type { NewTask } from "../../../../src/core/task/task.ts";
import { clock, START } from "../../../support/clock.ts";
import { deployQueues } from "../../../support/deploy.ts";
import { type Fault, inject } from "../../../support/faults.ts";
import { STRIDE } from "../../../support/histories.ts";
import { replaceRunner } from "../../../support/runner.ts";
import {
  alarmOf,
  crash,
  fire,
  fireAll,
  freshStart,
  inObjects,
  objectOf,
  objectsOf,
  pass,
  queue,
  takeOutOfFile,
  until,
} from "../../../support/time.ts";
import { handlers, held, received } from "../../../support/worker.ts";

beforeEach(freshStart);

const WATCHDOG_MS = 30_000;

/** What the minute's cron trigger does. */
async function wake(name: string): Promise<void> {
  await (objectOf(name) as unknown as { wake(): Promise<void> }).wake();
}

async function stateOf(name: string): Promise<string> {
  return queue("push")
    .get(name)
    .then(
      ({ state }) => state,
      () => "unknown",
    );
}

/** Its keys run one at a time, and spend tokens exactly. */
const IN_ORDER = `  - name: push
    rate: 500/s
    bucket_size: 500
    extensions:
      keys: { rate: 0.9/s, bucket_size: 5, max_concurrent_requests: 1 }`;

/** Adds a task, lets one fault happen in adding another and running both, and says what is left. */
async function surviveFault(
  fault: Fault,
  of: NewTask,
): Promise<{ reached: boolean; added: boolean }> {
  handlers.set("/_ah/queue/push", ({ headers }) => {
    const isFirst = headers.get("X-AppEngine-TaskRetryCount") === "0";
    return new Response(null, { status: isFirst ? 500 : 200 });
  });
  await queue("push").add({ name: "before", ...of });
  const { hit } = await inject("push", fault);
  const added = await queue("push")
    .add({ name: "during", ...of })
    .then(
      () => true,
      () => false,
    );
  await pass("push", 0.05).catch(() => {});
  await pass("push", 2).catch(() => {});
  return { reached: hit(), added };
}

describe("a fault at any step of add, alarm and settle", () => {
  it.each([
    ["throw", {}],
    ["kill", {}],
    ["throw", { key: "a", priority: 1 }],
    ["kill", { key: "a", priority: 1 }],
  ] as const)(
    "%s: loses no acknowledged task %o",
    async (kind, of) => {
      for (let at = kind === "throw" ? 1 : 2; ; at += STRIDE) {
        await freshStart();
        if ("key" in of) await deployQueues(IN_ORDER);
        const { reached, added } = await surviveFault({ at, kind }, of);
        if (!reached) {
          expect(at).toBeGreaterThan(20);
          break;
        }
        await crash();
        clock.now += 60_000;
        await wake("push");
        await pass("push", 60);
        expect({ at, state: await stateOf("before") }).toEqual({ at, state: "done" });
        if (added) expect({ at, state: await stateOf("during") }).toEqual({ at, state: "done" });
        expect((await queue("push").describe()).statistics).toMatchObject({
          tasks: 0,
          inFlight: 0,
        });
      }
    },
    120_000,
  );

  it.each([{}, { key: "a", priority: 1 }])(
    "throw: the object recovers by itself, with no restart and nobody touching it: %o",
    async (of) => {
      for (let at = 1; ; at += STRIDE) {
        await freshStart();
        if ("key" in of) await deployQueues(IN_ORDER);
        const { reached } = await surviveFault({ at, kind: "throw" }, of);
        if (!reached) break;
        await until(
          async () => (await alarmOf("push")) !== null || (await stateOf("before")) === "done",
        );
        await pass("push", 120);
        expect({ at, state: await stateOf("before") }).toEqual({ at, state: "done" });
      }
    },
    120_000,
  );
});

describe("the wake-up invariant", () => {
  it("an add arms the alarm for its task, and only ever earlier", async () => {
    await queue("push").add({ countdown: 100 });
    expect(await alarmOf("push")).toBe(START + 100_000);
    await queue("push").add({ countdown: 200 });
    expect(await alarmOf("push")).toBe(START + 100_000);
    await queue("push").add({ countdown: 50 });
    expect(await alarmOf("push")).toBe(START + 50_000);
  });

  it("while attempts are in flight a handler is open, and the watchdog is armed when that ends", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").add({ name: "long" });
    let isOpen = true;
    void fireAll("push").then(() => {
      isOpen = false;
    });
    await until(() => attempts.started() === 1);
    expect(isOpen).toBe(true);
    // The open handler is the watchdog: no alarm is stored, and one far off does not end it.
    expect(await alarmOf("push")).toBeNull();
    await queue("push").add({ name: "next", countdown: 100 });
    expect(await alarmOf("push")).toBe(clock.now + 100_000);
    expect(isOpen).toBe(true);
    await wake("push");
    await until(() => !isOpen);
    expect(await alarmOf("push")).toBe(clock.now + WATCHDOG_MS);
    attempts.answer(0, 200);
    attempts.answer(1, 200);
    await until(async () => (await stateOf("long")) === "done");
  });

  it("a restart with attempts in flight runs them again, soon", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").add([{ name: "a" }, { name: "b" }]);
    await fire("push");
    await until(() => attempts.started() === 2);
    await crash();
    attempts.answer(0, 200);
    attempts.answer(1, 200);
    attempts.answer(2, 200);
    attempts.answer(3, 200);
    await wake("push");
    expect(await alarmOf("push")).toBeLessThanOrEqual(clock.now + 1000);
    await pass("push", 1);
    expect([await stateOf("a"), await stateOf("b")]).toEqual(["done", "done"]);
    expect(attempts.started()).toBe(4);
  });

  it("a lost alarm (rows, but none stored) is armed again by a restart", async () => {
    await queue("push").add({ name: "n1", countdown: 5 });
    await inObjects(objectsOf("push"), ({ storage }) => storage.deleteAlarm());
    await crash();
    await wake("push");
    expect(await alarmOf("push")).toBe(START + 5000);
  });

  it("an alarm long past that never fired is taken for none", async () => {
    await queue("push").add({ name: "n1", countdown: 5 });
    clock.now += 60_000;
    await wake("push");
    expect(await alarmOf("push")).toBe(clock.now);
    await pass("push", 0);
    expect(await stateOf("n1")).toBe("done");
  });

  it("a due task is armed for even while the stored alarm is far off", async () => {
    await inObjects(objectsOf("push"), ({ storage }) => storage.setAlarm(START + 9e9));
    await crash();
    await queue("push").add({ name: "n1" });
    expect(await alarmOf("push")).toBe(START);
  });
});

describe("the platform's alarm traps", () => {
  it("alarm times strictly increase: one set for the running alarm's own time would be lost", async () => {
    const times: number[] = [];
    // Who calls makes the object end its turn.
    handlers.set("/_ah/queue/two-at-once", async () => {
      await queue("two-at-once").describe();
      return new Response();
    });
    await queue("two-at-once").add(Array.from({ length: 6 }, () => ({})));
    for (let at = await alarmOf("two-at-once"); at !== null; at = await alarmOf("two-at-once")) {
      times.push(at);
      clock.now = at;
      await fireAll("two-at-once");
      await until(async () => (await queue("two-at-once").describe()).statistics.inFlight === 0);
    }
    expect(times.length).toBeGreaterThan(2);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(received).toHaveLength(6);
  });

  it("a throw inside a turn leaves an alarm armed, and never leaves the handler", async () => {
    await queue("push").add({ name: "n1" });
    await inject("push", { at: 1, kind: "throw" });
    await fireAll("push");
    expect(await alarmOf("push")).toBe(START + 1000);
    await pass("push", 2);
    expect(await stateOf("n1")).toBe("done");
  });

  it("a turn goes on while nobody calls: one alarm for all that fills the slots again", async () => {
    await queue("two-at-once").add(Array.from({ length: 9 }, () => ({})));
    await fireAll("two-at-once");
    await until(() => received.length === 9);
    expect(await alarmOf("two-at-once")).toBeNull();
    expect((await queue("two-at-once").describe()).statistics.tasks).toBe(0);
  });

  it.each(["get", "add", "describe", "wake", "pulse", "mode", "cancelled"])(
    "a turn does not go on after a call of %s: what started would be its descendant",
    async (method) => {
      let isFirst = true;
      handlers.set("/_ah/queue/two-at-once", async () => {
        if (isFirst) {
          isFirst = false;
          const object = objectOf("two-at-once") as unknown as Record<
            string,
            (a: unknown) => Promise<unknown>
          >;
          await object[method]?.(method === "add" ? [] : 0);
        }
        return new Response();
      });
      await queue("two-at-once").add(Array.from({ length: 9 }, () => ({})));
      await fireAll("two-at-once");
      await until(async () => (await alarmOf("two-at-once")) !== null);
      expect(received.length).toBeLessThan(9);
      await pass("two-at-once", 5);
      expect(received).toHaveLength(9);
    },
  );

  it("attempts start only in alarm turns: adds and settles make no request", async () => {
    handlers.set("/_ah/queue/push", () => new Response(null, { status: 500 }));
    await queue("push").add([{ name: "a" }, { name: "b" }]);
    await queue("push").add({ name: "c" });
    await wake("push");
    expect(received).toHaveLength(0);
    await pass("push", 0);
    expect(received).toHaveLength(3);
    await queue("push").add({ name: "d" });
    expect(received).toHaveLength(3);
  });

  it("the platform's own trouble is no attempt: the task is put back uncounted", async () => {
    await queue("push").add({ name: "n1" });
    const recursed = "Subrequest depth limit exceeded. This request recursed";
    const run = () => Promise.reject(new Error(recursed));
    const mend = await replaceRunner("push", { run });
    await pass("push", 0.5);
    expect(await queue("push").get("n1")).toMatchObject({
      state: "scheduled",
      retryCount: 0,
      executionCount: 0,
    });
    mend();
    await pass("push", 2);
    expect(await queue("push").get("n1")).toMatchObject({ state: "done", retryCount: 0 });
  });
});

describe("a queue taken out of queue.yaml", () => {
  it("takes no part in dispatch, keeps its tasks and can be looked at", async () => {
    await takeOutOfFile("gone", [{ name: "n1" }]);
    await pass("gone", 3600);
    expect(received).toHaveLength(0);
    expect(await queue("gone").describe()).toMatchObject({
      state: "disabled",
      statistics: { tasks: 1 },
    });
    expect(await queue("gone").get("n1")).toMatchObject({
      state: "due",
      why: "the queue is not in queue.yaml",
    });
    await expect(queue("never").add({})).rejects.toMatchObject({ code: "UNKNOWN_QUEUE" });
  });
});
