// Limits that several queues share in simulation (test/support/limits-simulation.ts). `LIMITS_LONG=1` runs it for
// longer and prints the figures.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SharedLimit, totalOf } from "../../../src/core/sharding/limit.ts";
import {
  type LimitHappening,
  type LimitOutcome,
  type LimitScenario,
  LimitsSimulation,
  type SimulatedQueue,
} from "../../support/limits-simulation.ts";
import { excessOf, type Network, seeded, usedRate } from "../../support/shards-simulation.ts";

const LONG = process.env.LIMITS_LONG === "1" ? 10 : 1;
const MINUTE = 60_000;
const NONE = Number.POSITIVE_INFINITY;

/** A limit that so many queues draw from. */
function limitOf(holders: number, rate: number, bucketSize = 5, most = NONE) {
  const limit = { name: "l", rateText: "", rate, bucketSize, maxConcurrentRequests: most };
  return totalOf(limit satisfies SharedLimit, holders);
}

function run(scenario: LimitScenario): LimitOutcome {
  return new LimitsSimulation({ clocks: 3_600_000, late: 2, ...scenario }).run();
}

/** More than can be started on each of so many queues. */
function backlog(queues: number, tasks = 1e6): LimitHappening[] {
  return Array.from({ length: queues }, (_, queue) => ({ at: 0, queue, tasks }));
}

/** What of the starts draws from the limit at `place`. */
function drawn({ starts }: LimitOutcome, queues: readonly SimulatedQueue[], place: number) {
  return starts
    .filter(({ queue }) => queues[queue]?.limits.includes(place))
    .map(({ at, queue }) => ({ at, shard: queue }));
}

function startsOf({ starts }: LimitOutcome, queue: number, from = 0): number {
  return starts.filter((it) => it.queue === queue && it.at >= from).length;
}

function report(name: string, figures: object): void {
  if (LONG > 1) console.log(`${name}: ${JSON.stringify(figures)}`);
}

/** No limit was passed by anybody. */
function expectBounds(outcome: LimitOutcome, { limits, queues }: LimitScenario): void {
  for (const [place, total] of limits.entries()) {
    expect(excessOf(drawn(outcome, queues, place), total)).toBe(0);
    expect(outcome.mostRunning[place]).toBeLessThanOrEqual(total.slots);
  }
}

const ONE = { limits: [0] };

describe("queues that all have a backlog", () => {
  it.each<[number, number, number, number, number]>([
    [2, 90, 10, 20, 0],
    [2, 90, 10, 20, 100],
    [3, 10, 5, NONE, 0],
    [3, 500, 20, NONE, 10],
    [10, 20, 10, NONE, 0],
    [5, 2, 5, NONE, 0],
    [3, 0.5, 5, NONE, 0],
    [20, 100, 40, 100, 50],
    [8, 1, 1, NONE, 0],
  ])("%i queues, %d/s, bucket %d, %d at once, %d ms", (n, rate, capacity, slots, runs) => {
    const until = LONG * (rate <= 10 ? 10 : 1) * MINUTE;
    const queues = Array.from({ length: n }, () => ({ ...ONE, runs }));
    const scenario = { limits: [limitOf(n, rate, capacity, slots)], queues, until };
    const outcome = run({ ...scenario, happenings: backlog(n) });
    const used = usedRate(drawn(outcome, queues, 0), limitOf(n, rate), until / 10, until);
    const by = queues.map((_, queue) => startsOf(outcome, queue));
    report(`backlog ${n} ${rate}/s ${capacity} ${slots}`, { used, by, asks: outcome.asks });
    expectBounds(outcome, { ...scenario, happenings: [] });
    expect(used).toBeGreaterThanOrEqual(0.95);
    expect(Math.min(...by)).toBeGreaterThan(0.5 * Math.max(...by));
  });

  it("use all slots of a limit without a rate", () => {
    const queues = [1, 2, 3].map(() => ({ ...ONE, runs: 100 }));
    const limits = [limitOf(3, NONE, 5, 20)];
    const outcome = run({ limits, queues, happenings: backlog(3), until: MINUTE });
    expect(outcome.mostRunning).toEqual([20]);
    expect(outcome.starts.length).toBeGreaterThan(0.95 * 20 * 600);
  });

  it.each<[string, Partial<SimulatedQueue>, number]>([
    ["its own rate", { bucket: { rate: 5, capacity: 5 } }, 5],
    ["its own slots", { slots: 1, runs: 200 }, 5],
  ])("one that %s holds back leaves the rest to the others", (_, own, pace) => {
    const queues = [{ ...ONE, ...own }, { ...ONE }];
    const limits = [limitOf(2, 90, 20, NONE)];
    const until = 2 * MINUTE;
    const outcome = run({ limits, queues, happenings: backlog(2), until });
    const used = usedRate(drawn(outcome, queues, 0), limits[0] as never, MINUTE, until);
    const slow = startsOf(outcome, 0, MINUTE) / 60;
    report(`held back by ${_}`, { used, slow });
    expect(used).toBeGreaterThanOrEqual(0.95);
    expect(slow).toBeGreaterThan(0.75 * pace);
    expectBounds(outcome, { limits, queues, happenings: [], until });
  });

  it("a queue that gets work has its part within a second, and what it leaves is used by the others", () => {
    const limits = [limitOf(2, 90, 20, NONE)];
    const queues = [ONE, ONE];
    const happenings = [
      { at: 0, queue: 0, tasks: 1e6 },
      { at: 20_000, queue: 1, tasks: 450 },
    ];
    const outcome = run({ limits, queues, happenings, until: 60_000 });
    const second = outcome.starts.filter(({ queue }) => queue === 1).map(({ at }) => at);
    expect(second[0]).toBeLessThan(21_000);
    expect(second.at(-1)).toBeLessThan(33_000);
    const after = outcome.starts.filter(({ at }) => at > 34_000 && at < 60_000);
    expect(after.length / 26).toBeGreaterThan(0.95 * 90);
    expectBounds(outcome, { limits, queues, happenings: [], until: 0 });
  });
});

