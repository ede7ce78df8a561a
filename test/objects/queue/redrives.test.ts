// Failures by fault, and redrives at a rate: through evictions and kills nothing is lost and nothing goes back twice.
import { beforeEach, describe, expect, it } from "vitest";
import { clock, START } from "../../support/clock.ts";
import { passEvicting } from "../../support/evictions.ts";
import { inject } from "../../support/faults.ts";
import { call } from "../../support/http.ts";
import { crash, evict, freshStart, pass, queue } from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

const Q = "one-retry";

/** Tasks that have failed, each with this answer. */
async function failed(name: string, names: readonly string[], error = "no", status = 500) {
  handlers.set("/fails", () => new Response(error, { status }));
  await queue(name).add(names.map((it) => ({ name: it, url: "/fails", retry: { limit: 0 } })));
  await pass(name, 1);
}

function named(n: number, prefix = "t"): string[] {
  return Array.from({ length: n }, (_, i) => `${prefix}${i}`);
}

/** Of how many tasks it was tried again since. */
function again(since: number): string[] {
  return received.slice(since).map(({ headers }) => headers.get("X-AppEngine-TaskName") ?? "");
}

async function standing(name: string, id: string) {
  return (await queue(name).redrives()).find((it) => it.id === id);
}

async function failedOf(name: string): Promise<number> {
  return (await queue(name).describe()).statistics.failed;
}

describe("failures", () => {
  it("are grouped by fault, with when they were seen and some of their names", async () => {
    await failed(Q, ["a1", "a2", "a3", "a4"], "user 17 is gone");
    const between = clock.now;
    await failed(Q, ["b1"], "database down", 503);
    await failed(Q, ["a5"], "user 18 is gone");
    const page = await queue(Q).failures();
    expect(page).toMatchObject({ scanned: 6, more: false });
    expect(page.failures.map(({ fingerprint: _, ...group }) => group)).toEqual([
      {
        ...{ state: "failed", status: 500, target: "/fails", error: "user <n> is gone", count: 5 },
        firstSeen: expect.any(String),
        lastSeen: expect.any(String),
        tasks: ["a5", expect.any(String), expect.any(String)],
      },
      expect.objectContaining({ status: 503, error: "database down", count: 1, tasks: ["b1"] }),
    ]);
    const [group] = page.failures;
    expect(Date.parse(group?.firstSeen ?? "")).toBeLessThan(between);
    expect(Date.parse(group?.lastSeen ?? "")).toBeGreaterThan(between);
  });

  it("have a group of their own for tasks that expired", async () => {
    await queue(Q).pause();
    await queue(Q).add([{ name: "late", expires: 5 }]);
    await pass(Q, 10);
    expect((await queue(Q).failures()).failures).toMatchObject([
      { state: "expired", target: `/_ah/queue/${Q}`, count: 1, tasks: ["late"] },
    ]);
  });

  it("of a pull queue say why without a target", async () => {
    await queue("pull").add({ name: "p", payload: "" });
    const [task] = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
    await queue("pull").fail(task as { name: string; lease: string }, "no paper");
    const { failures } = await queue("pull").failures();
    expect(failures).toMatchObject([{ reason: "worker", error: "no paper", count: 1 }]);
    expect(failures[0]).not.toHaveProperty("target");
  });

  it("of a queue without any are none", async () => {
    expect(await queue(Q).failures()).toEqual({ failures: [], scanned: 0, more: false });
  });
});

