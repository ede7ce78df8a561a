// A queue of many shards in simulation (test/support/shards-simulation.ts). `SHARES_LONG=1` runs it for longer and
// prints the figures.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Total } from "../../../src/core/sharding/share.ts";
import {
  excessOf,
  type Happening,
  type Network,
  type Outcome,
  type Scenario,
  Simulation,
  seeded,
  usedRate,
} from "../../support/shards-simulation.ts";

const LONG = process.env.SHARES_LONG === "1" ? 10 : 1;
const MINUTE = 60_000;

function queueOf(shards: number, rate: number, capacity: number, slots: number): Total {
  return { shards, slots, bucket: { rate, capacity } };
}

function run(scenario: Scenario): Outcome {
  return new Simulation({ clocks: 3_600_000, late: 2, ...scenario }).run();
}

/** More than can be started on each of these shards. */
function backlog(shards: readonly number[], tasks = 1e6): Happening[] {
  return shards.map((shard) => ({ at: 0, shard, tasks }));
}

function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

function startsOf({ starts }: Outcome, shard: number): number[] {
  return starts.filter((it) => it.shard === shard).map(({ at }) => at);
}

function report(name: string, figures: object): void {
  if (LONG > 1) console.log(`${name}: ${JSON.stringify(figures)}`);
}

describe("a queue whose shards all have a backlog", () => {
  // Shards, rate, bucket, slots, ms of an attempt. Where the bucket has a token for each shard, or few shards take
  // turns with it, it carries its rate.
  it.each<[number, number, number, number, number]>([
    [2, 10, 10, 100, 0],
    [4, 100, 100, 1000, 0],
    [4, 500, 100, 1000, 50],
    [4, 2000, 200, 1000, 5],
    [4, 500, 5, 1000, 0],
    [8, 50, 8, 20, 100],
    [10, 5, 5, 1000, 0],
    [10, 20, 1, 1000, 0],
    [100, 500, 500, 1000, 0],
    [100, 500, 100, 1000, 20],
    [100, 5, 5, 1000, 0],
    [4, 1, 1, 10, 0],
    [4, 0.5, 5, 1000, 0],
    [100, 0.5, 5, 100, 0],
    [4, 500, 500, 2, 1],
    [100, 500, 500, 20, 20],
  ])("%i shards, %d/s, bucket %d, %d at once, %d ms", (shards, rate, capacity, slots, runs) => {
    const total = queueOf(shards, rate, capacity, slots);
    const until = LONG * (rate <= 10 ? 10 : 1) * MINUTE;
    const outcome = run({ total, runs, happenings: backlog(upTo(shards)), until });
    const used = usedRate(outcome.starts, total, until / 10, until);
    const by = upTo(shards).map((shard) => startsOf(outcome, shard).length);
    const figures = {
      used,
      asks: outcome.asks,
      calls: outcome.calls,
      least: Math.min(...by),
      most: Math.max(...by),
    };
    report(`backlog ${shards} ${rate}/s ${capacity} ${slots}`, figures);
    expect(excessOf(outcome.starts, total)).toBe(0);
    expect(outcome.mostRunning).toBeLessThanOrEqual(slots);
    expect(used).toBeGreaterThanOrEqual(0.97);
    expect(figures.least).toBeGreaterThan(0);
  });

  it.each<[number, number, number]>([
    [100, 100, 20],
    [100, 100, 40],
    [60, 500, 20],
  ])("%i shards, %d/s, bucket %d: takes turns, which costs something", (shards, rate, capacity) => {
    const total = queueOf(shards, rate, capacity, 1000);
    const outcome = run({ total, happenings: backlog(upTo(shards)), until: LONG * MINUTE });
    const used = usedRate(outcome.starts, total, 6_000, LONG * MINUTE);
    const messages = (outcome.asks + outcome.calls) / (LONG * 60);
    report(`turns ${shards} ${rate}/s ${capacity}`, { used, messages });
    expect(excessOf(outcome.starts, total)).toBe(0);
    expect(used).toBeGreaterThanOrEqual(0.97);
    // One for each shard in a second: whom no part is for yet is not told of one.
    expect(messages).toBeLessThan(shards);
    expect(
      Math.min(...upTo(shards).map((shard) => startsOf(outcome, shard).length)),
    ).toBeGreaterThan(0);
  });

  it("without a rate limit uses its slots", () => {
    const total = { shards: 4, slots: 10, bucket: undefined };
    const outcome = run({ total, runs: 100, happenings: backlog(upTo(4)), until: MINUTE });
    expect(outcome.mostRunning).toBe(10);
    expect(outcome.starts.length).toBeGreaterThan(0.95 * 10 * 600);
  });

  it.each<[string, Partial<Total>]>([
    ["with rate 0", { bucket: { rate: 0, capacity: 10 } }],
    ["without slots", { slots: 0 }],
  ])("%s starts nothing, until it may", (_, less) => {
    const total = queueOf(4, 10, 10, 10);
    const happenings = [...backlog(upTo(4)), { at: MINUTE, total }];
    const outcome = run({ total: { ...total, ...less }, happenings, until: 2 * MINUTE });
    expect(outcome.starts[0]?.at).toBeGreaterThanOrEqual(MINUTE);
    expect(usedRate(outcome.starts, total, MINUTE + 5000, 2 * MINUTE)).toBeGreaterThan(0.97);
  });
});

