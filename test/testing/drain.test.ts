// Until nothing is left to do, and what is said where that does not come.
import { beforeEach, describe, expect, it } from "vitest";
import { taskQueueTest } from "../../src/testing/index.ts";
import { handlers } from "../support/worker.ts";

const kit = taskQueueTest();

beforeEach(async () => {
  handlers.clear();
  let called = 0;
  handlers.set("/once", () => new Response(null, { status: called++ === 0 ? 500 : 200 }));
  handlers.set("/always", () => new Response("out of paper", { status: 500 }));
  await kit.reset();
});

describe("drain", () => {
  it.each<[string, () => Promise<unknown>, number]>([
    ["an empty queue", async () => {}, 0],
    ["a task that is due", () => kit.queue("push").add({}), 1],
    ["one in thirty days", () => kit.queue("push").add({ countdown: 30 * 86_400 }), 1],
    ["forty at a rate", () => kit.queue("five-per-minute").add(Array(40).fill({})), 40],
    ["one that fails for good", () => kit.queue("one-retry").add({ url: "/always" }), 2],
    [
      "a dead letter",
      () => kit.queue("dead-letters").add({ url: "/once", retry: { limit: 0 } }),
      2,
    ],
    ["a group", () => kit.queue("push").group({ tasks: [{}, {}], then: { queue: "paced" } }), 3],
    ["a group that fails", () => kit.queue("one-retry").group({ tasks: [{ url: "/always" }] }), 2],
    ["a group that is open", () => kit.queue("push").group({ tasks: [{}], open: true }), 1],
    ["tasks of a pull queue beside", () => kit.queue("pull").add({ payload: "" }), 0],
  ])("brings to its end: %s", async (_, prepare, attempts) => {
    await prepare();
    await kit.drain();
    expect(kit.attempts()).toHaveLength(attempts);
  });

  it("of one queue leaves the others alone when they are not due before", async () => {
    await kit.queue("push").add({ countdown: 60 });
    await kit.queue("paced").add([{ countdown: 30 }, { countdown: 90 }]);
    await kit.drain("push");
    expect(kit.attempts().map(({ queue }) => queue)).toEqual(["paced", "push"]);
    expect(await kit.queue("paced").describe()).toMatchObject({ statistics: { tasks: 1 } });
  });

  it.each<[string, () => Promise<unknown>, string | undefined, (string | RegExp)[]]>([
    [
      "a queue that is paused",
      async () => {
        await kit.queue("push").add({ name: "n" });
        await kit.queue("push").pause();
      },
      undefined,
      ["no time is set", 'queue "push" has 1 left, paused', 'task "n" is due: the queue is paused'],
    ],
    [
      "a rate of 0",
      () => kit.queue("stopped").add({ name: "n" }),
      undefined,
      ['task "n" is due: the queue\'s rate is 0'],
    ],
    [
      "a pull queue",
      () => kit.queue("pull").add({ name: "n", payload: "" }),
      "pull",
      ["wait for somebody to lease them", 'task "n" is due: waiting to be leased'],
    ],
    [
      "a task that fails for ever",
      () => kit.queue("push").add({ name: "n", url: "/always" }),
      undefined,
      [
        'task "n" on "push" was tried 50 times',
        "without a retry limit",
        "(50 retries, the last attempt: 500 out of paper)",
      ],
    ],
    [
      "a group whose subtask cannot run",
      () => kit.queue("push").group({ name: "g", tasks: [{}, { queue: "stopped", name: "n" }] }),
      undefined,
      ['group "g": 1 of 2 subtasks have ended', 'task "n" is due: the queue\'s rate is 0'],
    ],
    [
      "more tasks than are named",
      () => kit.queue("stopped").add(Array.from({ length: 7 }, (_, i) => ({ name: `n${i}` }))),
      "stopped",
      ['queue "stopped" has 7 left', '"n4"', "\n  ..."],
    ],
  ])("says what is left: %s", async (_, prepare, queue, texts) => {
    await prepare();
    const error = await kit.drain(queue).then(String, String);
    for (const text of texts) expect(error).toContain(text);
  });

  it("gives a task as many attempts as the test allows", async () => {
    await kit.queue("push").add({ name: "n", url: "/always" });
    await expect(kit.drain("push", { limit: 3 })).rejects.toThrow("was tried 3 times");
    expect(kit.attempts("push")).toHaveLength(3);
  });
});

describe("runNext", () => {
  it.each<[string, string, object, () => Promise<unknown>]>([
    ["a task that is due", "push", {}, async () => {}],
    ["one whose time has not come", "push", { countdown: 3600 }, async () => {}],
    ["one on a queue that is stopped", "stopped", {}, async () => {}],
    ["one on a queue that is paused", "push", {}, () => kit.queue("push").pause()],
    ["one without a token", "four-tokens", { countdown: 1 }, async () => {}],
  ])("runs %s, and the clock stays", async (_, queue, task, prepare) => {
    const before = kit.now;
    await prepare();
    await kit.queue(queue).add({ ...task, name: "n" });
    expect(await kit.runNext(queue)).toMatchObject({ queue, name: "n", ok: true, status: 200 });
    expect(kit.now).toEqual(before);
  });

  it("runs the first in due order, once", async () => {
    await kit.queue("push").add([
      { name: "b", countdown: 20 },
      { name: "a", countdown: 10 },
    ]);
    expect((await kit.runNext("push")).name).toBe("a");
    expect((await kit.runNext("push")).name).toBe("b");
    await expect(kit.runNext("push")).rejects.toThrow('no task waits on the queue "push"');
  });

  it("says why an attempt failed", async () => {
    await kit.queue("one-retry").add({ url: "/always" });
    expect(await kit.runNext("one-retry")).toMatchObject({ ok: false, error: "out of paper" });
  });

  it("refuses a queue that is not there, as drain does", async () => {
    await expect(kit.runNext("nowhere")).rejects.toThrow('no queue "nowhere"');
    await expect(kit.drain("nowhere")).rejects.toThrow('no queue "nowhere"');
  });
});
