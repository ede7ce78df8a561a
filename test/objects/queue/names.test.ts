import { beforeEach, describe, expect, it } from "vitest";
import type { Added } from "../../../src/core/task/calls.ts";
import {
  TaskAlreadyExistsError,
  TombstonedTaskError,
  UnknownTaskError,
} from "../../../src/index.ts";
import type { TaskQueueObject } from "../../../src/objects/queue/task-queue.ts";
import { clock } from "../../support/clock.ts";
import { evict, freshStart, objectOf, pass, queue } from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

const NINE_DAYS_S = 9 * 24 * 3600;

describe("a name", () => {
  it("is taken while its task lives: waiting, and between retries", async () => {
    handlers.set("/_ah/queue/push", () => new Response(null, { status: 500 }));
    await queue("push").add({ name: "n1", countdown: 10 });
    await expect(queue("push").add({ name: "n1" })).rejects.toThrow(TaskAlreadyExistsError);
    await pass("push", 10.05);
    expect(received.length).toBeGreaterThan(0);
    await expect(queue("push").add({ name: "n1" })).rejects.toThrow(TaskAlreadyExistsError);
  });

  it("is tombstoned once its task ran, for nine days and no longer", async () => {
    await queue("push").add({ name: "n1" });
    await pass("push", 0);
    const error = await queue("push")
      .add({ name: "n1" })
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TombstonedTaskError);
    expect(error.details).toMatchObject({ name: "n1", state: "done" });
    expect(Date.parse(error.details.expiresAt) - clock.now).toBe(NINE_DAYS_S * 1000);
    clock.now += (NINE_DAYS_S - 1) * 1000;
    await expect(queue("push").add({ name: "n1" })).rejects.toThrow(TombstonedTaskError);
    clock.now += 1000;
    await expect(queue("push").add({ name: "n1" })).resolves.toMatchObject({ name: "n1" });
  });

  it("is tombstoned after delete, purge and giving up too, each saying which", async () => {
    handlers.set("/_ah/queue/one-retry", () => new Response(null, { status: 500 }));
    const q = queue("one-retry");
    await q.add([
      { name: "deleted", countdown: 9 },
      { name: "failed" },
      { name: "purged", countdown: 9 },
    ]);
    await q.delete(["deleted"]);
    await pass("one-retry", 5);
    await q.purge();
    for (const [name, state] of Object.entries({
      deleted: "deleted",
      failed: "failed",
      purged: "deleted",
    })) {
      await expect(q.add({ name })).rejects.toMatchObject({
        code: "TOMBSTONED_TASK",
        details: { state },
      });
    }
  });

  it("in another queue is another name", async () => {
    await queue("push").add({ name: "n1" });
    await expect(queue("paced").add({ name: "n1" })).resolves.toMatchObject({ name: "n1" });
  });

  it("outlives a restart, as a task and as a tombstone", async () => {
    await queue("push").add([{ name: "ran" }, { name: "waits", countdown: 60 }]);
    await pass("push", 0);
    await evict("push");
    await expect(queue("push").add({ name: "ran" })).rejects.toThrow(TombstonedTaskError);
    await expect(queue("push").add({ name: "waits" })).rejects.toThrow(TaskAlreadyExistsError);
  });

  it("is free after the queue's own tombstone_ttl, and the record of a failed task gone after keep_failed", async () => {
    handlers.set("/_ah/queue/brief", () => new Response(null, { status: 500 }));
    await queue("brief").add({ name: "n1" });
    await pass("brief", 0);
    expect((await queue("brief").get("n1")).attempts).toHaveLength(1);
    clock.now += 59_000;
    await expect(queue("brief").add({ name: "n1" })).rejects.toThrow(TombstonedTaskError);
    clock.now += 1000;
    await expect(queue("brief").get("n1")).rejects.toThrow(UnknownTaskError);
    await queue("brief").add({ name: "n2" });
    await pass("brief", 1);
    expect((await queue("brief").list({ state: "failed" })).tasks.map(({ name }) => name)).toEqual([
      "n2",
    ]);
  });

  it("that was generated leaves no tombstone, and finds its task until it is done", async () => {
    handlers.set(
      "/_ah/queue/push",
      () => new Response(null, { status: received.length > 1 ? 200 : 500 }),
    );
    const { name } = await queue("push").add({});
    expect((await queue("push").get(name)).state).toBe("due");
    await pass("push", 0.05);
    expect(await queue("push").get(name)).toMatchObject({ state: "scheduled", retryCount: 1 });
    await pass("push", 1);
    await expect(queue("push").get(name)).rejects.toThrow(UnknownTaskError);
  });
});

