// A worker that gives a leased task up: it is kept as failed at once, by every door.

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { QueueHandle, Task } from "../../../../src/index.ts";
import { clock } from "../../../support/clock.ts";
import { DOORS } from "../../../support/doors.ts";
import { crash, freshStart, pass, queue } from "../../../support/time.ts";
import { group, received } from "../../../support/worker.ts";

beforeEach(freshStart);

const LEASE = { leaseSeconds: 60, maxTasks: 10 };
type Held = { name: string; lease: string };

async function leased(door: QueueHandle, task: object = { name: "a", payload: 1 }): Promise<Held> {
  await door.add(task);
  return (await door.lease(LEASE))[0] as Held;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "nothing",
    (error: { code: string }) => error.code,
  );
}

describe.each(DOORS)("by %s", (_, door) => {
  it("a task that is given up is kept as failed, and says why", async () => {
    const pull = door("pull");
    const held = await leased(pull);
    clock.now += 5000;
    const failed = await pull.fail(held, "no such invoice");
    expect(failed).toMatchObject({ name: "a", state: "failed", retryCount: 1, payload: 1 });
    expect(failed.lastAttempt).toMatchObject({ error: "no such invoice" });
    await crash();
    expect(await pull.get("a")).toMatchObject({ state: "failed", lastAttempt: failed.lastAttempt });
    expect((await pull.list({ state: "failed" })).tasks).toHaveLength(1);
    expect(await pull.lease(LEASE)).toEqual([]);
    expect(await pull.redrive(["a"])).toEqual([{ name: "a", redriven: true }]);
    clock.now += 1;
    expect(await pull.lease(LEASE)).toMatchObject([{ name: "a", retryCount: 1 }]);
  });

  it.each<[string, string | undefined, string]>([
    ["without a word", undefined, "its worker gave it up"],
    ["with an empty one", "", "its worker gave it up"],
    ["with many", "x".repeat(5000), "x".repeat(500)],
    ["in other letters", "kein Beleg – 票", "kein Beleg – 票"],
  ])("%s", async (_, error, shown) => {
    const failed = await door("pull").fail(await leased(door("pull")), error);
    expect(failed.lastAttempt?.error).toBe(shown);
  });

  it.each<[string, (pull: QueueHandle, held: Held) => Promise<unknown>, string]>([
    [
      "another's token",
      (pull, { name }) => pull.fail({ name, lease: "x-1" }),
      "TASK_LEASE_EXPIRED",
    ],
    ["no token", (pull, { name }) => pull.fail({ name, lease: "" }), "TASK_LEASE_EXPIRED"],
    [
      "a token that was changed since",
      async (pull, held) => {
        await pull.modifyLease(held, 30);
        return pull.fail(held);
      },
      "TASK_LEASE_EXPIRED",
    ],
    [
      "a lease that has run out",
      async (pull, held) => {
        clock.now += 61_000;
        return pull.fail(held);
      },
      "TASK_LEASE_EXPIRED",
    ],
    [
      "a task that is done",
      async (pull, held) => {
        await pull.acknowledge([held]);
        return pull.fail(held);
      },
      "TOMBSTONED_TASK",
    ],
    [
      "a task that was given up before",
      async (pull, held) => {
        await pull.fail(held);
        return pull.fail(held);
      },
      "TOMBSTONED_TASK",
    ],
    [
      "a task that is not there",
      (pull, { lease }) => pull.fail({ name: "b", lease }),
      "UNKNOWN_TASK",
    ],
    [
      "a name that is none",
      (pull, { lease }) => pull.fail({ name: "a b", lease }),
      "INVALID_TASK_NAME",
    ],
    [
      "a reason that is none",
      (pull, held) => pull.fail(held, 7 as unknown as string),
      "INVALID_REQUEST",
    ],
    ["half of a pair", (pull, held) => pull.fail(held, "\ud800"), "INVALID_REQUEST"],
    ["a push queue", (_, held) => door("push").fail(held), "WRONG_QUEUE_MODE"],
    ["a queue that is not there", (_, held) => door("nowhere").fail(held), "UNKNOWN_QUEUE"],
  ])("is refused: %s", async (_, call, code) => {
    const pull = door("pull");
    const held = await leased(pull);
    expect(await codeOf(call(pull, held))).toBe(code);
  });

  it("a queue that is paused takes it, as it does an acknowledgement", async () => {
    const held = await leased(door("pull"));
    await door("pull").pause();
    expect(await door("pull").fail(held)).toMatchObject({ state: "failed" });
  });
});

it("goes to the queue of failed tasks", async () => {
  const held = await leased(queue("pull-dead-letters"));
  await queue("pull-dead-letters").fail(held);
  await pass("pull-dead-letters", 1);
  await pass("push", 1);
  expect(received.map(({ headers }) => headers.get("X-AppEngine-QueueName"))).toEqual(["push"]);
});

it("is a failure of its group", async () => {
  const made = await queue("pull").group({ name: "g", tasks: [{ payload: 1 }] });
  await pass("/groups/g", 1).catch(() => {});
  const [task] = (await queue("pull").lease({ ...LEASE, waitSeconds: 1 })) as [Task];
  await queue("pull").fail(task, "no");
  await pass("pull", 1);
  expect(await group(env, made.name).progress()).toMatchObject({ state: "failed", failed: 1 });
});
