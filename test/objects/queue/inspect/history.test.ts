// What a queue says it did lately, and how much of that outlives its object.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { HistoryMark, HistoryPoint, HistorySpan } from "../../../../src/index.ts";
import { clock, START } from "../../../support/clock.ts";
import { call } from "../../../support/http.ts";
import { crash, evict, freshStart, objectOf, pass, queue } from "../../../support/time.ts";
import { handlers } from "../../../support/worker.ts";

beforeEach(freshStart);

const many = (n: number, task: object = {}) => Array.from({ length: n }, () => task);
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

async function pointsOf(name: string, span?: HistorySpan): Promise<HistoryPoint[]> {
  return (await queue(name).history(span)).points;
}

/** The marks but that of the object's start. */
async function marksOf(name: string): Promise<HistoryMark[]> {
  return (await queue(name).history()).marks.filter(({ kind }) => kind !== "started");
}

/** How often each thing happened, over all points. */
async function sumsOf(name: string, span?: HistorySpan): Promise<Partial<HistoryPoint>> {
  const sums: Record<string, number> = {};
  for (const point of await pointsOf(name, span)) {
    for (const [field, n] of Object.entries(point)) {
      if (typeof n === "number" && field !== "tasks") sums[field] = (sums[field] ?? 0) + n;
    }
  }
  return sums;
}

const status = (code: number) => () => new Response(null, { status: code });

describe("a history", () => {
  it("has what happened in each slot, and how many tasks there were at its end", async () => {
    await queue("unlimited").add(many(3));
    await pass("unlimited", 10);
    await queue("unlimited").add(many(2, { countdown: 25 }));
    await pass("unlimited", 40);
    const nothing = { added: 0, started: 0, done: 0, retried: 0, failed: 0, deleted: 0 };
    expect(await queue("unlimited").history()).toMatchObject({
      slotSeconds: 10,
      points: [
        { at: at(0), ...nothing, added: 3, started: 3, done: 3, tasks: 0 },
        { at: at(10), ...nothing, added: 2, tasks: 2, lateness: null, runTime: null },
        { at: at(30), ...nothing, started: 2, done: 2, tasks: 0 },
      ],
    });
    expect(await queue("unlimited").history("6h")).toMatchObject({
      slotSeconds: 120,
      points: [{ at: at(0), ...nothing, added: 5, started: 5, done: 5, tasks: 0 }],
    });
  });

  it("tells retries from failures, and a redriven task is added once more", async () => {
    handlers.set("/_ah/queue/one-retry", status(500));
    await queue("one-retry").add([{ name: "a" }, { name: "b" }]);
    await pass("one-retry", 5);
    expect(await sumsOf("one-retry")).toMatchObject({
      added: 2,
      started: 4,
      retried: 2,
      failed: 2,
    });
    await queue("one-retry").redrive(["a"]);
    expect(await sumsOf("one-retry")).toMatchObject({ added: 3, failed: 2 });
    expect((await pointsOf("one-retry")).at(-1)?.tasks).toBe(1);
  });

  it("counts no retry where a task is only moved", async () => {
    await queue("push").add({ name: "a", countdown: 60 });
    await queue("push").reschedule("a", { countdown: 90 });
    await queue("push").run("a");
    expect(await sumsOf("push")).toMatchObject({ added: 1, retried: 0 });
  });

  it("has deleted and purged tasks as deleted", async () => {
    await queue("pull").add(many(30, { payload: "", tag: "t" }));
    await queue("pull").add({ name: "a", payload: "" });
    await queue("pull").delete(["a"]);
    expect(await sumsOf("pull")).toMatchObject({ added: 31, deleted: 1 });
    await queue("pull").purge();
    expect(await sumsOf("pull")).toMatchObject({ added: 31, deleted: 31 });
    expect((await pointsOf("pull")).at(-1)?.tasks).toBe(0);
  });

  it("of a pull queue has leases as started, acknowledgements as done, and those that ran out", async () => {
    await queue("pull-twice").add(many(2, { payload: "" }));
    const [first] = await queue("pull-twice").lease({ leaseSeconds: 5, maxTasks: 2 });
    await queue("pull-twice").acknowledge(first ? [first] : []);
    expect(await sumsOf("pull-twice")).toMatchObject({ started: 2, done: 1, retried: 0 });
    clock.now += 6000;
    await queue("pull-twice").lease({ leaseSeconds: 5, maxTasks: 2 });
    expect(await sumsOf("pull-twice")).toMatchObject({
      started: 3,
      done: 1,
      retried: 1,
      failed: 0,
    });
    clock.now += 6000;
    await queue("pull-twice").lease({ leaseSeconds: 5, maxTasks: 2 });
    expect(await sumsOf("pull-twice")).toMatchObject({ started: 3, retried: 1, failed: 1 });
  });

  it("has the lateness and the run time of each slot", async () => {
    handlers.set("/_ah/queue/unlimited", () => {
      clock.now += 2000;
      return new Response();
    });
    await queue("unlimited").add({});
    await queue("unlimited").pause();
    clock.now += 20_000;
    await queue("unlimited").resume();
    await pass("unlimited", 5);
    const [, point] = await pointsOf("unlimited");
    expect(point).toMatchObject({ at: at(20), started: 1, done: 1 });
    expect(point?.lateness?.p50).toBeCloseTo(20, -1);
    expect(point?.runTime?.p99).toBeCloseTo(2, 0);
  });

  it("is not touched by a transaction that was undone", async () => {
    await queue("push").add({ name: "a" });
    const { results } = (
      await call("POST", "/queues/push/tasks", {
        tasks: [{ name: "b" }, { name: "a" }],
        atomic: true,
      })
    )[1] as { results?: unknown };
    expect(results).toBeUndefined();
    await runInDurableObject(objectOf("push"), async (_, { storage: { sql } }) => {
      const { exec } = sql;
      sql.exec = ((query: string, ...rest: unknown[]) => {
        if (query.startsWith("DELETE FROM tasks")) throw new Error("no room");
        return exec.call(sql, query, ...rest);
      }) as typeof exec;
    });
    await expect(queue("push").purge()).rejects.toThrow("no room");
    expect(await sumsOf("push")).toMatchObject({ added: 1, deleted: 0 });
  });
});

