// The list of several shards, page by page, while tasks move between the shards' answers.
import { describe, expect, it } from "vitest";
import { comparePlaces, type Place } from "../../../src/core/list-place.ts";
import { isLeft, type ShardMap, shardOf, shardsOf } from "../../../src/core/sharding/shard-map.ts";
import type { Task } from "../../../src/index.ts";
import type { ListEntry, ListPart, PartAsk } from "../../../src/objects/shard-part.ts";
import { listShards } from "../../../src/objects/sharded/listing.ts";
import type { Routes } from "../../../src/objects/sharded/routes.ts";

const MB = 1024 * 1024;

interface Kept {
  name: string;
  key: number;
  size: number;
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Shards in memory, which answer as a queue's object does; `before` each answer something may happen. */
class Shards {
  map: ShardMap;
  readonly rows: Kept[][];
  readonly asked: { shard: number; ask: PartAsk; given: number }[] = [];
  before: () => void = () => {};

  constructor(map: ShardMap) {
    this.map = map;
    this.rows = shardsOf(map).map(() => []);
  }

  put(shard: number, { name, key, size }: Kept): void {
    const rows = this.rows[shard] as Kept[];
    const taken = new Set(rows.map((row) => row.key));
    let free = key;
    while (taken.has(free)) free++;
    rows.push({ name, key: free, size });
    rows.sort((a, b) => a.key - b.key);
  }

  add(name: string, key: number, size = 0): void {
    this.put(shardOf(name, this.map.former ?? this.map.shards), { name, key, size });
  }

  get routes(): Routes {
    return {
      byMap: (work: (map: ShardMap) => unknown) => work(this.map),
      on: (_: ShardMap, shard: number) => async (_: string, __: object, ask: PartAsk) => {
        await Promise.resolve();
        this.before();
        return this.#answer(shard, ask);
      },
    } as unknown as Routes;
  }

  #answer(shard: number, ask: PartAsk): ListPart {
    const entries: ListEntry[] = [];
    let bytes = 0;
    const rows = (this.rows[shard] as Kept[]).filter((row) => comparePlaces(row, ask.after) > 0);
    const upTo = (key: number): ListPart => {
      this.asked.push({ shard, ask, given: entries.length });
      return { entries, upTo: { key, name: "~" } };
    };
    for (const row of rows) {
      bytes += row.size;
      if (bytes > ask.bytes && entries.length >= ask.least) return upTo(row.key - 1);
      const place: Place = { key: row.key, name: row.name };
      entries.push({ place, size: row.size, task: { name: row.name } as Task });
      if (entries.length === ask.limit) return upTo(row.key);
    }
    this.asked.push({ shard, ask, given: entries.length });
    return { entries };
  }
}

async function pagesOf(shards: Shards, limit: number, between: () => void = () => {}) {
  const pages: string[][] = [];
  for (let cursor: string | undefined; ; ) {
    const { ok } = await listShards(shards.routes, "q", { limit, ...(cursor && { cursor }) });
    pages.push(ok?.tasks.map(({ name }) => name) ?? []);
    cursor = ok?.cursor;
    if (cursor === undefined) return pages;
    if (pages.length > 2000) throw new Error("the list does not come to its end");
    between();
  }
}