/** Messages come late, twice, or not at all. */
const BAD: Network = { delay: [2, 80], lost: 0.05, doubled: 0.05, late: [0.02, 40_000] };

/** Restarts, some of them of the coordinator, and times in which nobody is reached. */
function troubles(shards: number, until: number, seed: number, every = 2_000): Happening[] {
  const random = seeded(seed);
  const found: Happening[] = [];
  for (let at = every; at < until; at += 2 * every * random()) {
    const restart = random() < 0.2 ? 0 : Math.floor(random() * shards);
    found.push({ at: Math.round(at), restart });
    if (random() > 0.05) continue;
    const cutAt = Math.round(at);
    found.push(
      { at: cutAt, cutOff: true },
      { at: cutAt + Math.round(random() * 20_000), cutOff: false },
    );
  }
  return found;
}

/** Tasks that come to some shards far more often than to others, in bursts. */
function skewed(shards: number, rate: number, until: number, seed: number): Happening[] {
  const random = seeded(seed);
  const found: Happening[] = [];
  for (let at = 0; at < until; at += 100) {
    if (random() < 0.3) continue;
    const shard = Math.floor(shards * random() ** 4);
    found.push({ at, shard, tasks: Math.ceil(((rate / 10) * random() ** 2 * 3) / 0.7) });
  }
  return found;
}

describe("under late, lost and doubled messages and restarts", () => {
  it.each<[number, number, number, number, number]>([
    [2, 20, 5, 10, 1],
    [4, 100, 10, 20, 2],
    [4, 1, 1, 3, 3],
    [8, 500, 100, 50, 4],
    [16, 0.5, 3, 5, 5],
    [40, 500, 500, 30, 6],
    [100, 200, 200, 1000, 7],
  ])("%i shards, %d/s, bucket %d, %d at once (%i)", (shards, rate, capacity, slots, seed) => {
    const total = queueOf(shards, rate, capacity, slots);
    const until = LONG * 2 * MINUTE;
    const happenings = [
      ...skewed(shards, rate * 1.5, until, seed),
      ...troubles(shards, until, seed),
    ];
    const outcome = run({ ...{ total, runs: 60, happenings, until, seed }, network: BAD });
    report(`bad ${shards} ${rate}/s ${capacity} ${slots}`, {
      used: usedRate(outcome.starts, total, 0, until),
      asks: outcome.asks,
      calls: outcome.calls,
    });
    expect(excessOf(outcome.starts, total)).toBe(0);
    expect(outcome.mostRunning).toBeLessThanOrEqual(slots);
    expect(outcome.starts.length).toBeGreaterThan(0);
  });

  it("holds the bound over any history", () => {
    const history = fc.record({
      shards: fc.integer({ min: 1, max: 8 }),
      rate: fc.constantFrom(0.2, 1, 3, 10, 50, 300),
      capacity: fc.integer({ min: 1, max: 30 }),
      slots: fc.integer({ min: 1, max: 20 }),
      runs: fc.constantFrom(0, 10, 300, 5000),
      seed: fc.integer({ min: 1, max: 1e9 }),
      lost: fc.constantFrom(0, 0.1, 0.4),
      doubled: fc.constantFrom(0, 0.3),
      late: fc.constantFrom<[number, number]>([0, 0], [0.2, 30_000]),
      every: fc.constantFrom(300, 3_000, 20_000),
    });
    fc.assert(
      fc.property(history, ({ shards, rate, capacity, slots, runs, seed, every, ...network }) => {
        const total = queueOf(shards, rate, capacity, slots);
        const until = 40_000;
        const happenings = [
          ...skewed(shards, rate * 2, until, seed),
          ...troubles(shards, until, seed, every),
        ];
        const outcome = run({
          ...{ total, runs, happenings, until, seed },
          network: { delay: [1, 100], ...network },
        });
        expect(excessOf(outcome.starts, total)).toBe(0);
        expect(outcome.mostRunning).toBeLessThanOrEqual(slots);
      }),
      { numRuns: 100 * LONG },
    );
  });

  it("uses nearly all of the rate though shards vanish", () => {
    const total = queueOf(10, 100, 100, 1000);
    const until = 5 * MINUTE;
    const restarts = troubles(10, until, 8, 20_000).filter((it) => "restart" in it);
    const outcome = run({ total, happenings: [...backlog(upTo(10)), ...restarts], until });
    const used = usedRate(outcome.starts, total, 10_000, until);
    report("vanishing shards", { used, restarts: restarts.length });
    expect(excessOf(outcome.starts, total)).toBe(0);
    expect(used).toBeGreaterThan(0.95);
  });
});