describe("a redrive at a rate", () => {
  it("puts back so many a second, in the order in which they failed, and says how it stands", async () => {
    await failed(Q, named(12));
    handlers.clear();
    const since = received.length;
    const begun = await queue(Q).startRedrive({ rate: "5/s" });
    expect(begun).toMatchObject({ state: "running", rate: "5/s", redriven: 0, who: "worker" });
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      await pass(Q, i === 0 ? 0.5 : 1);
      counts.push(again(since).length);
    }
    expect(counts).toEqual([1, 6, 11, 12]);
    expect(await standing(Q, begun.id)).toMatchObject({
      ...{ state: "done", redriven: 12, scanned: 12 },
      endedAt: expect.any(String),
    });
    expect(new Set(again(since)).size).toBe(12);
    expect(await failedOf(Q)).toBe(0);
  });

  it("of one fault leaves the others", async () => {
    await failed(Q, named(4, "a"), "user 1");
    await failed(Q, named(3, "b"), "disk full");
    const { failures } = await queue(Q).failures();
    const fingerprint = failures.find(({ error }) => error === "disk full")?.fingerprint as string;
    handlers.clear();
    const since = received.length;
    const { id } = await queue(Q).startRedrive({ rate: "none", fingerprint });
    await pass(Q, 5);
    expect(again(since).sort()).toEqual(["b0", "b1", "b2"]);
    expect(await standing(Q, id)).toMatchObject({ state: "done", fingerprint, redriven: 3 });
    expect(await failedOf(Q)).toBe(4);
  });

  it("does not take again what fails again", async () => {
    await failed(Q, named(6));
    const since = received.length;
    const { id } = await queue(Q).startRedrive({ rate: "2/s" });
    await pass(Q, 60);
    expect(again(since).length).toBe(6);
    expect(await standing(Q, id)).toMatchObject({ state: "done", redriven: 6 });
    // A second one does.
    await queue(Q).startRedrive();
    await pass(Q, 60);
    expect(again(since).length).toBe(12);
  });

  it("takes what expired too", async () => {
    await queue(Q).pause();
    await queue(Q).add([{ name: "late", expires: 5 }]);
    await pass(Q, 10);
    await queue(Q).resume();
    const { id } = await queue(Q).startRedrive({ rate: "1/s" });
    await pass(Q, 5);
    expect(received.map(({ headers }) => headers.get("X-AppEngine-TaskName"))).toEqual(["late"]);
    expect(await standing(Q, id)).toMatchObject({ state: "done", redriven: 1 });
  });

  it("asked for twice is one, and goes on at the rate that was asked for last", async () => {
    await failed(Q, named(10));
    handlers.clear();
    const first = await queue(Q).startRedrive({ rate: "1/m" });
    await pass(Q, 2);
    const second = await queue(Q).startRedrive({ rate: "1/m" });
    expect(second).toMatchObject({ id: first.id, redriven: 1 });
    const third = await queue(Q).startRedrive({ rate: "20/s" });
    expect(third).toMatchObject({ id: first.id, rate: "20/s" });
    await pass(Q, 5);
    expect(await queue(Q).redrives()).toMatchObject([
      { id: first.id, state: "done", redriven: 10 },
    ]);
  });

  it("can be stopped: what is back stays, the rest stays failed", async () => {
    await failed(Q, named(10));
    handlers.clear();
    const { id } = await queue(Q).startRedrive({ rate: "2/s" });
    await pass(Q, 1.5);
    const stopped = await queue(Q).cancelRedrive(id);
    expect(stopped).toMatchObject({ state: "cancelled", redriven: 3, why: "by worker" });
    await pass(Q, 10);
    expect(await failedOf(Q)).toBe(7);
    expect(await queue(Q).cancelRedrive(id)).toEqual(stopped);
    await expect(queue(Q).cancelRedrive("nobody")).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
  });

  it("waits while the queue is paused, and without a rate does not", async () => {
    await failed(Q, named(6));
    handlers.clear();
    await queue(Q).pause();
    const { id } = await queue(Q).startRedrive({ rate: "5/s" });
    await pass(Q, 20);
    expect(await standing(Q, id)).toMatchObject({ redriven: 0, why: "the queue is paused" });
    await queue(Q).resume();
    await pass(Q, 5);
    expect(await standing(Q, id)).toMatchObject({ state: "done", redriven: 6 });
    await failed(Q, named(2, "u"));
    await queue(Q).pause();
    await queue(Q).startRedrive();
    await pass(Q, 5);
    expect(await failedOf(Q)).toBe(0);
  });

  it("ends with a purge, which leaves failed tasks", async () => {
    await failed(Q, named(6));
    const { id } = await queue(Q).startRedrive({ rate: "1/s" });
    await pass(Q, 2);
    await queue(Q).purge();
    await pass(Q, 5);
    expect(await standing(Q, id)).toMatchObject({
      state: "cancelled",
      why: "the queue was purged",
    });
    const left = await failedOf(Q);
    expect(left).toBeGreaterThan(2);
    await pass(Q, 30);
    expect(await failedOf(Q)).toBe(left);
  });

  it("is gone with its queue, and one of the same name has none", async () => {
    await queue("own").define({ rate: "100/s" });
    await failed("own", named(6));
    await queue("own").startRedrive({ rate: "1/s" });
    await pass("own", 1);
    await queue("own").remove();
    clock.now += 10_000;
    await queue("own").define({ rate: "100/s" });
    await failed("own", named(3));
    expect(await queue("own").redrives()).toEqual([]);
    await pass("own", 30);
    expect(await failedOf("own")).toBe(3);
  });
});

