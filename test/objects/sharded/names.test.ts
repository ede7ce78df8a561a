// A queue of four shards, seen as one: names.
import { beforeEach, describe, expect, it } from "vitest";
import { shardOf } from "../../../src/core/sharding/shard-map.ts";
import { freshStart, queue } from "../../support/time.ts";

const NAMES = Array.from({ length: 40 }, (_, i) => `n${i}`);

beforeEach(freshStart);

describe("a queue of four shards", () => {
  it("has each task where its name says", async () => {
    const results = await queue("four-shards").add(NAMES.map((name) => ({ name, countdown: 60 })));
    expect(results.map(({ task }) => task?.name)).toEqual(NAMES);
    const counts = new Set(NAMES.map((name) => shardOf(name, 4)));
    expect(counts.size).toBe(4);
    for (const name of NAMES)
      expect((await queue("four-shards").get(name)).state).toBe("scheduled");
  });

  it("accepts a name once", async () => {
    await queue("four-shards").add({ name: "once", countdown: 60 });
    await expect(queue("four-shards").add({ name: "once" })).rejects.toMatchObject({
      code: "TASK_ALREADY_EXISTS",
    });
  });

  it("finds tasks without names by those it gave them", async () => {
    const added = await Promise.all(
      NAMES.map(() => queue("four-shards").add({ countdown: 60, payload: "p" })),
    );
    for (const { name } of added) expect((await queue("four-shards").get(name)).payload).toBe("p");
  });

  it("deletes many, each where it is", async () => {
    await queue("four-shards").add(NAMES.map((name) => ({ name, countdown: 60 })));
    const deleted = await queue("four-shards").delete([...NAMES, "none"]);
    expect(deleted).toEqual([
      ...NAMES.map((name) => ({ name, deleted: true })),
      { name: "none", deleted: false },
    ]);
  });
});
