import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { InvalidQueueModeError, UnknownTaskError } from "../../../src/index.ts";
import { clock, START } from "../../support/clock.ts";
import { inject } from "../../support/faults.ts";
import { STRIDE } from "../../support/histories.ts";
import { replaceRunner } from "../../support/runner.ts";
import {
  alarmOf,
  crash,
  elapsed,
  fire,
  fireAll,
  freshStart,
  objectOf,
  pass,
  queue,
  takeOutOfFile,
  until,
} from "../../support/time.ts";
import { handlers, held, received } from "../../support/worker.ts";

beforeEach(freshStart);

const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

/** Answers the queue's default path with this status; the instants (seconds) of its attempts. */
function answering(name: string, status: number): number[] {
  const starts: number[] = [];
  handlers.set(`/_ah/queue/${name}`, () => {
    starts.push(elapsed());
    return new Response(null, { status });
  });
  return starts;
}

async function stateOf(name: string, task: string): Promise<string> {
  return (await queue(name).get(task)).state;
}

async function inFlight(name: string): Promise<number> {
  return (await queue(name).describe()).statistics.inFlight;
}

async function wake(name: string): Promise<void> {
  await (objectOf(name) as unknown as { wake(): Promise<void> }).wake();
}

const names = (n: number) => Array.from({ length: n }, (_, i) => `n${String(i).padStart(4, "0")}`);

/** Tasks that failed for good at their first attempt. */
async function failed(name: string, tasks: readonly string[]): Promise<void> {
  answering(name, 500);
  await queue(name).add(tasks.map((task) => ({ name: task, retry: { limit: 0 } })));
  await pass(name, 1);
  expect((await queue(name).describe()).statistics).toMatchObject({
    tasks: 0,
    failed: tasks.length,
  });
  handlers.clear();
}

