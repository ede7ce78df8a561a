// Looking at a queue's tasks: why one waits, and pages that stay right while tasks come and go.
import { beforeEach, describe, expect, it } from "vitest";
import type { ListQuery, NewTask, Task } from "../../../../src/index.ts";
import { clock, START } from "../../../support/clock.ts";
import { fire, freshStart, pass, queue, until } from "../../../support/time.ts";
import { handlers, held } from "../../../support/worker.ts";

beforeEach(freshStart);

const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const whyOf = async (name: string, task: string) => (await queue(name).get(task)).why;
const namesOf = (tasks: readonly Task[]) => tasks.map(({ name }) => name);

describe("why a task is not running now", () => {
  it("is its ETA", async () => {
    await queue("push").add({ name: "n1", countdown: 60 });
    expect(await whyOf("push", "n1")).toBe(`waiting for its ETA, ${at(60)}`);
  });

  it("is its back-off, as which attempt of how many", async () => {
    handlers.set("/_ah/queue/slow-retry", () => new Response(null, { status: 500 }));
    await queue("slow-retry").add([{ name: "n1" }, { name: "n2", retry: { minBackoff: 10 } }]);
    await pass("slow-retry", 5);
    expect(await whyOf("slow-retry", "n1")).toBe(
      `in back-off until ${at(10)}, to run as attempt 2 of 6`,
    );
    await pass("slow-retry", 10);
    expect(await whyOf("slow-retry", "n1")).toBe(
      `in back-off until ${at(30)}, to run as attempt 3 of 6`,
    );
    expect(await whyOf("slow-retry", "n2")).toBe(
      `in back-off until ${at(30)}, to run as attempt 3`,
    );
  });

  it("is a pause, or the queue's rate", async () => {
    await queue("push").add({ name: "n1" });
    expect(await whyOf("push", "n1")).toBe("about to start");
    await queue("push").pause();
    expect(await whyOf("push", "n1")).toBe("the queue is paused");
    await queue("stopped").add({ name: "n1" });
    expect(await whyOf("stopped", "n1")).toBe("the queue's rate is 0");
  });

  it("is the bucket, until the next whole token, and for each task of a list the same", async () => {
    await queue("five-per-minute").add(Array.from({ length: 7 }, (_, i) => ({ name: `n${i}` })));
    await pass("five-per-minute", 5);
    const why = `out of tokens until ${at(12)}`;
    expect(await whyOf("five-per-minute", "n6")).toBe(why);
    const { tasks } = await queue("five-per-minute").list();
    expect(tasks.map((task) => [task.name, task.state, task.why])).toEqual([
      ["n5", "due", why],
      ["n6", "due", why],
    ]);
  });

  it("is that every slot is taken; a task in flight or failed for good does not wait", async () => {
    const attempts = held("/_ah/queue/two-at-once");
    const tasks = ["n0", "n1", "n2"].map((name) => ({ name, retry: { limit: 0 } }));
    await queue("two-at-once").add(tasks);
    await fire("two-at-once");
    await until(() => attempts.started() === 2);
    const page = await queue("two-at-once").list();
    expect(page.tasks.map(({ why }) => why)).toEqual([
      undefined,
      undefined,
      "all 2 slots are taken (max_concurrent_requests)",
    ]);
    attempts.answer("n0", 500);
    attempts.answer("n1", 200);
    attempts.answer("n2", 200);
    await until(async () => (await queue("two-at-once").get("n0")).state === "failed");
    await until(async () => (await queue("two-at-once").get("n1")).state === "done");
    const ended = [await queue("two-at-once").get("n0"), await queue("two-at-once").get("n1")];
    expect(ended.map(({ state, why }) => [state, why])).toEqual([
      ["failed", undefined],
      ["done", undefined],
    ]);
  });
});

