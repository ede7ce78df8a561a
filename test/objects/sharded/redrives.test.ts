// Failures and redrives of a queue of several shards: one rate for all of it, and none is missed while tasks go from one
// shard to another.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { TaskQueueObject } from "../../../src/objects/queue/task-queue.ts";
import { deployShards, passAll, untilMoved } from "../../support/resharding.ts";
import { crash, freshStart, queue } from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

const Q = "four-shards";
const NAMES = Array.from({ length: 24 }, (_, i) => `n${i}`);
const FAILS = { retry: { limit: 0 }, url: "/fails" };

async function fail(names: readonly string[], error = "no"): Promise<void> {
  handlers.set("/fails", () => new Response(error, { status: 500 }));
  await queue(Q).add(names.map((name) => ({ name, ...FAILS })));
  await passAll(Q, 30);
}

function again(since: number): string[] {
  return received.slice(since).map(({ headers }) => headers.get("X-AppEngine-TaskName") ?? "");
}

async function standing(id: string) {
  return (await queue(Q).redrives()).find((it) => it.id === id);
}

describe("of four shards", () => {
  it("failures are those of all of them", async () => {
    await fail(NAMES, "user 1");
    await fail(["other"], "disk full");
    const page = await queue(Q).failures();
    expect(page).toMatchObject({ scanned: 25, more: false });
    expect(page.failures).toMatchObject([
      { count: 24, error: "user <n>" },
      { count: 1, error: "disk full", tasks: ["other"] },
    ]);
    expect(page.failures[0]?.tasks).toHaveLength(3);
  });

  it("a redrive has one rate for all of them", async () => {
    await fail(NAMES);
    handlers.clear();
    const since = received.length;
    const { id } = await queue(Q).startRedrive({ rate: "4/s" });
    await passAll(Q, 3.5);
    expect((await standing(id))?.redriven).toBe(13);
    await passAll(Q, 30);
    expect(await standing(id)).toMatchObject({ state: "done", redriven: 24 });
    expect(again(since).sort()).toEqual([...NAMES].sort());
  });

  it("goes on through evictions", async () => {
    await fail(NAMES);
    handlers.clear();
    const since = received.length;
    const { id } = await queue(Q).startRedrive({ rate: "8/s" });
    for (let i = 0; i < 6; i++) {
      await passAll(Q, 0.7);
      await crash();
    }
    await passAll(Q, 10);
    expect(await standing(id)).toMatchObject({ state: "done", redriven: 24 });
    await passAll(Q, 30);
    expect(again(since).sort()).toEqual([...NAMES].sort());
  });

  it("counts a batch once whose answer was lost", async () => {
    await fail(NAMES);
    handlers.clear();
    const { onShard } = TaskQueueObject.prototype;
    vi.spyOn(console, "error").mockImplementation(() => {});
    let lost = 0;
    vi.spyOn(TaskQueueObject.prototype, "onShard").mockImplementation(async function (
      this: TaskQueueObject,
      ...args: Parameters<typeof onShard>
    ) {
      const answer = await onShard.apply(this, args);
      if (args[1] !== "redriveBatch" || lost >= 3) return answer;
      lost++;
      throw new Error("lost by the test");
    });
    const since = received.length;
    const { id } = await queue(Q).startRedrive();
    await passAll(Q, 120);
    vi.restoreAllMocks();
    expect(lost).toBe(3);
    expect(await standing(id)).toMatchObject({ state: "done", redriven: 24 });
    expect(again(since).sort()).toEqual([...NAMES].sort());
  });
});

it.each([[8], [2], [1]])("while its shards become %i it misses none", async (shards) => {
  await fail(NAMES);
  handlers.clear();
  const since = received.length;
  const { id } = await queue(Q).startRedrive({ rate: "3/s" });
  await passAll(Q, 2);
  await deployShards(Q, shards);
  await passAll(Q, 1);
  await untilMoved(Q, shards);
  await passAll(Q, 60);
  expect(await standing(id)).toMatchObject({ state: "done", redriven: 24 });
  expect(again(since).sort()).toEqual([...NAMES].sort());
  expect((await queue(Q).describe()).statistics.failed).toBe(0);
});