describe("GET history", () => {
  it("takes a span, and refuses another", async () => {
    expect(await call("GET", "/queues/push/history")).toMatchObject([200, { slotSeconds: 10 }]);
    const hours = await call("GET", "/queues/push/history?span=6h");
    expect(hours).toMatchObject([200, { slotSeconds: 120, points: [] }]);
    expect(await call("GET", "/queues/push/history?span=1d")).toMatchObject([
      400,
      { error: { code: "INVALID_REQUEST", message: expect.stringContaining("15m or 6h") } },
    ]);
    expect(await call("GET", "/queues/nowhere/history")).toMatchObject([404, {}]);
  });
});

describe("marks", () => {
  it("are left by a pause, a resume and a purge, and outlive the object", async () => {
    await queue("push").pause();
    await queue("push").pause();
    clock.now += 1000;
    await queue("push").resume();
    clock.now += 1000;
    await queue("push").purge();
    await crash();
    expect(await marksOf("push")).toEqual([
      { at: at(0), kind: "paused" },
      { at: at(1), kind: "resumed" },
      { at: at(2), kind: "purged" },
    ]);
  });

  it("say what a new entry changed, and nothing of one that changes nothing", async () => {
    const made = queue("made");
    await made.define({ rate: "1/s" });
    await made.define({ rate: "1/s" });
    clock.now += 1000;
    await made.define({ rate: "2/s", bucket_size: 7 });
    expect(await marksOf("made")).toEqual([
      { at: at(1), kind: "changed", detail: "rate 1/s → 2/s, bucket_size 5 → 7" },
    ]);
    await made.remove();
    await made.define({ rate: "1/s" });
    expect(await marksOf("made")).toEqual([]);
  });

  it("say what a deploy changed, and that it resumed the queue", async () => {
    await queue("push").add({ countdown: 60 });
    await queue("push").pause();
    await runInDurableObject(objectOf("push"), (_, { storage: { sql } }) => {
      sql.exec("UPDATE meta SET value = replace(value, '500/s', '1/s') WHERE key = 'config'");
    });
    await evict("push");
    expect((await marksOf("push")).map(({ kind, detail }) => [kind, detail])).toEqual([
      ["paused", undefined],
      ["changed", expect.stringContaining("rate 1/s → 500/s")],
      ["resumed", expect.any(String)],
    ]);
  });

  it("are the last fifty, of the span that is shown, and with them when the object started", async () => {
    for (let i = 0; i < 30; i++) {
      await queue("push").pause();
      await queue("push").resume();
    }
    expect(await marksOf("push")).toHaveLength(50);
    clock.now += 3600_000;
    expect(await marksOf("push")).toEqual([]);
    expect((await queue("push").history("6h")).marks).toHaveLength(51);
    await evict("push");
    expect((await queue("push").history()).marks).toEqual([{ at: at(3600), kind: "started" }]);
  });
});