describe("a batch with names that are taken", () => {
  it("adds the others: [exists, new, new]", async () => {
    await queue("push").add({ name: "n1", countdown: 60 });
    const results = await queue("push").add([{ name: "n1" }, { name: "n2" }, { name: "n3" }]);
    expect(results.map(({ error }) => error?.code)).toEqual([
      "TASK_ALREADY_EXISTS",
      undefined,
      undefined,
    ]);
    expect((await queue("push").describe()).statistics.tasks).toBe(3);
  });

  it("tells the two apart: [exists, tombstoned, new]", async () => {
    await queue("push").add([
      { name: "n1", countdown: 60 },
      { name: "n2", countdown: 60 },
    ]);
    await queue("push").delete(["n2"]);
    const results = await queue("push").add([{ name: "n1" }, { name: "n2" }, { name: "n9" }]);
    expect(results.map(({ error, task }) => error?.constructor ?? task?.name)).toEqual([
      TaskAlreadyExistsError,
      TombstonedTaskError,
      "n9",
    ]);
  });

  it("adds none when it is atomic", async () => {
    await queue("push").add({ name: "n1", countdown: 60 });
    const adding = queue("push").add([{ name: "n0" }, { name: "n1" }], { atomic: true });
    await expect(adding).rejects.toMatchObject({
      code: "TASK_ALREADY_EXISTS",
      details: [{ index: 1, code: "TASK_ALREADY_EXISTS" }],
    });
    await expect(queue("push").get("n0")).rejects.toThrow(UnknownTaskError);
  });

  it("stores nothing and takes no name when one task is invalid", async () => {
    const adding = queue("push").add([{ name: "n1" }, { name: "a.b" }, { countdown: 2_592_001 }]);
    await expect(adding).rejects.toMatchObject({
      code: "INVALID_TASK_NAME",
      details: [
        { index: 1, code: "INVALID_TASK_NAME" },
        { index: 2, code: "INVALID_ETA" },
      ],
    });
    await expect(queue("push").add({ name: "n1" })).resolves.toBeDefined();
  });

  it("is refused whole when a name is in it twice", async () => {
    const adding = queue("push").add([{ name: "n1" }, { name: "n1" }]);
    await expect(adding).rejects.toMatchObject({ code: "DUPLICATE_TASK_NAME" });
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
  });

  it("takes a thousand tasks and not one more", async () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({ name: `n${i}`, countdown: 60 }));
    expect(await queue("push").add(many)).toHaveLength(1000);
    await expect(queue("paced").add([...many, {}])).rejects.toMatchObject({
      code: "TOO_MANY_TASKS",
    });
    expect((await queue("paced").describe()).statistics.tasks).toBe(0);
  });
});