describe("a page of several shards", () => {
  it.each([
    [2, 100],
    [8, 100],
    [8, 1000],
    [64, 100],
    [256, 1],
    [256, 100],
  ])("of %i, %i tasks at most, asks each once, and few again", async (n, limit) => {
    const shards = new Shards({ version: 1, shards: n });
    for (let i = 0; i < 5000; i++) shards.add(`n${i}`, i);
    const { ok } = await listShards(shards.routes, "q", { limit });
    expect(ok?.tasks.map(({ name }) => name)).toEqual(
      Array.from({ length: limit }, (_, i) => `n${i}`),
    );
    expect(shards.asked.length).toBeLessThanOrEqual(n + 16);
    const given = shards.asked.reduce((sum, one) => sum + one.given, 0);
    expect(given).toBeLessThanOrEqual(2.5 * limit + 3 * n);
  });

  it("asks one that has all that is next again, and no other", async () => {
    const shards = new Shards({ version: 1, shards: 8 });
    for (let i = 0; i < 1000; i++) shards.put(3, { name: `early${i}`, key: i, size: 0 });
    for (let i = 0; i < 1000; i++) shards.add(`n${i}`, 10_000 + i);
    const pages = await listShards(shards.routes, "q", { limit: 500 });
    expect(pages.ok?.tasks.length).toBe(500);
    expect(shards.asked.slice(8).map(({ shard }) => shard)).toEqual([3]);
  });

  it.each([2, 8, 256])("of %i, each with tasks of a megabyte, holds few of them", async (n) => {
    const shards = new Shards({ version: 1, shards: n });
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < 3; k++) shards.put(i, { name: `n${i}-${k}`, key: 10 * i + k, size: MB });
    }
    const { ok } = await listShards(shards.routes, "q", { limit: 1000 });
    expect(ok?.tasks.length).toBe(Math.min(8, 3 * n));
    const given = shards.asked.reduce((sum, one) => sum + one.given, 0);
    expect(given).toBeLessThanOrEqual(24);
    expect((await pagesOf(shards, 1000)).flat().length).toBe(3 * n);
  });

  it("ends where a shard has passed over many rows, and goes on there", async () => {
    const shards = new Shards({ version: 1, shards: 2 });
    for (let i = 0; i < 40; i++) shards.put(i % 2, { name: `n${i}`, key: i, size: 0 });
    const { routes } = shards;
    const tired = {
      ...routes,
      on: (map: ShardMap, shard: number) => {
        const ask = routes.on(map, shard) as unknown as (...args: unknown[]) => Promise<ListPart>;
        return async (verb: string, query: object, given: PartAsk) => {
          const part = await ask(verb, query, { ...given, limit: Math.min(given.limit, 3) });
          return part.upTo ? { ...part, isTired: true } : part;
        };
      },
    } as unknown as Routes;
    const names: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const { ok } = await listShards(tired, "q", { limit: 100, ...(cursor && { cursor }) });
      names.push(...(ok?.tasks.map(({ name }) => name) ?? []));
      cursor = ok?.cursor;
      if (cursor === undefined) break;
    }
    expect(names).toEqual(Array.from({ length: 40 }, (_, i) => `n${i}`));
  });
});

describe("a list while the number of shards changes", () => {
  const CHANGES = [
    [2, 8],
    [8, 3],
    [1, 4],
    [4, 1],
    [3, 5],
  ] as const;
  const CASES = CHANGES.flatMap(([from, to]) =>
    [1, 7, 50].map((limit, i) => [from, to, limit, 10 * from + to + i] as const),
  );

  it.each(CASES)(
    "from %i to %i, in pages of %i, has every task that stays at its time (seed %i)",
    async (former, n, limit, seed) => {
      const random = seeded(seed);
      const shards = new Shards({ version: 2, shards: n, former });
      const names = Array.from({ length: 200 }, (_, i) => `n${i}`);
      // Some lie close together, so that the new place may have a later key for them.
      for (const [i, name] of names.entries()) shards.add(name, 10 * i + Math.floor(random() * 3));
      /** At both places. */
      const underWay: { name: string; from: number }[] = [];
      const step = () => {
        const from = shards.rows.findIndex(
          (rows, i) => isLeft(shards.map, i) && random() < 0.5 && rows.length > 0,
        );
        const row = shards.rows[from]?.find(
          ({ name }) => shardOf(name, n) !== from && random() < 0.2,
        );
        if (row && !underWay.some(({ name }) => name === row.name)) {
          shards.put(shardOf(row.name, n), row);
          underWay.push({ name: row.name, from });
        }
        if (underWay.length > 3 * random()) {
          const gone = underWay.shift();
          const rows = shards.rows[gone?.from as number] as Kept[];
          rows.splice(
            rows.findIndex(({ name }) => name === gone?.name),
            1,
          );
        }
      };
      shards.before = step;
      const pages = await pagesOf(shards, limit, () => {
        for (let i = 0; i < 5; i++) step();
      });
      const shown = pages.flat();
      expect(new Set(shown)).toEqual(new Set(names));
      for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit);
      for (const page of pages) expect(page).toEqual([...new Set(page)]);
    },
  );
});
