// The kit's clock: everything that time brings about happens at its time, whatever the machine does meanwhile.
import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { taskQueueTest } from "../../src/testing/index.ts";
import { group, handlers } from "../support/worker.ts";

const NOW = "2028-02-28T23:59:00.000Z";
const kit = taskQueueTest({ now: NOW });

beforeEach(async () => {
  handlers.clear();
  await kit.reset();
});

/** Seconds since the start at which attempts on the queue began. */
const starts = (queue: string) =>
  kit.attempts(queue).map(({ at }) => (Date.parse(at) - Date.parse(NOW)) / 1000);

const fails = (times: number) => {
  let failed = 0;
  return () => new Response("no", { status: failed++ < times ? 500 : 200 });
};

describe("what time brings about", () => {
  it("nothing, as long as the test does not move it, whatever its time", async () => {
    await kit.queue("push").add([{ name: "due" }, { name: "later", countdown: 1 }]);
    await scheduler.wait(100);
    expect(kit.attempts()).toEqual([]);
    expect(kit.now.toISOString()).toBe(NOW);
    await kit.settle();
    expect(kit.attempts().map(({ name }) => name)).toEqual(["due"]);
  });

  it("Date says the same time", async () => {
    const seen: string[] = [];
    handlers.set("/now", () => {
      seen.push(new Date().toISOString());
      return new Response(Date());
    });
    await kit.queue("push").add({ url: "/now", eta: new Date(Date.now() + 90_000) });
    await kit.advance("5m");
    expect(seen).toEqual(["2028-02-29T00:00:30.000Z"]);
    expect(new Date()).toEqual(kit.now);
    expect(new Date(0).getTime()).toBe(0);
    expect(kit.now instanceof Date).toBe(true);
  });

  it.each<[string, string, object[], number[]]>([
    ["a countdown", "push", [{ countdown: 90 }], [90]],
    ["the order of times", "push", [{ countdown: 20 }, { countdown: 10 }], [10, 20]],
    ["a rate", "five-per-minute", Array(8).fill({}), [0, 0, 0, 0, 0, 12, 24, 36]],
    ["back-off", "slow-retry", [{ url: "/thrice" }], [0, 10, 30, 70]],
    ["a retry limit", "one-retry", [{ url: "/always" }], [0, 0.1]],
    [
      "a task's own back-off",
      "push",
      [{ url: "/thrice", retry: { minBackoff: 5 } }],
      [0, 5, 15, 35],
    ],
  ])("%s", async (_, queue, tasks, expected) => {
    handlers.set("/thrice", fails(3));
    handlers.set("/always", fails(9));
    await kit.queue(queue).add(tasks);
    await kit.advance("10m");
    expect(starts(queue)).toEqual(expected);
    expect(kit.now.getTime() - Date.parse(NOW)).toBe(600_000);
  });

  it("the end of a tombstone", async () => {
    await kit.queue("brief").add({ name: "once" });
    await kit.drain();
    await expect(kit.queue("brief").add({ name: "once" })).rejects.toThrow("once");
    await kit.advance("61s");
    await kit.queue("brief").add({ name: "once" });
    await kit.drain();
    expect(kit.queue("brief")).toHaveRun({ name: "once" }, 2);
  });

  it("the end of a lease, and of a wait for one", async () => {
    const pull = kit.queue("pull");
    const waiting = pull.lease({ leaseSeconds: 5, maxTasks: 1, waitSeconds: 50 });
    await kit.advance("49s");
    await pull.add({ name: "late", payload: "" });
    expect(await waiting).toMatchObject([{ name: "late" }]);
    const next = pull.lease({ leaseSeconds: 5, maxTasks: 1, waitSeconds: 20 });
    await kit.advance("6s");
    expect(await next).toMatchObject([{ name: "late" }]);
    const last = pull.lease({ leaseSeconds: 5, maxTasks: 1, waitSeconds: 3 });
    await kit.advance("3s");
    expect(await last).toEqual([]);
  });

  it("the time-out of a wait for a result", async () => {
    await kit.queue("results").add({ name: "slow", countdown: 100 });
    const early = kit.queue("results").result("slow", { timeout: 10 });
    const failed = expect(early).rejects.toThrow("has not ended");
    await kit.advance("10s");
    await failed;
    await kit.advance("90s");
    expect(await kit.queue("results").result("slow")).toBe("ok");
  });

  it("a group, its last task, and a dead letter", async () => {
    handlers.set("/always", fails(9));
    await kit.queue("dead-letters").add({ name: "lost", url: "/always" });
    await kit.queue("push").group({
      name: "fan",
      tasks: [{ countdown: 5 }, { queue: "paced", countdown: 50 }],
      then: { queue: "paced", name: "last" },
    });
    await kit.advance("49s");
    expect(kit.queue("paced")).not.toHaveRun();
    await kit.advance("2s");
    expect(kit.queue("paced")).toHaveRun({ name: "last" });
    expect(kit.queue("push")).toHaveAdded({ name: expect.stringMatching(/^lost-/) });
    expect((await group(env, "fan").progress()).state).toBe("done");
  });
});