/** Makes so many of one failed task, each as it would have been kept: a thousand attempts take a minute. */
async function multiplied(name: string, times: number): Promise<void> {
  await runInDurableObject(objectOf(name), (_, { storage }) => {
    const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)`;
    storage.sql.exec(
      `${numbers} INSERT INTO names (name, state, key, expires, record)
        SELECT name || '-' || i, state, key + i, expires, record FROM names, n`,
      times - 1,
    );
    storage.sql.exec(
      `${numbers} INSERT INTO failed SELECT key + i, name || '-' || i, named, created, due, spec, progress, body FROM failed, n`,
      times - 1,
    );
  });
}

describe("run", () => {
  it("starts a task whose ETA is far off, at once and by an alarm", async () => {
    await queue("push").add({ name: "n1", countdown: 86_400 });
    expect(await queue("push").run("n1")).toMatchObject({
      state: "due",
      eta: at(0),
      nextAttemptAt: at(0),
    });
    expect(received).toHaveLength(0);
    expect(await alarmOf("push")).toBe(START);
    await pass("push", 0);
    expect(received).toHaveLength(1);
    expect(received[0]?.headers.get("X-AppEngine-TaskETA")).toBe(`${START / 1000}.000000`);
    expect(await stateOf("push", "n1")).toBe("done");
  });

  it("starts a task while the queue is paused, and that one alone", async () => {
    await queue("push").pause();
    await queue("push").add([{ name: "a" }, { name: "b" }]);
    await queue("push").run("b");
    await pass("push", 60);
    expect(received.map(({ headers }) => headers.get("X-AppEngine-TaskName"))).toEqual(["b"]);
    expect(await stateOf("push", "a")).toBe("due");
    await queue("push").resume();
    await pass("push", 1);
    expect(await stateOf("push", "a")).toBe("done");
  });

  it("starts a task of a queue with rate 0", async () => {
    await queue("stopped").add({ name: "n1" });
    await queue("stopped").run("n1");
    await pass("stopped", 0);
    expect(await stateOf("stopped", "n1")).toBe("done");
  });

  it("takes no token, needs none, and goes before the others", async () => {
    const starts = answering("four-tokens", 200);
    await queue("four-tokens").add(names(6).map((name) => ({ name })));
    await pass("four-tokens", 0);
    await queue("four-tokens").run("n0005");
    await pass("four-tokens", 0.5);
    expect(starts.length).toBe(5);
    expect(await stateOf("four-tokens", "n0005")).toBe("done");
    await pass("four-tokens", 10);
    expect(starts.at(-1)).toBe(1);
  });

  it("failed again under a pause waits for the queue like any other retry", async () => {
    const starts = answering("push", 500);
    await queue("push").pause();
    await queue("push").add({ name: "n1" });
    await queue("push").run("n1");
    await pass("push", 60);
    expect(starts).toEqual([0]);
    expect(await queue("push").get("n1")).toMatchObject({ retryCount: 1, executionCount: 1 });
    await queue("push").resume();
    await pass("push", 0);
    expect(starts).toHaveLength(2);
  });

  it("asked for twice is one attempt, and while it runs no second one begins", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").add({ name: "n1", countdown: 60 });
    await Promise.all([queue("push").run("n1"), queue("push").run("n1")]);
    await fire("push");
    await until(() => attempts.started() === 1);
    expect(await queue("push").run("n1")).toMatchObject({ state: "running", retryCount: 0 });
    attempts.answer(0, 200);
    await until(async () => (await inFlight("push")) === 0);
    await pass("push", 120);
    expect(attempts.started()).toBe(1);
    expect(await stateOf("push", "n1")).toBe("done");
  });

  it("waits for a free slot, and then goes first", async () => {
    const attempts = held("/_ah/queue/two-at-once");
    const q = queue("two-at-once");
    await q.add(names(5).map((name) => ({ name })));
    await fire("two-at-once");
    await until(() => attempts.started() === 2);
    expect((await q.run("n0004")).state).toBe("due");
    await wake("two-at-once");
    expect(attempts.started()).toBe(2);
    attempts.answer(0, 200);
    await until(async () => (await inFlight("two-at-once")) === 1);
    await fire("two-at-once");
    await until(() => attempts.started() === 3);
    expect(
      await Promise.all(["n0002", "n0004"].map((name) => stateOf("two-at-once", name))),
    ).toEqual(["due", "running"]);
    for (let i = 1; i < 5; i++) attempts.answer(i, 200);
    await until(async () => (await inFlight("two-at-once")) === 0);
    await pass("two-at-once", 5);
    expect(attempts.started()).toBe(5);
  });

  it("brings a failed task back with fresh counts and runs it", async () => {
    await failed("one-retry", ["n1"]);
    await queue("one-retry").pause();
    expect(await queue("one-retry").run("n1")).toMatchObject({ state: "due", retryCount: 0 });
    expect((await queue("one-retry").describe()).statistics).toMatchObject({ tasks: 1, failed: 0 });
    await pass("one-retry", 0.1);
    const done = await queue("one-retry").get("n1");
    expect(done).toMatchObject({ state: "done", retryCount: 0 });
    expect(done.attempts).toHaveLength(1);
    expect((await queue("one-retry").describe()).statistics.tasks).toBe(0);
  });

  it("of a task with a generated name leaves nothing behind", async () => {
    const { name } = await queue("push").add({ countdown: 60 });
    expect((await queue("push").run(name)).state).toBe("due");
    await pass("push", 0);
    expect(received).toHaveLength(1);
    await expect(queue("push").get(name)).rejects.toThrow(UnknownTaskError);
  });

  it("of a hundred at once starts each once", async () => {
    await queue("paced").pause();
    await queue("paced").add(names(100).map((name) => ({ name })));
    await Promise.all(names(100).map((name) => queue("paced").run(name)));
    await pass("paced", 1);
    expect(new Set(received.map(({ headers }) => headers.get("X-AppEngine-TaskName"))).size).toBe(
      100,
    );
    expect(received).toHaveLength(100);
  });

  it.each([
    ["nobody", "has no task"],
    ["ran", "it ran at 2050-01-01T00:00:00.000Z, and only its name is kept"],
    ["gone", "it was deleted at 2050-01-01T00:00:00.000Z, and only its name is kept"],
  ])("refuses %s: %s", async (name, words) => {
    await queue("push").add([{ name: "ran" }, { name: "gone", countdown: 60 }]);
    await queue("push").delete(["gone"]);
    await pass("push", 0);
    const error = await queue("push")
      .run(name)
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UnknownTaskError);
    expect(error.message).toContain(words);
  });

  it("refuses a pull queue, and a queue taken out of queue.yaml", async () => {
    await queue("pull").add({ name: "n1", payload: "" });
    await expect(queue("pull").run("n1")).rejects.toThrow(InvalidQueueModeError);
    await takeOutOfFile("gone", [{ name: "n1" }]);
    await expect(queue("gone").run("n1")).rejects.toMatchObject({ code: "QUEUE_PAUSED" });
    await pass("gone", 60);
    expect(received).toHaveLength(0);
  });

  it("is set aside by delete, purge and a new time", async () => {
    await queue("push").pause();
    await queue("push").add(names(3).map((name) => ({ name })));
    for (const name of names(3)) await queue("push").run(name);
    await queue("push").delete(["n0000"]);
    await queue("push").reschedule("n0001", { countdown: 5 });
    await pass("push", 10);
    expect(received.map(({ headers }) => headers.get("X-AppEngine-TaskName"))).toEqual(["n0002"]);
    expect(await stateOf("push", "n0001")).toBe("due");
    await queue("push").run("n0001");
    await queue("push").purge();
    await pass("push", 10);
    expect(received).toHaveLength(1);
  });
});

describe("run, once it was answered", () => {
  it("happens though the object dies right after, on a paused queue", async () => {
    await queue("push").pause();
    await queue("push").add({ name: "n1", countdown: 86_400 });
    await queue("push").run("n1");
    await crash();
    await wake("push");
    expect(await alarmOf("push")).toBe(START);
    await pass("push", 0);
    expect(await stateOf("push", "n1")).toBe("done");
    expect(received).toHaveLength(1);
  });

  it("happens again when the object dies under the attempt", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").pause();
    await queue("push").add({ name: "n1" });
    await queue("push").run("n1");
    await fire("push");
    await until(() => attempts.started() === 1);
    await crash();
    attempts.answer(0, 200);
    attempts.answer(1, 200);
    await wake("push");
    await pass("push", 1);
    expect(attempts.started()).toBe(2);
    expect(await stateOf("push", "n1")).toBe("done");
  });

  it.each(["throw", "kill"] as const)(
    "%s: no step at which a fault loses it",
    async (kind) => {
      for (let step = kind === "throw" ? 1 : 2; ; step += STRIDE) {
        await freshStart();
        await failed("one-retry", ["failed"]);
        await queue("one-retry").pause();
        await queue("one-retry").add({ name: "waits", countdown: 3600 });
        const { hit } = await inject("one-retry", { at: step, kind });
        const asked: string[] = [];
        for (const name of ["waits", "failed"]) {
          await queue("one-retry")
            .run(name)
            .then(
              () => asked.push(name),
              () => {},
            );
        }
        await fireAll("one-retry").catch(() => {});
        await until(async () => (await inFlight("one-retry").catch(() => 1)) === 0);
        if (!hit()) {
          expect(step).toBeGreaterThan(10);
          break;
        }
        await wake("one-retry");
        await pass("one-retry", 5);
        for (const name of asked) {
          expect({ step, name, state: await stateOf("one-retry", name) }).toEqual({
            ...{ step, name, state: "done" },
          });
        }
      }
    },
    120_000,
  );

  it("outlasts the platform's own trouble, which is no attempt", async () => {
    await queue("push").pause();
    await queue("push").add({ name: "n1" });
    await queue("push").run("n1");
    const run = () => Promise.reject(new Error("Durable Object reset"));
    const mend = await replaceRunner("push", { run });
    await pass("push", 0.5);
    expect(await queue("push").get("n1")).toMatchObject({ state: "scheduled", eta: at(1) });
    mend();
    await pass("push", 1);
    expect(await queue("push").get("n1")).toMatchObject({ state: "done", retryCount: 0 });
  });
});

describe("reschedule", () => {
  it("moves a task to earlier, and the alarm with it", async () => {
    const starts = answering("push", 200);
    await queue("push").add({ name: "n1", countdown: 3600 });
    const moved = await queue("push").reschedule("n1", { countdown: 5 });
    expect(moved).toMatchObject({ state: "scheduled", eta: at(5), nextAttemptAt: at(5) });
    expect(await alarmOf("push")).toBe(START + 5000);
    await pass("push", 10);
    expect(starts).toEqual([5]);
  });

  it("moves a task to later, by an instant, and keeps its retries", async () => {
    const starts = answering("slow-retry", 500);
    await queue("slow-retry").add({ name: "n1" });
    await pass("slow-retry", 1);
    const eta = new Date(START + 60_000);
    expect(await queue("slow-retry").reschedule("n1", { eta })).toMatchObject({
      ...{ eta: at(60), retryCount: 1, executionCount: 1, lastAttempt: { status: 500 } },
    });
    await pass("slow-retry", 59.5);
    expect(starts).toEqual([0, 60]);
  });

  it("takes a past instant for now, and a task that is due already", async () => {
    await queue("stopped").add([{ name: "a" }, { name: "b", countdown: 60 }]);
    clock.now += 1000;
    expect(await queue("stopped").reschedule("b", { eta: at(0) })).toMatchObject({
      ...{ state: "due", eta: at(1) },
    });
    expect((await queue("stopped").reschedule("a", { countdown: 9 })).state).toBe("scheduled");
  });

  it.each([
    [{}, "INVALID_REQUEST"],
    [{ eta: at(5), countdown: 5 }, "INVALID_REQUEST"],
    [{ countdown: "soon" }, "INVALID_REQUEST"],
    [{ eta: "tomorrow" }, "INVALID_ETA"],
    [{ countdown: 2_592_001 }, "INVALID_ETA"],
    [{ countdown: 5, name: "x" }, "INVALID_REQUEST"],
  ])("refuses %j with %s and changes nothing", async (time, code) => {
    await queue("push").add({ name: "n1", countdown: 60 });
    await expect(queue("push").reschedule("n1", time)).rejects.toMatchObject({ code });
    expect((await queue("push").get("n1")).eta).toBe(at(60));
  });

  it("refuses a task that is running, failed or gone, and says which", async () => {
    await failed("one-retry", ["failed"]);
    const attempts = held("/_ah/queue/one-retry");
    await queue("one-retry").add({ name: "running" });
    await fire("one-retry");
    await until(() => attempts.started() === 1);
    for (const name of ["failed", "running"]) {
      await expect(queue("one-retry").reschedule(name, { countdown: 5 })).rejects.toMatchObject({
        code: "INVALID_REQUEST",
        message: expect.stringContaining(`found "${name}"`),
      });
    }
    attempts.answer(0, 200);
    await until(async () => (await inFlight("one-retry")) === 0);
    await expect(queue("one-retry").reschedule("running", { countdown: 5 })).rejects.toThrow(
      UnknownTaskError,
    );
  });
});

describe("redrive", () => {
  it("puts failed tasks back as if they were new, under their names, due now", async () => {
    await failed("one-retry", ["a", "b"]);
    const q = queue("one-retry");
    await q.add({ name: "live", countdown: 60 });
    expect(await q.redrive(["a", "a", "live", "nobody"])).toEqual([
      { name: "a", redriven: true },
      { name: "a", redriven: false },
      { name: "live", redriven: false },
      { name: "nobody", redriven: false },
    ]);
    const back = await q.get("a");
    expect(back).toMatchObject({ state: "due", retryCount: 0, executionCount: 0 });
    expect(back.eta).toBe(new Date(clock.now).toISOString());
    expect(back.attempts).toBeUndefined();
    await expect(q.add({ name: "a" })).rejects.toMatchObject({ code: "TASK_ALREADY_EXISTS" });
    await pass("one-retry", 0.1);
    expect(await q.get("a")).toMatchObject({ state: "done", retryCount: 0 });
    expect(await stateOf("one-retry", "b")).toBe("failed");
  });

  it("counts its age anew: a task that failed again has had all its attempts again", async () => {
    const starts = answering("slow-retry", 500);
    const retry = { limit: 1, ageLimit: 15, minBackoff: 10 };
    await queue("slow-retry").add({ name: "n1", retry });
    await pass("slow-retry", 600);
    const first = [...starts];
    expect(await queue("slow-retry").redrive("all")).toEqual({ redriven: 1 });
    await pass("slow-retry", 600);
    expect(starts.slice(first.length)).toEqual(first.map((start) => start + 600));
    expect(await stateOf("slow-retry", "n1")).toBe("failed");
  });

  it("keeps what the task is: body, headers, and a generated name it is found under", async () => {
    answering("one-retry", 500);
    const { name } = await queue("one-retry").add({
      ...{ payload: { a: 1 }, headers: { "X-Team": "blue" }, retry: { limit: 0 } },
    });
    await pass("one-retry", 1);
    await queue("one-retry").redrive([name]);
    expect(await queue("one-retry").get(name)).toMatchObject({
      ...{ state: "due", payload: { a: 1 }, headers: { "X-Team": "blue" } },
    });
    handlers.clear();
    await pass("one-retry", 1);
    expect(received.at(-1)?.body).toBe('{"a":1}');
    await expect(queue("one-retry").get(name)).rejects.toThrow(UnknownTaskError);
  });

  it("of all brings back each of 1,200, once", async () => {
    await failed("one-retry", ["n"]);
    await multiplied("one-retry", 1200);
    // What was written behind the object's back it counts after a start.
    await crash();
    await queue("one-retry").pause();
    expect(await queue("one-retry").redrive("all")).toEqual({ redriven: 1200 });
    const { statistics } = await queue("one-retry").describe();
    expect(statistics).toMatchObject({ tasks: 1200, failed: 0 });
    const first = await queue("one-retry").list({ limit: 1000 });
    const rest = await queue("one-retry").list({ limit: 1000, cursor: first.cursor as string });
    const back = [...first.tasks, ...rest.tasks];
    expect(new Set(back.map(({ name }) => name)).size).toBe(1200);
    expect(back.filter(({ state, retryCount }) => state !== "due" || retryCount > 0)).toEqual([]);
    expect(await queue("one-retry").redrive("all")).toEqual({ redriven: 0 });
    await queue("one-retry").run("n-1199");
    await pass("one-retry", 1);
    expect(await stateOf("one-retry", "n-1199")).toBe("done");
  });
});

describe("tombstones", () => {
  async function collect(name: string, query: object): Promise<string[][]> {
    const pages: string[][] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await queue(name).tombstones({ ...query, ...(cursor ? { cursor } : {}) });
      pages.push(page.tombstones.map((task) => task.name));
      cursor = page.cursor;
      if (!cursor) return pages.filter((names) => names.length > 0);
    }
  }

  it("of failed tasks say when the record goes, and when the name is free", async () => {
    handlers.set("/_ah/queue/brief", () => new Response(null, { status: 500 }));
    await queue("brief").add([{ name: "named" }, {}]);
    await pass("brief", 0.1);
    const { tasks } = await queue("brief").list({ state: "failed" });
    expect(tasks).toHaveLength(2);
    for (const { name, keptUntil } of tasks) {
      const task = await queue("brief").get(name);
      const seconds = (at = "") => Math.round((Date.parse(at) - clock.now) / 1000);
      const ends = [seconds(keptUntil), seconds(task.keptUntil), seconds(task.expiresAt)];
      expect(ends).toEqual(name === "named" ? [30, 30, 60] : [30, 30, 30]);
    }
  });

  it("are listed in the order of their names, page by page, and by prefix", async () => {
    await failed("brief", ["a-failed"]);
    await queue("brief").add([
      { name: "b-2" },
      { name: "b-1" },
      { name: "c-live", countdown: 60 },
      { name: "a-deleted", countdown: 60 },
    ]);
    await queue("brief").delete(["a-deleted"]);
    await pass("brief", 0.1);
    expect(await collect("brief", { limit: 2 })).toEqual([["a-deleted", "b-1"], ["b-2"]]);
    expect(await collect("brief", { prefix: "b-" })).toEqual([["b-1", "b-2"]]);
    expect(await collect("brief", { prefix: "b-1" })).toEqual([["b-1"]]);
    expect(await collect("brief", { prefix: "é" })).toEqual([]);
    const { tombstones } = await queue("brief").tombstones({ limit: 1 });
    expect(tombstones).toMatchObject([
      {
        ...{ queue: "brief", name: "a-deleted", state: "deleted" },
        expiresAt: at(1 + 60),
      },
    ]);
    clock.now += 60_000;
    expect(await collect("brief", {})).toEqual([]);
  });

  it("are found behind thousands of names whose tasks still wait", async () => {
    for (let i = 0; i < 6; i++) {
      const tasks = names(1000).map((name) => ({ name: `a${i}-${name}`, countdown: 60 }));
      await queue("unlimited").add(tasks);
    }
    await queue("unlimited").add({ name: "z" });
    await pass("unlimited", 0);
    expect(await collect("unlimited", {})).toEqual([["z"]]);
  });

  it.each([{ limit: 0 }, { limit: 1001 }, { limit: 1.5 }, { cursor: "a.b" }])(
    "refuses %j",
    async (query) => {
      await expect(queue("push").tombstones(query)).rejects.toMatchObject({
        code: "INVALID_REQUEST",
      });
    },
  );
});

describe("release", () => {
  it("frees the name of a task that ran or was deleted, at once", async () => {
    await queue("push").add([{ name: "ran" }, { name: "gone", countdown: 60 }]);
    await queue("push").delete(["gone"]);
    await pass("push", 0);
    for (const name of ["ran", "gone"]) {
      await expect(queue("push").add({ name })).rejects.toMatchObject({ code: "TOMBSTONED_TASK" });
      expect(await queue("push").release(name)).toEqual({ name, released: true });
      expect(await queue("push").release(name)).toEqual({ name, released: false });
      await expect(queue("push").get(name)).rejects.toThrow(UnknownTaskError);
      await expect(queue("push").add({ name })).resolves.toMatchObject({ name });
    }
    await pass("push", 1);
    expect(received).toHaveLength(3);
  });

  it("frees nothing that lives, failed or never was", async () => {
    await failed("one-retry", ["failed"]);
    await queue("one-retry").add({ name: "live", countdown: 60 });
    for (const name of ["failed", "live", "nobody"]) {
      expect(await queue("one-retry").release(name)).toEqual({ name, released: false });
    }
    expect(await stateOf("one-retry", "failed")).toBe("failed");
    expect(await stateOf("one-retry", "live")).toBe("scheduled");
  });

  it("frees a failed task's name once its record is gone, which the list shows too", async () => {
    await failed("brief", ["n1"]);
    clock.now += 31_000;
    expect(await queue("brief").release("n1")).toEqual({ name: "n1", released: false });
    await queue("brief").add({});
    await pass("brief", 0);
    expect((await queue("brief").tombstones()).tombstones).toMatchObject([
      { name: "n1", state: "failed" },
    ]);
    expect((await queue("brief").release("n1")).released).toBe(true);
    await expect(queue("brief").add({ name: "n1" })).resolves.toMatchObject({ name: "n1" });
  });

  it("and add again while the deleted task's attempt still runs: its end changes nothing", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").add({ name: "n1" });
    await fire("push");
    await until(() => attempts.started() === 1);
    await queue("push").delete(["n1"]);
    await queue("push").release("n1");
    await queue("push").add({ name: "n1", countdown: 60 });
    attempts.answer(0, 500);
    await until(async () => (await inFlight("push")) === 0);
    expect(await queue("push").get("n1")).toMatchObject({ state: "scheduled", retryCount: 0 });
  });
});