describe("adds begun together", () => {
  it("go in together, and each hears of its own task alone", async () => {
    const q = queue("push");
    const outcomes = await Promise.allSettled([
      q.add({ name: "a", countdown: 1 }),
      q.add({ name: "b.b" }),
      q.add({ name: "a" }),
      q.add([{ name: "c" }, { name: "d" }]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    expect(outcomes[1]).toMatchObject({ reason: { code: "INVALID_TASK_NAME" } });
    expect(outcomes[2]).toMatchObject({ reason: { code: "TASK_ALREADY_EXISTS" } });
  });

  it.each([
    { calls: ["a", "b", "a", "c b"], answers: ["a", "b", "!", "c !"] },
    { calls: ["a", "atomic b a", "b", "atomic c", "c"], answers: ["a", "refused", "b", "c", "!"] },
    { calls: ["a", "A/", "b A/", "a"], answers: ["a", "refused", "refused", "!"] },
    { calls: ["", "a", "", "a"], answers: ["?", "a", "?", "!"] },
  ])("have the answers that they would have one after the other: $calls", async (row) => {
    const object = objectOf("push") as unknown as Pick<TaskQueueObject, "add">;
    const callOf = (call: string) => {
      const atomic = call.startsWith("atomic ");
      const names = call.replace("atomic ", "").split(" ");
      const tasks = names.map((name) => ({ countdown: 60, ...(name && { name }) }));
      return { atomic, tasks };
    };
    // Two messages, that come together.
    const [first = "", ...rest] = row.calls;
    const messages = [[callOf(first)], rest.map(callOf)].map((calls) => object.add(calls));
    const answers = (await Promise.all(messages)).flat();
    const said = answers.map(({ ok, failure }) =>
      failure ? "refused" : ok.map((added) => saidOf(added)).join(" "),
    );
    expect(said).toEqual(row.answers);
    const added = said.flatMap((one) => one.split(" ")).filter((one) => /^[a-z?]$/.test(one));
    expect((await queue("push").list()).tasks).toHaveLength(added.length);
  });
});

function saidOf(added: Added): string {
  if (added.error) return "!";
  if ("task" in added) return added.task.name;
  return /^[a-z]$/.test(added.name) ? added.name : "?";
}

describe("operations", () => {
  it("delete says for each name whether it was there", async () => {
    await queue("push").add({ name: "n1", countdown: 60 });
    expect(await queue("push").delete(["n1", "nobody"])).toEqual([
      { name: "n1", deleted: true },
      { name: "nobody", deleted: false },
    ]);
    expect(await queue("push").delete(["n1"])).toEqual([{ name: "n1", deleted: false }]);
    await pass("push", 120);
    expect(received).toHaveLength(0);
  });

  it("purge empties the queue and nothing of it runs", async () => {
    await queue("push").add(Array.from({ length: 50 }, () => ({ countdown: 5 })));
    const { statistics } = await queue("push").purge();
    expect(statistics).toMatchObject({ tasks: 0, oldestEta: null });
    await pass("push", 60);
    expect(received).toHaveLength(0);
  });

  it("lists in due order, page by page, two tasks of one instant on two pages", async () => {
    await queue("push").add([
      { name: "late", countdown: 20 },
      { name: "b", countdown: 10 },
      { name: "a", countdown: 10 },
    ]);
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queue("push").list({ limit: 1, ...(cursor ? { cursor } : {}) });
      names.push(...page.tasks.map(({ name }) => name));
      cursor = page.cursor;
    } while (cursor);
    expect(names).toEqual(["b", "a", "late"]);
  });

  it("lists by state and by the beginning of the name", async () => {
    await queue("stopped").add([
      { name: "x-1" },
      { name: "x-2", countdown: 60 },
      { name: "y-1", countdown: 60 },
    ]);
    const names = async (query: object) =>
      (await queue("stopped").list(query)).tasks.map(({ name }) => name);
    expect(await names({ state: "due" })).toEqual(["x-1"]);
    expect(await names({ state: "scheduled" })).toEqual(["x-2", "y-1"]);
    expect(await names({ prefix: "x-" })).toEqual(["x-1", "x-2"]);
  });

  it("statistics count what is on the queue, its oldest ETA, and what ran in the last minute", async () => {
    await queue("push").add([{}, {}, { countdown: 60 }]);
    await pass("push", 1);
    const { statistics } = await queue("push").describe();
    expect(statistics).toMatchObject({
      tasks: 1,
      executedLastMinute: 2,
      inFlight: 0,
      enforcedRate: 500,
    });
    expect(Date.parse(statistics.oldestEta ?? "")).toBe(clock.now + 59_000);
    clock.now += 59_000;
    expect((await queue("push").describe()).statistics.executedLastMinute).toBe(0);
  });
});