describe("filters", () => {
  it("take a tag exactly, beside state and prefix", async () => {
    const task = (name: string, tag?: string, countdown = 0): NewTask => ({
      ...{ name, payload: "", countdown },
      ...(tag === undefined ? {} : { tag }),
    });
    await queue("pull").add([
      ...[task("a1", "red"), task("a2", "Red"), task("a3"), task("b1", "red")],
      task("b2", "red", 60),
    ]);
    const listed = async (query: ListQuery) => namesOf((await queue("pull").list(query)).tasks);
    expect(await listed({ tag: "red" })).toEqual(["a1", "b1", "b2"]);
    expect(await listed({ tag: "re" })).toEqual([]);
    expect(await listed({ tag: "red", prefix: "b" })).toEqual(["b1", "b2"]);
    expect(await listed({ tag: "red", state: "scheduled" })).toEqual(["b2"]);
    expect(await listed({ tag: "red", state: "failed" })).toEqual([]);
  });

  it("find the one among thousands, a page of rows at a time", async () => {
    const many = Array.from({ length: 1000 }, () => ({ countdown: 1 }));
    for (let i = 0; i < 6; i++) await queue("stopped").add(many);
    await queue("stopped").add({ name: "needle", countdown: 2 });
    const first = await queue("stopped").list({ prefix: "needle" });
    expect(first.tasks).toEqual([]);
    const { cursor = "" } = first;
    const second = await queue("stopped").list({ prefix: "needle", cursor });
    expect([namesOf(second.tasks), second.cursor]).toEqual([["needle"], undefined]);
  });
});

describe("a cursor", () => {
  const STAY = Array.from({ length: 40 }, (_, i) => `stays${i}`);

  async function put(names: readonly string[], countdown: number): Promise<void> {
    await queue("slow-retry").add(names.map((name) => ({ name, countdown })));
  }

  /** Every page of a queue whose tasks come and go between them. */
  async function pages(query: ListQuery, between: (page: number) => Promise<void>) {
    const shown: string[] = [];
    let cursor: string | undefined;
    for (let i = 0; ; i++) {
      const page = await queue("slow-retry").list({ ...query, ...(cursor ? { cursor } : {}) });
      shown.push(...namesOf(page.tasks));
      cursor = page.cursor;
      if (cursor === undefined) return shown;
      await between(i);
    }
  }

  it.each([{ limit: 1 }, { limit: 3 }, { limit: 7, state: "scheduled" as const }])(
    "misses none and shows none twice that stayed, while others are deleted, added and tried again: %j",
    async (query) => {
      handlers.set("/_ah/queue/slow-retry", () => new Response(null, { status: 500 }));
      const rounds = [...STAY.keys()];
      // Three kinds side by side at each instant: those that stay, that are deleted, that run and come back.
      for (const i of rounds) {
        await put([`goes${i}`, `stays${i}`, `goes-too${i}`], 1000 + Math.floor(i / 2));
      }
      await put(
        rounds.map((i) => `retried${i}`),
        0,
      );
      const shown = await pages(query, async (page) => {
        if (page >= rounds.length) return;
        await queue("slow-retry").delete([`goes${page}`, `goes-too${39 - page}`]);
        await put([`early${page}`], 500);
        await put([`among${page}`], 1000 + (page % 20));
        await put([`late${page}`], 2000);
        if (page === 2) await pass("slow-retry", 1);
      });
      expect((await queue("slow-retry").get("retried0")).retryCount).toBe(1);
      const stayed = shown.filter((name) => name.startsWith("stays"));
      expect(new Set(stayed).size).toBe(STAY.length);
      // Two by two they are of one instant.
      const instantOf = (name: string) => Math.floor(Number(name.replace("stays", "")) / 2);
      expect(stayed.map(instantOf)).toEqual(STAY.map(instantOf));
      const added = shown.filter((name) => /^(among|late|early)/.test(name));
      expect(added).toEqual([...new Set(added)]);
    },
  );

  it("goes on where it stopped when the task it is at is gone, and when many are of one instant", async () => {
    await put(["a", "b", "c", "d"], 60);
    const first = await queue("slow-retry").list({ limit: 2 });
    await queue("slow-retry").delete(["b"]);
    const { cursor = "" } = first;
    expect(namesOf((await queue("slow-retry").list({ limit: 2, cursor })).tasks)).toEqual([
      "c",
      "d",
    ]);
  });

  it("stays right while time goes by", async () => {
    await put(["a", "b"], 10);
    await put(["c", "d"], 20);
    const { cursor = "" } = await queue("slow-retry").list({ limit: 1, state: "scheduled" });
    clock.now += 15_000;
    const rest = await queue("slow-retry").list({ cursor, state: "scheduled" });
    expect(namesOf(rest.tasks)).toEqual(["c", "d"]);
  });
});