describe("what idle shards hold", () => {
  it.each<[number, number, number]>([
    [4, 100, 100],
    [4, 500, 20],
    [20, 100, 40],
    [100, 500, 200],
  ])(
    "comes to the busy ones within a second: %i shards, %d/s, bucket %d",
    (shards, rate, capacity) => {
      const total = queueOf(shards, rate, capacity, 1000);
      // All have had something to do, and then one alone has.
      const few = Math.ceil((rate * 4) / shards);
      const happenings = [...backlog(upTo(shards), few), { at: 20_000, shard: 1, tasks: 1e6 }];
      const outcome = run({ total, happenings, until: 40_000 });
      const busy = outcome.starts.filter(({ shard }) => shard === 1);
      expect(usedRate(busy, total, 21_000, 40_000)).toBeGreaterThanOrEqual(0.97);
      expect(excessOf(outcome.starts, total)).toBe(0);
    },
  );

  it.each([
    [4, 100, 100],
    [10, 50, 20],
  ])(
    "and from a busy one, once another has something too: %i shards, %d/s, bucket %d",
    (shards, rate, capacity) => {
      const total = queueOf(shards, rate, capacity, 1000);
      const happenings: Happening[] = [
        { at: 0, shard: 1, tasks: 1e6 },
        { at: 20_000, shard: 2, tasks: 1e6 },
      ];
      const outcome = run({ total, happenings, until: 40_000 });
      const second = startsOf(outcome, 2);
      expect(second[0]).toBeLessThan(21_000);
      const used = usedRate(
        outcome.starts.filter(({ shard }) => shard === 2),
        total,
        21_000,
        40_000,
      );
      expect(used).toBeGreaterThan(0.45);
      expect(used).toBeLessThan(0.55);
    },
  );
});

describe("without its coordinator", () => {
  it("a shard goes on with what it holds, and then stops", () => {
    const total = queueOf(4, 100, 100, 1000);
    const happenings = [...backlog(upTo(4)), { at: 20_000, cutOff: true }];
    const outcome = run({ total, happenings, until: 60_000 });
    const others = outcome.starts.filter(({ shard }) => shard !== 0);
    expect(others.filter(({ at }) => at > 21_000 && at < 24_000)).not.toEqual([]);
    expect(others.filter(({ at }) => at > 30_100)).toEqual([]);
    expect(excessOf(outcome.starts, total)).toBe(0);
  });
});

describe("a queue that is changed", () => {
  it.each<[string, Partial<Total>]>([
    ["a lower rate", { bucket: { rate: 20, capacity: 100 } }],
    ["a higher rate", { bucket: { rate: 200, capacity: 100 } }],
    ["a smaller bucket", { bucket: { rate: 100, capacity: 10 } }],
    ["fewer slots", { slots: 3 }],
  ])("goes by %s within a second", (_, change) => {
    const before = queueOf(4, 100, 100, 100);
    const total = { ...before, ...change };
    const happenings = [...backlog(upTo(4)), { at: 20_000, total: change }];
    const outcome = run({ total: before, runs: 30, happenings, until: 60_000 });
    const after = outcome.starts.filter(({ at }) => at >= 21_000);
    expect(excessOf(after, total)).toBe(0);
    const limit = Math.min(total.bucket?.rate ?? 0, (total.slots * 1000) / 31);
    expect(after.length / 39).toBeGreaterThan(0.95 * limit);
  });

  it("keeps its tokens while it is paused, and gains none", () => {
    const total = queueOf(4, 10, 40, 100);
    const pause = { bucket: { rate: 0, capacity: 40 } };
    const happenings: Happening[] = [
      ...backlog(upTo(4), 5),
      { at: 1_000, total: pause },
      ...[1, 2, 3].map((shard): Happening => ({ at: 500_000, shard, tasks: 1000 })),
      { at: 600_000, total: { bucket: { rate: 10, capacity: 40 } } },
    ];
    const outcome = run({ total, happenings, until: 601_000 });
    const after = outcome.starts.filter(({ at }) => at >= 600_000);
    // 40 less 20 that started, and 10 that came in before it was paused.
    expect(after.length).toBeGreaterThan(20);
    expect(after.length).toBeLessThanOrEqual(40);
    expect(outcome.starts.filter(({ at }) => at > 1_100 && at < 600_000)).toEqual([]);
  });
});