describe("queues that draw from several limits", () => {
  it.each<[string, readonly number[][], readonly ReturnType<typeof limitOf>[], number]>([
    [
      "both the same two",
      [
        [0, 1],
        [0, 1],
      ],
      [limitOf(2, 50, 10), limitOf(2, 30, 10)],
      1,
    ],
    ["one of them both", [[0, 1], [0], [1]], [limitOf(2, 50, 10), limitOf(2, 30, 10)], 1],
    [
      "a slot each",
      [
        [0, 1],
        [0, 1],
      ],
      [limitOf(2, NONE, 5, 1), limitOf(2, NONE, 5, 1)],
      1,
    ],
    [
      "a slot each, crosswise",
      [[0, 1], [0], [1]],
      [limitOf(2, NONE, 5, 1), limitOf(2, NONE, 5, 1)],
      0,
    ],
    ["a rate and slots", [[0, 1], [0, 1], [1]], [limitOf(2, 20, 10), limitOf(3, NONE, 5, 4)], 0],
  ])("%s", (name, of, limits, scarce) => {
    const queues = of.map((own) => ({ limits: own, runs: 100 }));
    const until = LONG * 4 * MINUTE;
    const outcome = run({ limits, queues, happenings: backlog(of.length), until });
    expectBounds(outcome, { limits, queues, happenings: [], until });
    const by = queues.map((_, queue) => startsOf(outcome, queue));
    const used = limits.map((total, place) => {
      const most = Math.min(total.bucket?.rate ?? NONE, total.slots / 0.101);
      return (drawn(outcome, queues, place).length * 1000) / until / most;
    });
    report(name, { by, used, asks: outcome.asks });
    expect(Math.min(...by)).toBeGreaterThan(0);
    expect(used[scarce]).toBeGreaterThan(0.85);
  });
});

/** Messages come late, twice, or not at all. */
const BAD: Network = { delay: [2, 80], lost: 0.05, doubled: 0.05, late: [0.02, 40_000] };

/** Restarts of queues and limits, and times in which nobody is reached. */
function troubles(
  queues: number,
  limits: number,
  until: number,
  seed: number,
  every = 2_000,
): LimitHappening[] {
  const random = seeded(seed);
  const found: LimitHappening[] = [];
  for (let at = every; at < until; at += 2 * every * random()) {
    const when = Math.round(at);
    if (random() < 0.2) found.push({ at: when, restartLimit: Math.floor(random() * limits) });
    else found.push({ at: when, restart: Math.floor(random() * queues) });
    if (random() > 0.05) continue;
    const back = when + Math.round(random() * 20_000);
    found.push({ at: when, cutOff: true }, { at: back, cutOff: false });
  }
  return found;
}

/** Tasks that come to some queues far more often than to others, in bursts. */
function skewed(queues: number, rate: number, until: number, seed: number): LimitHappening[] {
  const random = seeded(seed);
  const found: LimitHappening[] = [];
  for (let at = 0; at < until; at += 100) {
    if (random() < 0.3) continue;
    const queue = Math.floor(queues * random() ** 3);
    found.push({ at, queue, tasks: Math.ceil(((rate / 10) * random() ** 2 * 3) / 0.7) });
  }
  return found;
}

