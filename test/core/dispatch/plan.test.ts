import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PACE_MS, startable, wakeAt } from "../../../src/core/dispatch/plan.ts";
import { rankOf } from "../../../src/core/dispatch/rank.ts";
import {
  type Job,
  overspending,
  repeated,
  type Scenario,
  simulate,
  steps,
} from "../../support/simulation.ts";

function jobs(count: number, arrives: number, runs = 0): Job[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${arrives}-${index}`,
    arrives,
    runs,
  }));
}

function startsOf(scenario: Scenario): number[] {
  return simulate(scenario).dispatches.map(({ at }) => at);
}

const perSecond = (rate: number, capacity: number) => ({ rate, capacity });
const named = (name: string, arrives: number, more: Partial<Job> = {}) => ({
  name,
  arrives,
  ...more,
});

describe("a queue", () => {
  it.each<[string, Scenario, number[]]>([
    [
      "T1: five tasks find four tokens",
      { bucket: perSecond(1, 4), jobs: jobs(5, 0) },
      [0, 0, 0, 0, 1000],
    ],
    [
      "T2: a burst of the bucket, then the rate",
      { bucket: perSecond(5, 10), jobs: jobs(20, 0) },
      [...repeated(10, 0), ...steps(10, 200, 200)],
    ],
    [
      "T3: 5/m is one every twelve seconds",
      { bucket: perSecond(5 / 60, 5), jobs: jobs(8, 0) },
      [...repeated(5, 0), 12_000, 24_000, 36_000],
    ],
    [
      "T4: ten at a time, half a second each",
      { bucket: perSecond(20, 40), maxRunning: 10, jobs: jobs(25, 0, 500) },
      [...repeated(10, 0), ...repeated(10, 500), ...repeated(5, 1000)],
    ],
    [
      "T5: ten at a time, five seconds each",
      { bucket: perSecond(20, 40), maxRunning: 10, jobs: jobs(25, 0, 5000) },
      [...repeated(10, 0), ...repeated(10, 5000), ...repeated(5, 10_000)],
    ],
    [
      "T6: arrivals between two tokens",
      { bucket: perSecond(2, 1), jobs: [0, 100, 200, 900].map((at) => named(`${at}`, at)) },
      [0, 500, 1000, 1500],
    ],
    [
      "T7: fractions of a token are kept",
      { bucket: perSecond(1, 3), jobs: [...jobs(3, 0), ...jobs(3, 1500)] },
      [0, 0, 0, 1500, 2000, 3000],
    ],
    [
      "T9: one at a time, however many tokens",
      { bucket: perSecond(100, 5), maxRunning: 1, jobs: jobs(4, 0, 300) },
      [0, 300, 600, 900],
    ],
    [
      "T10: rate 0 until ten seconds",
      { bucket: perSecond(0, 5), tokens: 0, jobs: jobs(3, 0), changes: [{ at: 10_000, rate: 1 }] },
      [11_000, 12_000, 13_000],
    ],
    ["T11: one a day", { bucket: perSecond(1 / 86_400, 1), jobs: jobs(2, 0) }, [0, 86_400_000]],
    [
      "T12: a long rest fills the bucket and no more",
      { bucket: perSecond(1, 5), jobs: [...jobs(5, 0), ...jobs(12, 10_000)] },
      [...repeated(5, 0), ...repeated(5, 10_000), ...steps(7, 11_000, 1000)],
    ],
    [
      "with rate 0 starts nothing from a full bucket, and all of it once there is a rate",
      { bucket: perSecond(0, 3), jobs: jobs(4, 0), changes: [{ at: 60_000, rate: 1 }] },
      [60_000, 60_000, 60_000, 61_000],
    ],
    [
      "paused keeps its tasks, and its bucket does not fill",
      {
        bucket: perSecond(1, 1),
        jobs: jobs(3, 0),
        changes: [
          { at: 400, paused: true },
          { at: 9000, paused: false },
        ],
      },
      [0, 9600, 10_600],
    ],
    [
      "without a rate starts what slots allow",
      { bucket: undefined, maxRunning: 2, jobs: jobs(5, 0, 70) },
      [0, 0, 70, 70, 140],
    ],
    [
      "starts nothing before it is due",
      { bucket: perSecond(5, 5), jobs: [named("a", 0, { due: 7001 }), named("b", 0, { due: 12 })] },
      [12, 7001],
    ],
    [
      "whose bucket holds less than one token never starts any",
      { bucket: perSecond(5, 0.5), jobs: jobs(2, 0) },
      [],
    ],
  ])("%s", (_, scenario, times) => {
    expect(startsOf(scenario)).toEqual(times);
  });

  it("T13: a retry takes a token and waits behind what was due before it", () => {
    const tasks = [named("A", 0, { backoffs: [100] }), named("B", 0), named("C", 0)];
    expect(simulate({ bucket: perSecond(1, 2), jobs: tasks }).dispatches).toEqual([
      { name: "A", at: 0 },
      { name: "B", at: 0 },
      { name: "C", at: 1000 },
      { name: "A", at: 2000 },
    ]);
  });

  it("T8: at 500/s tokens are spent in quanta, none early and none later than a quantum", () => {
    const starts = startsOf({ bucket: perSecond(500, 100), jobs: jobs(250, 0) });
    const exact = [...repeated(100, 0), ...steps(150, 2, 2)];
    expect(starts).toHaveLength(exact.length);
    for (const [index, at] of starts.entries()) {
      expect(at).toBeGreaterThanOrEqual(exact[index] ?? Number.NaN);
      expect(at).toBeLessThanOrEqual((exact[index] ?? Number.NaN) + PACE_MS);
    }
    expect(new Set(starts).size).toBe(1 + 300 / PACE_MS);
  });

  it.each([
    [20, PACE_MS],
    [39, 26],
    [40, PACE_MS],
    [2000, PACE_MS],
  ])("at %d/s wakes no more often than its tokens and its pace ask", (rate, every) => {
    const starts = startsOf({ bucket: perSecond(rate, 200), tokens: 0, jobs: jobs(rate, 0) });
    expect(starts[0]).toBe(every);
    expect(new Set(starts).size).toBeLessThanOrEqual(1000 / every + 1);
    expect(starts.at(-1)).toBe(1000);
  });
});

describe("the plan at an instant", () => {
  const shape = perSecond(1, 5);
  const room = { paused: false, running: 0, maxRunning: 3 };

  it.each([
    [
      "as many as there are tokens",
      { ...room, bucket: { level: { tokens: 2.9, at: 0 }, shape } },
      2,
    ],
    ["as many as there are slots", { ...room, bucket: { level: { tokens: 5, at: 0 }, shape } }, 3],
    ["as many as there are free slots", { ...room, running: 2, bucket: undefined }, 1],
    ["nothing when more run than may", { ...room, running: 9, bucket: undefined }, 0],
    ["nothing while in debt", { ...room, bucket: { level: { tokens: -2, at: 0 }, shape } }, 0],
    ["nothing while paused", { ...room, paused: true, bucket: undefined }, 0],
  ])("starts %s", (_, given, count) => {
    expect(startable(given)).toBe(count);
  });

  const standing = { ...room, now: 1000, nextDue: 500, late: 0 };
  const empty = { level: { tokens: 0, at: 1000 }, shape };

  it.each([
    ["now, for what is due", { ...standing, bucket: undefined }, 1000],
    ["at its time, for what is not", { ...standing, bucket: undefined, nextDue: 4000 }, 4000],
    ["when the token comes", { ...standing, bucket: empty }, 2000],
    [
      "when it is due, if that is after the token",
      { ...standing, bucket: empty, nextDue: 9000 },
      9000,
    ],
    ["never without a task", { ...standing, bucket: empty, nextDue: undefined }, undefined],
    ["never while paused", { ...standing, bucket: empty, paused: true }, undefined],
    ["never while every slot is taken", { ...standing, bucket: empty, running: 3 }, undefined],
    [
      "never if no token comes",
      { ...standing, bucket: { ...empty, shape: perSecond(0, 5) } },
      undefined,
    ],
  ])("wakes %s", (_, given, at) => {
    expect(wakeAt(given, () => given.nextDue)).toBe(at);
  });
});

describe("any schedule", () => {
  function attemptsOf(given: readonly Job[]): number {
    return given.reduce((sum, { backoffs = [] }) => sum + backoffs.length + 1, 0);
  }

  const rate = fc.oneof(
    fc.constantFrom(1 / 86_400, 1 / 3600, 5 / 60, 0.5, 1, 3, 5, 20, 21, 39, 100, 300, 500, 2000),
    fc.double({ min: 1e-4, max: 2000, noNaN: true }),
  );
  // Instants that matter lie as close together as tokens do.
  const schedule = fc.tuple(rate, fc.integer({ min: 1, max: 30 })).chain(([rate, capacity]) => {
    const instant = fc.nat(Math.ceil((20 * 1000) / rate) + 200);
    const job = fc.record({
      name: fc.constant("job"),
      arrives: instant,
      due: fc.option(instant, { nil: undefined }),
      runs: fc.oneof(fc.constant(0), fc.nat(3000)),
      backoffs: fc.array(instant, { maxLength: 2 }),
    });
    const pause = fc.tuple(instant, instant).map(([at, length]) => [
      { at, paused: true },
      { at: at + length, paused: false },
    ]);
    const look = instant.map((at) => [{ at }]);
    return fc.record({
      bucket: fc.constant({ rate, capacity }),
      maxRunning: fc.integer({ min: 1, max: 12 }),
      jobs: fc.array(job, { minLength: 1, maxLength: 30 }),
      changes: fc.array(fc.oneof(pause, look), { maxLength: 6 }).map((groups) => {
        const last = Math.max(0, ...groups.flat().map(({ at }) => at));
        return [...groups.flat(), { at: last, paused: false }];
      }),
      late: fc.array(fc.oneof(fc.constant(0), fc.nat(400)), { minLength: 1, maxLength: 4 }),
    });
  });

  it("starts no more than bucket + rate * t in any t, nor more at once than may run, and all in the end", () => {
    fc.assert(
      fc.property(schedule, (scenario) => {
        const { dispatches, mostRunning, idleTurns } = simulate(scenario);
        expect(overspending(dispatches, scenario.bucket)).toBeUndefined();
        expect(mostRunning).toBeLessThanOrEqual(scenario.maxRunning);
        expect(dispatches).toHaveLength(attemptsOf(scenario.jobs));
        // An alarm set before a pause fires in vain; any other has something to start.
        expect(idleTurns).toBeLessThanOrEqual(scenario.changes.length);
      }),
      { numRuns: 1000 },
    );
  });

  it("starts the most urgent first and nothing late, and each job starts or expires", () => {
    const fair = fc.record({
      priority: fc.constantFrom(0, 4, 9),
      expires: fc.option(fc.integer({ min: 1, max: 60_000 }), { nil: undefined }),
    });
    const ofFair = fc.tuple(schedule, fc.array(fair, { minLength: 30, maxLength: 30 }));
    fc.assert(
      fc.property(ofFair, ([scenario, more]) => {
        const given = scenario.jobs.map((job, i): Urgent => {
          const { priority = 4, expires } = more[i] ?? {};
          return { ...job, name: `${i}`, priority, ...(expires !== undefined && { expires }) };
        });
        const { dispatches, expired } = simulate({ ...scenario, jobs: given });
        expect(overspending(dispatches, scenario.bucket)).toBeUndefined();
        const firsts = new Map(dispatches.toReversed().map(({ name, at }) => [name, at]));
        for (const job of given) {
          const ends = expired.filter(({ name }) => name === job.name);
          const starts = dispatches.filter(({ name }) => name === job.name);
          expect(starts.length).toBe(ends.length === 1 ? 0 : attemptsOf([job]));
          const end = job.arrives + (job.expires ?? Number.POSITIVE_INFINITY);
          for (const { at } of ends) expect(at).toBeGreaterThanOrEqual(end);
          expect(firsts.get(job.name) ?? 0).toBeLessThan(end);
          expect(passedOver(job, given, firsts)).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  type Urgent = Job & { priority: number };

  /** Those that waited, less urgent by nothing, when the job started. */
  function passedOver(job: Urgent, all: readonly Urgent[], firsts: ReadonlyMap<string, number>) {
    const at = firsts.get(job.name);
    if (at === undefined) return [];
    const dueOf = ({ arrives, due = arrives }: Job) => due;
    const rank = (it: Urgent) => rankOf(dueOf(it), it.priority);
    return all.filter((other) => {
      const waited = other.arrives < at && dueOf(other) < at && (firsts.get(other.name) ?? 0) > at;
      return waited && rank(other) < rank(job);
    });
  }

  it("holds the same bound over true time when the clock steps back, and still starts all", () => {
    const stepsBack = fc.array(
      fc.record({ at: fc.nat(30_000), clockBy: fc.integer({ min: -9000, max: 0 }) }),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(schedule, stepsBack, (scenario, back) => {
        const changes = [...scenario.changes, ...back];
        const { dispatches } = simulate({ ...scenario, changes });
        expect(overspending(dispatches, scenario.bucket)).toBeUndefined();
        expect(dispatches).toHaveLength(attemptsOf(scenario.jobs));
      }),
      { numRuns: 500 },
    );
  });

  // The same bucket as a walk over single tokens, without a plan and without an alarm.
  function firstComeFirstServed(dues: number[], rate: number, capacity: number): number[] {
    let tokens = capacity;
    let at = 0;
    return dues.map((due) => {
      tokens = Math.min(capacity, tokens + (Math.max(0, due - at) * rate) / 1000);
      at = Math.max(at, due);
      if (tokens < 1) at += ((1 - tokens) / rate) * 1000;
      tokens = Math.max(0, tokens - 1);
      return at;
    });
  }

  it("starts each task when its token is there: not before, and within a quantum after", () => {
    const dues = fc.array(fc.nat(4000), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(rate, dues, (rate, unsorted) => {
        const sorted = unsorted.toSorted((a, b) => a - b);
        // Capacity for two quanta: a bucket that is full between two alarms loses what it cannot hold.
        const bucket = perSecond(rate, 2 * Math.ceil((rate * PACE_MS) / 1000) + 1);
        const tasks = sorted.map((due, index) => named(`${index}`, 0, { due }));
        const exact = firstComeFirstServed(sorted, rate, bucket.capacity);
        // What a billionth of a token comes to, for that much may be missing from a whole one.
        const early = 1e-6 / rate + 1e-6;
        for (const [index, at] of startsOf({ bucket, jobs: tasks }).entries()) {
          expect(at).toBeGreaterThanOrEqual((exact[index] ?? Number.NaN) - early);
          expect(at).toBeLessThanOrEqual((exact[index] ?? Number.NaN) + PACE_MS + 1);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