describe("what an alarm has started is waited for", () => {
  it("and what is due is not started by waiting alone", async () => {
    const push = kit.queue("push");
    const adding = Promise.all([push.add({}), push.add({})]);
    await kit.idle();
    expect(push).toHaveAdded({}, 2);
    expect(push).not.toHaveRun();
    await adding;
  });

  it("however late a handler answers, and what it adds", async () => {
    handlers.set("/slow", async () => {
      await scheduler.wait(150);
      await kit.queue("paced").add({ name: "from-handler" });
      return new Response();
    });
    await kit.queue("push").add({ url: "/slow", name: "slow" });
    await kit.settle();
    expect(kit.attempts().map(({ name }) => name)).toEqual(["slow", "from-handler"]);
  });

  it("a chain of forty tasks, each added by the one before, in one instant", async () => {
    let left = 40;
    handlers.set("/next", async () => {
      if (--left > 0) await kit.queue("unlimited").add({ url: "/next" });
      return new Response();
    });
    await kit.queue("unlimited").add({ url: "/next" });
    await kit.advance("1s");
    expect(kit.attempts("unlimited")).toHaveLength(40);
  });

  it("though every object has ended with an attempt in flight", async () => {
    let isStarted = false;
    handlers.set("/hangs", async () => {
      if (isStarted) return new Response();
      isStarted = true;
      return new Promise<Response>(() => {});
    });
    await kit.queue("push").add({ url: "/hangs", name: "cut-off" });
    const settled = kit.settle();
    while (!isStarted) await scheduler.wait(1);
    await abortAllDurableObjects();
    await settled;
    await kit.advance("1m");
    expect(kit.queue("push")).toHaveRun({ name: "cut-off" }, 1);
  });
});

describe("a reset", () => {
  it("leaves a handler behind that does not end, and what comes of it late", async () => {
    let isStarted = false;
    let end = false;
    handlers.set("/hangs", async () => {
      isStarted = true;
      while (!end) await scheduler.wait(2);
      return new Response();
    });
    await kit.queue("push").add({ url: "/hangs" });
    void kit.settle();
    while (!isStarted) await scheduler.wait(1);
    await kit.reset();
    end = true;
    await kit.queue("push").add({ name: "next" });
    await kit.drain();
    expect(kit.attempts().map(({ name }) => name)).toEqual(["next"]);
  });

  it.each([
    "yesterday",
    "",
    "2024-12-31T23:59:59Z",
    "2090-01-01T00:00:00Z",
    new Date(Number.NaN),
    new Date(0),
  ])("to %j is refused", async (now) => {
    await expect(kit.reset({ now })).rejects.toThrow(
      /^now: found .*, expected an instant from 2025/,
    );
  });

  it("leaves nothing of a test to the next", async () => {
    await kit.queue("push").add([{ name: "n" }, { name: "later", countdown: 99 }]);
    await kit.queue("pull").add({ name: "p", payload: "" });
    kit.failNext("push", { times: 5 });
    await kit.queue("push").group({ name: "g", tasks: [{ queue: "stopped" }] });
    await kit.advance("10s");
    await kit.reset({ now: "2031-05-05T05:05:05Z" });
    expect(kit.now.toISOString()).toBe("2031-05-05T05:05:05.000Z");
    expect([kit.added(), kit.attempts()]).toEqual([[], []]);
    await kit.queue("push").add({ name: "n" });
    await kit.queue("push").group({ name: "g", tasks: [{}] });
    await kit.drain();
    expect(kit.attempts("push").map(({ ok }) => ok)).toEqual([true, true]);
    await kit.reset();
    expect(kit.now.toISOString()).toBe(NOW);
  });
});
