// A queue of four shards, looked at as one: lists, tombstones, statistics, history.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { FIRST_PLACE } from "../../../src/core/list-place.ts";
import { taskCursor } from "../../../src/core/task/listing.ts";
import type { ListQuery, Task } from "../../../src/index.ts";
import { clock, START } from "../../support/clock.ts";
import { type Json, ok, queueName } from "../../support/cloud-tasks.ts";
import {
  alarmOf,
  DIRECTORY,
  freshStart,
  objectOf,
  objectsOf,
  pass,
  queue,
  until,
} from "../../support/time.ts";
import { deployed, handlers, held, queueFile } from "../../support/worker.ts";

const four = () => queue("four-shards");
const pull = () => queue("four-pull-shards");
const namesOf = (tasks: readonly Task[]) => tasks.map(({ name }) => name);
const numbered = (n: number, name = "n") =>
  Array.from({ length: n }, (_, i) => `${name}${String(i).padStart(3, "0")}`);

beforeEach(freshStart);

async function pagesOf(query: ListQuery, of = four()): Promise<Task[][]> {
  const pages: Task[][] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await of.list({ ...query, ...(cursor && { cursor }) });
    pages.push(page.tasks);
    cursor = page.cursor;
    if (cursor === undefined) return pages;
    if (pages.length > 500) throw new Error("the list does not come to its end");
  }
}

/** In the order of their times, and shuffled by their names' places. */
async function addScheduled(n: number): Promise<string[]> {
  const names = numbered(n);
  await four().add(names.map((name, i) => ({ name, countdown: 60 + i })));
  return names;
}

describe("a list over four shards", () => {
  it.each([1, 3, 7, 50, 100])("is one order, in pages of %i", async (limit) => {
    const names = await addScheduled(50);
    const pages = await pagesOf({ limit });
    expect(namesOf(pages.flat())).toEqual(names);
    for (const page of pages.slice(0, -1)) expect(page.length).toBe(limit);
  });

  it("goes on within one instant, at which every shard has tasks of the same key", async () => {
    const names = numbered(40);
    await four().add(names.map((name) => ({ name, countdown: 60 })));
    for (const limit of [1, 2, 3]) {
      expect(namesOf((await pagesOf({ limit })).flat()).sort()).toEqual(names);
    }
  });

  it("is of those in one state, of one tag, of one prefix", async () => {
    await addScheduled(20);
    await four().add(numbered(20, "due").map((name) => ({ name })));
    expect(namesOf((await pagesOf({ state: "due", limit: 6 })).flat()).sort()).toEqual(
      numbered(20, "due"),
    );
    expect(namesOf((await pagesOf({ prefix: "n00", limit: 3 })).flat())).toEqual(numbered(10));
    const tagged = numbered(10, "tagged").map((name) => ({
      name,
      tag: "t",
      payload: "p",
    }));
    await pull().add([...tagged, ...numbered(10).map((name) => ({ name, payload: "p" }))]);
    expect(namesOf((await pagesOf({ tag: "t", limit: 3 }, pull())).flat()).sort()).toEqual(
      numbered(10, "tagged"),
    );
  });

  it("has failed tasks, and their tombstones are none", async () => {
    handlers.set("/_ah/queue/four-shards", () => new Response(null, { status: 500 }));
    await four().add(numbered(12).map((name) => ({ name, retry: { limit: 0 } })));
    await pass("four-shards", 30);
    const failed = (await pagesOf({ state: "failed", limit: 5 })).flat();
    expect(namesOf(failed).sort()).toEqual(numbered(12));
    expect(failed.every(({ state }) => state === "failed")).toBe(true);
    expect((await four().tombstones()).tombstones).toEqual([]);
  });

  it("is right while tasks come, go and change their times between pages", async () => {
    const names = await addScheduled(60);
    const stay = names.filter((_, i) => i % 3 === 0);
    const shown: string[] = [];
    for (let cursor: string | undefined, page = 0; ; page++) {
      const got = await four().list({ limit: 7, ...(cursor && { cursor }) });
      shown.push(...namesOf(got.tasks));
      cursor = got.cursor;
      if (cursor === undefined) break;
      await four().delete([names[page * 3 + 1] as string, names[58 - page * 3] as string]);
      await four().add({ name: `early${page}`, countdown: 1 });
      await four().add({ name: `late${page}`, countdown: 5000 });
    }
    expect(shown.filter((name) => stay.includes(name))).toEqual(stay);
    expect(shown).toEqual([...new Set(shown)]);
    expect(shown.some((name) => name.startsWith("early"))).toBe(false);
  });

  it("keeps to the bytes of a page, however large tasks are", async () => {
    const names = numbered(20);
    deployed.queues = { ...queueFile, totalStorageLimit: 1e9 };
    for (const name of names) {
      await pull().add({ name, payload: "x".repeat(1_000_000) });
    }
    const pages = await pagesOf({ limit: 1000 }, pull());
    expect(namesOf(pages.flat()).sort()).toEqual(names);
    expect(pages.map(({ length }) => length)).toEqual([8, 8, 4]);
  });

  it("goes on with a cursor that was given while the queue had one shard", async () => {
    const names = await addScheduled(10);
    const key = (START + 64_000 - Date.UTC(2024, 0, 1)) * 4096;
    const cursor = taskCursor("four-shards", {}, { ...FIRST_PLACE, key });
    expect(cursor).toMatch(/^[0-9a-z]+\.[0-9a-z]+$/);
    expect(namesOf((await four().list({ cursor })).tasks)).toEqual(names.slice(5));
  });

  it.each<[ListQuery, RegExp]>([
    [{ limit: 0 }, /limit: found 0/],
    [{ state: "gone" as never }, /state: found "gone"/],
    [{ prefix: 1 as never }, /prefix: found 1/],
    [{ cursor: "made-up.x" }, /cursor: found/],
  ])("refuses %j", async (query, message) => {
    await expect(four().list(query)).rejects.toThrow(message);
  });

  it("is the same for who asks the queue's own object", async () => {
    const names = await addScheduled(10);
    const object = objectOf("four-shards") as unknown as {
      list(query: ListQuery): Promise<{ ok: { tasks: Task[] } }>;
    };
    const { ok } = await object.list({ limit: 4 });
    expect(namesOf(ok.tasks)).toEqual(names.slice(0, 4));
  });
});

