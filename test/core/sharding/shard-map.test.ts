import { describe, expect, it } from "vitest";
import {
  shardObject,
  shardOf,
  shardOfObject,
  shardsOf,
} from "../../../src/core/sharding/shard-map.ts";

const NAMES = Array.from({ length: 20_000 }, (_, i) => `task-${i}`);

describe("the shard of a name", () => {
  it.each([1, 2, 3, 8, 64, 256])("spreads evenly over %i", (shards) => {
    const counts = new Map<number, number>();
    for (const name of NAMES) {
      const shard = shardOf(name, shards);
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    expect(counts.size).toBe(shards);
    const expected = NAMES.length / shards;
    for (const count of counts.values()) {
      // Five standard deviations of a fair throw.
      expect(Math.abs(count - expected)).toBeLessThanOrEqual(5 * Math.sqrt(expected) + 1);
    }
  });

  it.each([
    [1, 4],
    [4, 5],
    [8, 3],
    [256, 255],
  ])("from %i to %i shards only names of those that come or go move", (before, after) => {
    const kept = Math.min(before, after);
    for (const name of NAMES.slice(0, 3000)) {
      const [from, to] = [shardOf(name, before), shardOf(name, after)];
      if (from !== to) expect(Math.max(from, to)).toBeGreaterThanOrEqual(kept);
    }
  });

  it("is the same for ever: tasks lie on disk by it", () => {
    expect(["a", "task-1", "é", "0k3j2h1g4f5d6s7a8q9w"].map((name) => shardOf(name, 8))).toEqual([
      0, 2, 0, 6,
    ]);
  });
});

describe("the object of a shard", () => {
  it.each([
    ["mail", 0, "mail"],
    ["mail", 7, "mail#7"],
  ])("%s, %i", (queue, shard, object) => {
    expect(shardObject(queue, shard)).toBe(object);
    expect(shardOfObject(object)).toEqual({ queue, shard });
  });

  it("is one of those now, or of those before", () => {
    expect(shardsOf({ version: 1, shards: 2 })).toEqual([0, 1]);
    expect(shardsOf({ version: 1, shards: 1, former: 3 })).toEqual([0, 1, 2]);
  });
});
