// A queue saved while it goes on, and taken in again: nothing is missed, nothing is there twice.
import { beforeEach, describe, expect, it } from "vitest";
import type { SavedRecord } from "../../../src/core/backup/record.ts";
import { copyOf, linesOf, namesOf, populate, savedOf, seeded } from "../../support/saved.ts";
import { crash, freshStart, pass, queue } from "../../support/time.ts";
import { handlers } from "../../support/worker.ts";

beforeEach(freshStart);

/** As `:import` does it. */
async function takeIn(name: string, records: readonly SavedRecord[]) {
  const taken: string[] = [];
  for (let i = 0; i < records.length; i += 1000) {
    taken.push(...(await copyOf(name).importRecords(records.slice(i, i + 1000))));
  }
  return { imported: taken.filter((it) => it === "imported").length, all: taken.length };
}

/** All that is in one of them alone. */
function differing(one: readonly string[], other: readonly string[]): string[] {
  const [a, b] = [new Set(one), new Set(other)];
  return [...one.filter((it) => !b.has(it)), ...other.filter((it) => !a.has(it))];
}

describe("a queue that is saved and taken in is the same", () => {
  it.each([
    [1, "slow-retry", "push"],
    [2, "one-retry", "push"],
    [3, "brief", "paced"],
    [4, "results", "push"],
    [5, "slow-retry", "four-shards"],
    [6, "four-shards", "push"],
  ])("seed %i: %s to %s", async (seed, from, to) => {
    await populate(from, seeded(seed), 120);
    const records = await savedOf(from);
    expect(records.length).toBeGreaterThan(30);
    expect(await takeIn(to, records)).toEqual({ imported: records.length, all: records.length });
    expect(differing(linesOf(await savedOf(to)), linesOf(records))).toEqual([]);
    // Once more adds nothing, after a crash neither.
    await crash();
    expect((await takeIn(to, records)).imported).toBe(0);
    expect(differing(linesOf(await savedOf(to)), linesOf(records))).toEqual([]);
  });

  it("tells of each task what it told before, and its names are taken", async () => {
    handlers.set("/fails", () => new Response("no", { status: 500 }));
    await queue("one-retry").add([
      { name: "failed", url: "/fails" },
      { name: "done" },
      { name: "later", countdown: 1000, headers: { "X-Own": "1" }, payload: { a: 1 } },
    ]);
    await pass("one-retry", 10);
    await takeIn("push", await savedOf("one-retry"));
    for (const name of ["failed", "done", "later"]) {
      const { queue: _, ...before } = await queue("one-retry").get(name);
      expect(await queue("push").get(name)).toMatchObject(before);
    }
    expect((await queue("push").describe()).statistics).toMatchObject({ tasks: 1, failed: 1 });
    await expect(queue("push").add({ name: "done" })).rejects.toMatchObject({
      code: "TOMBSTONED_TASK",
    });
  });

  it("its tasks run, each once", async () => {
    await queue("paced").add(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? {} : { name: `t${i}` })),
    );
    const records = await savedOf("paced");
    await takeIn("push", records);
    await takeIn("push", records);
    await pass("push", 10);
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
    expect(namesOf(await savedOf("push")).sort()).toEqual(
      namesOf(records)
        .filter((name) => name.startsWith("t"))
        .sort(),
    );
  });

  it.each(["a", "b", "c", "d", "e", "f"])(
    "with one task on several shards, of the name %s",
    async (name) => {
      await queue("four-shards").add({ name, countdown: 60 });
      expect(namesOf(await savedOf("four-shards"))).toEqual([name]);
      await crash();
      expect(namesOf(await savedOf("four-shards"))).toEqual([name]);
    },
  );

  it("with nothing on it", async () => {
    expect(await savedOf("four-shards")).toEqual([]);
  });

  it("leased tasks wait: nobody there holds their leases", async () => {
    await queue("pull").add([
      { payload: "a", tag: "x" },
      { payload: "b", name: "b" },
    ]);
    await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
    await takeIn("pull-twice", await savedOf("pull"));
    const lease = () => queue("pull-twice").lease({ leaseSeconds: 60, maxTasks: 9 });
    expect(await lease()).toHaveLength(2);
  });

  it("what would be forgotten by now is not taken in", async () => {
    handlers.set("/fails", () => new Response("no", { status: 500 }));
    await queue("brief").add([{ name: "done" }, { name: "failed", url: "/fails" }]);
    await pass("brief", 1);
    const records = await savedOf("brief");
    await pass("brief", 40);
    // The record of a failed task goes after 30 s, its name after 60.
    expect((await takeIn("push", records)).imported).toBe(2);
    expect((await queue("push").describe()).statistics.failed).toBe(0);
    await pass("brief", 40);
    expect((await takeIn("paced", records)).imported).toBe(0);
  });
});

describe("while tasks move", () => {
  it.each([11, 12, 13])(
    "each is there once, seed %i",
    async (seed) => {
      const random = seeded(seed);
      const name = "slow-retry";
      handlers.set("/fails", () => new Response("no", { status: 500 }));
      const tasks = Array.from({ length: 1000 }, (_, i) => ({
        ...(random() < 0.4 ? { name: `${random() < 0.5 ? "0" : "z"}-${i}` } : {}),
        ...(random() < 0.7 ? { countdown: Math.floor(random() * 50) } : {}),
        url: "/fails",
      }));
      const first = await queue(name).add(tasks);
      const second = await queue(name).add(tasks.map(({ name: _, ...rest }) => rest));
      const all = [...first, ...second].flatMap(({ task }) => task?.name ?? []);
      const gone = new Set<string>();
      const records = await savedOf(name, async (page) => {
        const some = () => all.filter(() => random() < 0.05);
        for (const it of some()) {
          await queue(name)
            .reschedule(it, { countdown: random() < 0.5 ? 1 : 900 })
            .catch(() => {});
        }
        for (const it of some().slice(0, 20))
          await queue(name)
            .run(it)
            .catch(() => {});
        const deleted = some().slice(0, 20);
        for (const it of deleted) gone.add(it);
        await queue(name).delete(deleted);
        if (page < 3) await pass(name, 2);
      });
      const names = namesOf(records);
      expect(new Set(names).size).toBe(names.length);
      const missed = all.filter((it) => !gone.has(it) && !names.includes(it));
      expect(missed).toEqual([]);
    },
    120_000,
  );

  it("the pages go on after a crash", async () => {
    const added = await queue("paced").add(Array(900).fill({ countdown: 50 }));
    const records = await savedOf("paced", async () => crash());
    expect(namesOf(records).sort()).toEqual(added.map(({ task }) => task?.name).sort());
  });

  it("many named tasks in front of a few without names are passed over in bounded steps", async () => {
    const named = Array.from({ length: 1000 }, (_, i) => ({ name: `z${i}`, countdown: 10 }));
    for (let i = 0; i < 3; i++) {
      await queue("paced").add(named.map((task) => ({ ...task, name: `${task.name}-${i}` })));
    }
    await queue("paced").add({ countdown: 20 });
    const names = namesOf(await savedOf("paced"));
    expect(names).toHaveLength(3001);
    expect([...names].sort()).toEqual(names);
  });
});