describe("tombstones of four shards", () => {
  it("are in the order of their names, page by page", async () => {
    const names = numbered(50);
    await four().add(names.map((name) => ({ name, countdown: 60 })));
    await four().delete(names);
    for (const limit of [1, 7, 50, 100]) {
      const shown: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await four().tombstones({ limit, ...(cursor && { cursor }) });
        shown.push(...namesOf(page.tombstones));
        cursor = page.cursor;
        if (cursor === undefined) break;
      }
      expect(shown).toEqual(names);
    }
    const { tombstones } = await four().tombstones({ prefix: "n04", limit: 4 });
    expect(namesOf(tombstones)).toEqual(["n040", "n041", "n042", "n043"]);
    await expect(four().tombstones({ prefix: 1 as never })).rejects.toThrow(/prefix: found 1/);
    await expect(four().tombstones({ cursor: "n001.abc" })).rejects.toThrow(/cursor: found/);
  });
});

describe("the state of a queue of four shards", () => {
  it("is that of all: counts, states, the oldest time", async () => {
    await addScheduled(20);
    await four().pause();
    await four().add(numbered(8, "due").map((name) => ({ name })));
    await four().delete(["n003"]);
    const view = await four().describe();
    expect(view).toMatchObject({ name: "four-shards", state: "paused", extensions: { shards: 4 } });
    expect(view.statistics).toMatchObject({
      ...{ tasks: 27, failed: 0, addedLastMinute: 28 },
      states: { scheduled: 19, due: 8, running: 0, leased: 0, waiting: 0, failed: 0 },
      oldestEta: new Date(START).toISOString(),
    });
  });

  it("has the percentiles of all attempts, not averages of the shards'", async () => {
    await four().pause();
    const names = numbered(40);
    await four().add(names.map((name) => ({ name })));
    clock.now += 10_000;
    await four().add(numbered(2, "soon").map((name) => ({ name })));
    await four().resume();
    await pass("four-shards", 20);
    const { lateness, runTime } = (await four().describe()).statistics;
    expect(lateness.lastMinute.count).toBe(42);
    expect(runTime.lastHour.count).toBe(42);
    expect(lateness.lastMinute.p50).toBeGreaterThan(9);
  });

  it("is not touched by who looks at it", async () => {
    await four().describe();
    await four().list();
    await four().history();
    const alarms = await Promise.all(objectsOf("four-shards").map(alarmOf));
    expect(alarms).toEqual([null, null, null, null]);
  });

  it("has what is with handlers on any shard", async () => {
    const attempts = held("/_ah/queue/four-shards");
    await four().add(numbered(6).map((name) => ({ name })));
    for (const object of objectsOf("four-shards")) {
      runDurableObjectAlarm(objectOf(object)).catch(() => {});
    }
    await until(() => attempts.started() === 6);
    const { statistics } = await four().describe();
    expect(statistics).toMatchObject({ inFlight: 6, states: { running: 6, due: 0 } });
    for (const name of numbered(6)) attempts.answer(name, 200);
    await pass("four-shards", 1);
    expect((await four().describe()).statistics).toMatchObject({ inFlight: 0, tasks: 0 });
  });
});