describe("under late, lost and doubled messages and restarts", () => {
  it(
    "holds every limit over any history",
    () => {
      const limit = fc.record({
        rate: fc.constantFrom(0.2, 1, 3, 10, 50, 300, NONE),
        capacity: fc.integer({ min: 1, max: 30 }),
        slots: fc.constantFrom(1, 2, 5, 20, NONE),
      });
      const own = fc.record({
        rate: fc.constantFrom(0.5, 5, 100, NONE),
        slots: fc.constantFrom(1, 3, 1000),
        runs: fc.constantFrom(0, 10, 300, 5000),
        draws: fc.subarray([0, 1, 2], { minLength: 1 }),
      });
      const history = fc.record({
        limits: fc.array(limit, { minLength: 3, maxLength: 3 }),
        own: fc.array(own, { minLength: 1, maxLength: 6 }),
        seed: fc.integer({ min: 1, max: 1e9 }),
        lost: fc.constantFrom(0, 0.1, 0.4),
        doubled: fc.constantFrom(0, 0.3),
        late: fc.constantFrom<[number, number]>([0, 0], [0.2, 30_000]),
        every: fc.constantFrom(300, 3_000, 20_000),
      });
      fc.assert(
        fc.property(history, ({ limits: given, own, seed, every, ...network }) => {
          const limits = given.map((it) => limitOf(own.length, it.rate, it.capacity, it.slots));
          const queues = own.map(({ rate, slots, runs, draws }) => ({
            ...{ slots, runs, limits: draws },
            ...(rate !== NONE && { bucket: { rate, capacity: 5 } }),
          }));
          const until = 40_000;
          const happenings = [
            ...skewed(queues.length, 40, until, seed),
            ...troubles(queues.length, 3, until, seed, every),
          ];
          const scenario = { limits, queues, happenings, until, seed };
          const outcome = run({ ...scenario, network: { delay: [1, 100], ...network } });
          expectBounds(outcome, scenario);
        }),
        { numRuns: 100 * LONG },
      );
    },
    60_000 * LONG,
  );

  it("uses what there is though queues vanish", () => {
    const limits = [limitOf(4, 100, 40, NONE)];
    const queues = [ONE, ONE, ONE, ONE];
    const until = 5 * MINUTE;
    const restarts = troubles(4, 1, until, 8, 20_000).filter((it) => !("cutOff" in it));
    const outcome = run({ limits, queues, happenings: [...backlog(4), ...restarts], until });
    const used = usedRate(drawn(outcome, queues, 0), limits[0] as never, 10_000, until);
    report("vanishing queues", { used, restarts: restarts.length });
    expect(used).toBeGreaterThan(0.95);
    expectBounds(outcome, { limits, queues, happenings: [], until });
  });

  it("loses no slot to a queue that has ended for good", () => {
    const limits = [limitOf(2, NONE, 5, 4)];
    const queues = [
      { ...ONE, runs: 1e9 },
      { ...ONE, runs: 100 },
    ];
    const happenings = [
      { at: 0, queue: 0, tasks: 3 },
      { at: 1_000, queue: 1, tasks: 1e6 },
    ];
    // Its attempts end with it, and its tasks were deleted: it has nothing to say any more.
    const outcome = run({ limits, queues, happenings, until: 2 * MINUTE });
    expect(outcome.mostRunning).toEqual([4]);
  });

  it("without a limit's object queues go on with what they hold, and then stop", () => {
    const limits = [limitOf(2, 90, 20, NONE)];
    const queues = [ONE, ONE];
    const happenings = [...backlog(2), { at: 20_000, cutOff: true }];
    const outcome = run({ limits, queues, happenings, until: 60_000, network: { delay: [5, 20] } });
    const times = outcome.starts.map(({ at }) => at);
    expect(times.filter((at) => at > 21_000 && at < 24_000)).not.toEqual([]);
    expect(times.filter((at) => at > 30_100)).toEqual([]);
  });

  it("goes on after bad days", () => {
    const limits = [limitOf(3, 50, 20, 30)];
    const queues = [1, 2, 3].map(() => ({ ...ONE, runs: 50 }));
    const until = 3 * MINUTE;
    const happenings = [...skewed(3, 60, until, 5), ...troubles(3, 1, until, 5)];
    const outcome = run({ limits, queues, happenings, until, network: BAD });
    report("bad", { asks: outcome.asks, calls: outcome.calls, starts: outcome.starts.length });
    expect(outcome.starts.length).toBeGreaterThan(0);
    expectBounds(outcome, { limits, queues, happenings, until });
  });
});