describe("what outlives the object", () => {
  /** Times the history is written from now on. */
  async function writes(name: string): Promise<() => number> {
    let written = 0;
    await runInDurableObject(objectOf(name), (_, { storage: { sql } }) => {
      const { exec } = sql;
      sql.exec = ((...args: Parameters<typeof exec>) => {
        if (args[0].startsWith("INSERT OR REPLACE INTO meta") && args[1] === "history") written++;
        return exec.apply(sql, args);
      }) as typeof exec;
    });
    return () => written;
  }

  it.each(["evicted", "killed"])("is all of it, once the queue was at rest: %s", async (how) => {
    await queue("unlimited").add(many(40));
    await pass("unlimited", 20);
    const before = await Promise.all([pointsOf("unlimited"), pointsOf("unlimited", "6h")]);
    await (how === "killed" ? crash() : evict("unlimited"));
    expect(await sumsOf("unlimited")).toMatchObject({ added: 40, started: 40, done: 40 });
    expect(await Promise.all([pointsOf("unlimited"), pointsOf("unlimited", "6h")])).toEqual(before);
    await queue("unlimited").add(many(2));
    expect((await pointsOf("unlimited", "6h"))[0]).toMatchObject({ added: 42, done: 40 });
  });

  it("is what a pull queue was given, and what its workers did", async () => {
    await queue("pull").add(many(20, { payload: "" }));
    await evict("pull");
    expect(await sumsOf("pull")).toMatchObject({ added: 20 });
    await queue("pull").acknowledge(await queue("pull").lease({ leaseSeconds: 9, maxTasks: 20 }));
    await evict("pull");
    expect(await sumsOf("pull")).toMatchObject({ added: 20, started: 20, done: 20 });
  });

  it("costs a lone task nothing, and ten at rest one row", async () => {
    await queue("unlimited").add({});
    const written = await writes("unlimited");
    for (let i = 0; i < 9; i++) {
      await pass("unlimited", 1);
      await queue("unlimited").add({});
    }
    expect(written()).toBe(0);
    await pass("unlimited", 1);
    expect(written()).toBe(1);
  });

  it("costs a row a minute while there is always something to do", async () => {
    await queue("four-tokens").add({});
    const written = await writes("four-tokens");
    await queue("four-tokens").add(many(200));
    await pass("four-tokens", 130);
    expect((await sumsOf("four-tokens")).done).toBeGreaterThan(120);
    expect(written()).toBe(2);
  });

  it("is begun anew where it cannot be read, and no task waits for it", async () => {
    await queue("unlimited").add(many(20, { countdown: 60 }));
    await runInDurableObject(objectOf("unlimited"), (_, { storage: { sql } }) => {
      const { rowsWritten } = sql.exec("UPDATE meta SET value = '{\"15m\":' WHERE key = 'history'");
      expect(rowsWritten).toBe(1);
    });
    await evict("unlimited");
    await queue("unlimited").add({});
    await pass("unlimited", 60);
    expect(await sumsOf("unlimited")).toMatchObject({ added: 1, done: 21 });
  });

  it("is what few tasks did, ten minutes later", async () => {
    await queue("unlimited").add({});
    const written = await writes("unlimited");
    await pass("unlimited", 599);
    await queue("unlimited").add({});
    await pass("unlimited", 2);
    await queue("unlimited").add({});
    expect(written()).toBe(1);
    await crash();
    expect(await sumsOf("unlimited")).toMatchObject({ added: 3, done: 2 });
  });
});

describe("statistics of the last minute", () => {
  it("have what was added, started, done, tried again and failed for good", async () => {
    handlers.set("/_ah/queue/one-retry", status(500));
    await queue("one-retry").add({});
    await pass("one-retry", 5);
    handlers.clear();
    await queue("one-retry").add(many(2));
    await pass("one-retry", 1);
    const counts = {
      ...{ addedLastMinute: 3, startedLastMinute: 4, doneLastMinute: 2 },
      ...{ retriedLastMinute: 1, failedLastMinute: 1, executedLastMinute: 4 },
    };
    expect((await queue("one-retry").describe()).statistics).toMatchObject(counts);
    await pass("one-retry", 60);
    expect((await queue("one-retry").describe()).statistics).toMatchObject({
      addedLastMinute: 0,
      failedLastMinute: 0,
    });
  });
});
