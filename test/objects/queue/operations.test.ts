// App Engine's operations by either door: delete, purge, pause, statistics, tombstones, lists.
import { beforeEach, describe, expect, it } from "vitest";
import { clock, START } from "../../support/clock.ts";
import { DOORS } from "../../support/doors.ts";
import { freshStart, pass } from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

const DAY = 86_400_000;

describe.each(DOORS)("by %s", (_, queue) => {
  const push = () => queue("push");

  it("a live task is deleted once; what is gone or unknown is no error", async () => {
    await push().add({ name: "n1", countdown: 60 });
    const outcome = (name: string, deleted: boolean) => ({ name, deleted });
    expect(await push().delete(["n1", "n2"])).toEqual([outcome("n1", true), outcome("n2", false)]);
    expect(await push().delete(["n1"])).toEqual([outcome("n1", false)]);
    expect(await push().get("n1")).toMatchObject({ state: "deleted" });
    const unknown = { code: "UNKNOWN_QUEUE" };
    await expect(queue("nope").delete(["n1"])).rejects.toMatchObject(unknown);
    await expect(queue("nope").describe()).rejects.toMatchObject(unknown);
  });

  it("a purge takes all fifty: none is counted, none runs, and their names stay taken", async () => {
    await push().add(Array.from({ length: 50 }, (_, i) => ({ name: `n${i}` })));
    await push().purge();
    expect((await push().describe()).statistics).toMatchObject({ tasks: 0, oldestEta: null });
    await pass("push", 60);
    expect(received).toEqual([]);
    const taken = { error: { code: "TOMBSTONED_TASK" } };
    expect(await push().add([{ name: "n1" }, { name: "n2" }])).toMatchObject([taken, taken]);
  });

  it("a purge of thousands serves others meanwhile, and takes all in the end", async () => {
    const kinds = [0, 1, 2].map((call) =>
      Array.from({ length: 800 }, (_, i) => ({
        ...(i % 2 ? { name: `n${call}-${i}` } : {}),
        ...(i % 3 ? { countdown: i } : {}),
      })),
    );
    for (const tasks of kinds) await push().add(tasks);
    const ended: string[] = [];
    await Promise.all([
      push()
        .purge()
        .then(() => ended.push("purge")),
      push()
        .describe()
        .then(() => ended.push("describe")),
      // Moved to where the purge has been already.
      push()
        .run("n2-799")
        .then(() => ended.push("run")),
    ]);
    expect(ended.at(-1)).toBe("purge");
    expect((await push().describe()).statistics).toMatchObject({ tasks: 0 });
    expect(await push().get("n1-799")).toMatchObject({ state: "deleted" });
    const taken = { error: { code: "TOMBSTONED_TASK" } };
    const again = [{ name: "n0-1" }, { name: "n1-1" }, { name: "n2-799" }];
    expect(await push().add(again)).toMatchObject([taken, taken, taken]);
  });

  it("a paused queue keeps what it takes, and sends it once it is resumed", async () => {
    expect(await push().pause()).toMatchObject({ state: "paused" });
    await push().add({ name: "n1" });
    await pass("push", 60);
    expect(await push().get("n1")).toMatchObject({ state: "due", why: "the queue is paused" });
    expect((await push().describe()).statistics).toMatchObject({ tasks: 1 });
    expect(await push().resume()).toMatchObject({ state: "running" });
    await pass("push", 1);
    expect(received).toHaveLength(1);
  });

  it("an attempt says when it was due: by its ETA, by its back-off, or when it was asked for", async () => {
    const slow = queue("slow-retry");
    handlers.set("/_ah/queue/slow-retry", () => new Response(null, { status: 500 }));
    await slow.add({ name: "n1", countdown: 5 });
    await slow.pause();
    clock.now += 8000;
    await slow.resume();
    await pass("slow-retry", 1);
    await pass("slow-retry", 12);
    await slow.run("n1");
    clock.now += 1500;
    await pass("slow-retry", 1);
    const at = (ms: number) => new Date(START + ms).toISOString();
    const { attempts, lastAttempt } = await slow.get("n1");
    expect(attempts?.map(({ dueAt, startedAt }) => [dueAt, startedAt])).toEqual([
      [at(5000), at(8000)],
      [at(18_000), at(18_000)],
      [at(21_000), at(22_500)],
    ]);
    expect(lastAttempt?.dueAt).toBe(at(21_000));
  });

  it("a name is free nine days after its task ended, and not a moment before", async () => {
    await push().add({ name: "n1" });
    await pass("push", 0);
    clock.now = START + 9 * DAY - 1;
    await expect(push().add({ name: "n1" })).rejects.toMatchObject({ code: "TOMBSTONED_TASK" });
    clock.now += 1000;
    expect(await push().add({ name: "n1" })).toMatchObject({ name: "n1", state: "due" });
  });

  it("of two tasks of one ETA a page of one shows the first, and the next page the other", async () => {
    const eta = new Date(START + 5000).toISOString();
    await push().add([
      { name: "b", eta },
      { name: "a", eta },
    ]);
    const { tasks, cursor } = await push().list({ limit: 1 });
    const next = await push().list({ limit: 1, cursor: cursor as string });
    expect([...tasks, ...next.tasks].map(({ name }) => name).sort()).toEqual(["a", "b"]);
  });

  it("statistics say what ran, what waits and how fast", async () => {
    await push().add([{}, {}, { countdown: 60 }]);
    await pass("push", 1);
    expect((await push().describe()).statistics).toMatchObject({
      tasks: 1,
      states: { scheduled: 1, due: 0, running: 0, failed: 0 },
      executedLastMinute: 2,
      inFlight: 0,
      enforcedRate: 500,
      oldestEta: new Date(START + 60_000).toISOString(),
      runTime: { lastMinute: { count: 2 } },
    });
  });

  it("503s slow the queue down, and successes bring its rate back", async () => {
    const rate = async () => (await push().describe()).statistics.enforcedRate;
    handlers.set("/_ah/queue/push", () => new Response(null, { status: 503 }));
    await push().add({ retry: { limit: 3, minBackoff: 2 } });
    await pass("push", 5);
    expect(await rate()).toBeLessThan(500);
    handlers.clear();
    // Of several shards the one that was slowed may get few of them.
    for (let i = 0; i < 200 && (await rate()) !== 500; i++) {
      await push().add({});
      await pass("push", 1);
    }
    expect(await rate()).toBe(500);
  });

  it("a failed task runs again when it is asked for, though the queue is paused", async () => {
    handlers.set("/_ah/queue/push", () => new Response(null, { status: 500 }));
    await push().add({ name: "n1", retry: { limit: 0 } });
    await pass("push", 0);
    handlers.clear();
    await push().pause();
    await push().run("n1");
    await pass("push", 1);
    expect(await push().get("n1")).toMatchObject({ state: "done" });
  });
});
