import { describe, expect, it } from "vitest";
import {
  nameOn,
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

describe("a name on a shard", () => {
  const MADE_UP = "00d5ksv9q1z3f8k2j7x0";

  it.each([1, 2, 4, 8, 64, 256])("is where its shard of %i is looked for", (shards) => {
    for (const given of [MADE_UP, ...NAMES.slice(0, 20)]) {
      for (let shard = 0; shard < shards; shard++) {
        const name = nameOn(shard, shards, given);
        if (name !== undefined) expect(shardOf(name, shards)).toBe(shard);
        if (shardOf(given, shards) === shard) expect(name).toBe(given);
        expect(name?.slice(0, -1) ?? given.slice(0, -1)).toBe(given.slice(0, -1));
      }
    }
  });

  it("is found with another last digit, as good as always among few shards", () => {
    const found = NAMES.filter((name) => nameOn(3, 4, name) !== undefined);
    expect(found.length).toBeGreaterThanOrEqual(NAMES.length - 10);
  });

  it("has every last digit as often", () => {
    const counts = new Map<string, number>();
    for (const [i, name] of NAMES.entries()) {
      const found = nameOn(1, 4, name + (i % 36).toString(36));
      if (found === undefined) continue;
      const last = found.slice(-1);
      counts.set(last, (counts.get(last) ?? 0) + 1);
    }
    expect(counts.size).toBe(36);
    const expected = NAMES.length / 36;
    for (const count of counts.values()) {
      expect(Math.abs(count - expected)).toBeLessThanOrEqual(8 * Math.sqrt(expected));
    }
  });

  it("is on no shard that takes none", () => {
    expect(nameOn(4, 4, MADE_UP)).toBeUndefined();
    expect(nameOn(1, 1, MADE_UP)).toBeUndefined();
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