describe("through evictions and kills", () => {
  it("goes on where it was, and takes none twice", async () => {
    await failed(Q, named(12));
    handlers.clear();
    const since = received.length;
    const { id } = await queue(Q).startRedrive({ rate: "3/s" });
    await evict(Q);
    const isOver = async () => (await standing(Q, id))?.state === "done";
    await passEvicting([Q], 60, isOver);
    expect(await standing(Q, id)).toMatchObject({ state: "done", redriven: 12 });
    await pass(Q, 10);
    expect(again(since).sort()).toEqual(named(12).sort());
  });

  it.each(["throw", "kill"] as const)(
    "a %s at any step loses none and takes none twice",
    async (kind) => {
      for (let at = 1; ; at++) {
        await freshStart();
        await failed(Q, named(5));
        await queue(Q).pause();
        const fault = await inject(Q, { at, kind });
        // It may have begun though whoever asked was not told.
        await queue(Q)
          .startRedrive()
          .catch(() => {});
        await pass(Q, 5).catch(() => {});
        const hit = fault.hit();
        fault.stop();
        if (kind === "kill") await crash();
        await queue(Q).startRedrive();
        await pass(Q, 120);
        const { statistics } = await queue(Q).describe();
        expect([at, statistics.tasks, statistics.failed]).toEqual([at, 5, 0]);
        const ended = await queue(Q).redrives();
        expect(ended.reduce((sum, { redriven }) => sum + redriven, 0)).toBe(5);
        if (!hit) break;
      }
    },
  );
});

describe("by HTTP", () => {
  it("answers with its standing, is listed and stopped", async () => {
    await failed(Q, named(3));
    const path = `/queues/${Q}/tasks:redrive`;
    const [status, begun] = await call("POST", path, { all: true, rate: "1/m" });
    expect([status, begun]).toEqual([
      200,
      {
        ...{ id: expect.any(String), state: "running", rate: "1/m", redriven: 0, scanned: 0 },
        ...{ who: "loopback", beganAt: expect.any(String) },
      },
    ]);
    expect(await call("GET", `/queues/${Q}/redrives`)).toEqual([200, { redrives: [begun] }]);
    expect(await call("POST", `/queues/${Q}/redrives/${begun.id}:cancel`)).toMatchObject([
      200,
      { id: begun.id, state: "cancelled", why: "by loopback" },
    ]);
    expect(await call("GET", `/queues/${Q}/failures`)).toMatchObject([
      200,
      { failures: [{ count: 3 }], scanned: 3, more: false },
    ]);
  });

  it.each([
    [{ all: true, rate: "fast" }, 'rate: found "fast"'],
    [{ all: true, fingerprint: "x" }, "fingerprint: found"],
    [{ names: ["a"], rate: "5/s" }, 'rate: found "5/s", expected it beside all alone'],
    [{ rate: "5/s" }, "all: found undefined, expected true"],
    [{ all: true, names: ["a"], rate: "5/s" }, "either names or all"],
  ])("refuses %j", async (body, words) => {
    const [status, answer] = await call("POST", `/queues/${Q}/tasks:redrive`, body);
    expect([status, JSON.stringify(answer)]).toEqual([
      400,
      expect.stringContaining(words.replaceAll('"', '\\"')),
    ]);
    expect(clock.now).toBe(START);
  });
});