describe("the history of a queue of four shards", () => {
  it("adds up slot by slot, and has each mark once", async () => {
    await addScheduled(20);
    await four().pause();
    clock.now += 10_000;
    await four().delete(numbered(5));
    await four().resume();
    const { points, marks } = await four().history();
    expect(points.map(({ at, added, deleted, tasks }) => [at, added, deleted, tasks])).toEqual([
      [new Date(START).toISOString(), 20, 0, 20],
      [new Date(START + 10_000).toISOString(), 0, 5, 15],
    ]);
    expect(marks.map(({ kind }) => kind)).toEqual(["paused", "started", "resumed"]);
  });

  it("has what is newer in a pulse", async () => {
    await addScheduled(20);
    clock.now += 60_000;
    await four().add({ name: "later", countdown: 600 });
    const { history, view } = await four().pulse(clock.now - 5_000);
    expect(history.points.map(({ added, tasks }) => [added, tasks])).toEqual([[1, 21]]);
    expect(view.statistics.tasks).toBe(21);
  });
});

describe("the directory, of a queue of four shards", () => {
  type Told = { pulse(since: number, reader: "directory"): Promise<{ holdsUntil?: number }> };
  const object = () => objectOf("four-shards") as unknown as Told;

  it("has its state at rest, and hears of a change on any shard", async () => {
    await four().add(numbered(8).map((name) => ({ name, countdown: 600 })));
    clock.now += 120_000;
    const { holdsUntil } = await object().pulse(0, "directory");
    expect(holdsUntil).toBe(START + 600_000);
    for (const name of numbered(8)) {
      expect((await pageOf("four-shards")).tasks).toBe(8 - Number(name.slice(1)));
      await four().delete([name]);
      await until(async () => (await pageOf("four-shards")).tasks === 7 - Number(name.slice(1)));
    }
  });

  async function pageOf(name: string): Promise<{ tasks: number }> {
    const directory = objectOf(DIRECTORY) as unknown as {
      page(after: string, limit: number): Promise<{ views: string[] }>;
    };
    const views = (await directory.page("", 1000)).views.map((view) => JSON.parse(view));
    const named = views.filter((view) => view.name.startsWith(name));
    expect(named.length).toBe(1);
    return named[0].statistics;
  }
});

describe("Cloud Tasks' door, of a queue of four shards", () => {
  it("lists page by page, and gets each", async () => {
    const names = await addScheduled(10);
    const path = `/v2/${queueName("four-shards")}/tasks`;
    const found: string[] = [];
    for (let token = "", pages = 0; pages === 0 || token; pages++) {
      const page = await ok("GET", `${path}?pageSize=3&pageToken=${token}`);
      found.push(...(page.tasks ?? []).map(({ name }: Json) => name.split("/").at(-1)));
      token = page.nextPageToken ?? "";
    }
    expect(found).toEqual(names);
    expect((await ok("GET", `${path}/n003`)).name).toMatch(/n003$/);
  });
});
