// A queue whose number of shards changes while it has tasks.
import { beforeEach, describe, expect, it } from "vitest";
import { shardOf } from "../../../src/core/sharding/shard-map.ts";
import { deployShards, rowsOf, untilMoved } from "../../support/resharding.ts";
import { freshStart, objectsOf, queue } from "../../support/time.ts";

const NAMES = Array.from({ length: 40 }, (_, i) => `n${i}`);
const Q = "four-shards";

beforeEach(freshStart);

/** Names in the tables of each object, which are to be those that belong there. */
async function expectAtHome(shards: number): Promise<string[]> {
  const all: string[] = [];
  for (const [index, object] of objectsOf(Q).entries()) {
    const rows = await rowsOf(
      object,
      "SELECT name FROM tasks UNION SELECT name FROM names UNION SELECT name FROM failed",
    );
    const names = rows.map(({ name }) => name as string);
    for (const name of names) expect(shardOf(name, shards), name).toBe(index);
    all.push(...names);
  }
  expect(new Set(all).size).toBe(all.length);
  return all.sort();
}

describe("a queue of four shards", () => {
  it.each([8, 3, 1])("becomes one of %i, and has each task where its name says", async (shards) => {
    await queue(Q).add(NAMES.map((name) => ({ name, countdown: 3600 })));
    const unnamed = await queue(Q).add(NAMES.map(() => ({ countdown: 3600, payload: "p" })));
    await deployShards(Q, shards);
    for (const name of NAMES) expect((await queue(Q).get(name)).state).toBe("scheduled");
    await untilMoved(Q, shards);
    const names = [...NAMES, ...unnamed.map(({ task }) => task?.name as string)];
    expect(await expectAtHome(shards)).toEqual(names.sort());
    for (const name of names) expect((await queue(Q).get(name)).state).toBe("scheduled");
  });
});
