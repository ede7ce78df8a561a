// Statistics and history of several shards, put together, against what one queue that did all of it would say.
import { describe, expect, it } from "vitest";
import { mergedTimes, RecentTimes } from "../../../src/core/metrics/histogram.ts";
import { History, type HistorySpan } from "../../../src/core/metrics/history.ts";
import { mergedHistory } from "../../../src/core/metrics/merged-history.ts";
import { mergedView, type ViewPart } from "../../../src/core/metrics/merged-view.ts";
import type { QueueView } from "../../../src/core/metrics/queue-view.ts";

const NOW = Date.UTC(2030, 0, 1);
const SHARDS = 4;

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("percentiles of several shards", () => {
  it.each([1, 2, 3, 4, 5])("are those of all that they counted (seed %i)", (seed) => {
    const random = seeded(seed);
    const whole = new RecentTimes();
    const shards = Array.from({ length: SHARDS }, () => new RecentTimes());
    for (let i = 0; i < 2000; i++) {
      // One shard is slow, and has few of them.
      const shard = Math.floor(random() * SHARDS * (random() < 0.5 ? 1 : 0.7));
      const [ms, at] = [random() ** 3 * 1000 * (shard === 3 ? 50 : 1), NOW + i * 60];
      whole.record(ms, at);
      shards[shard]?.record(ms, at);
    }
    const end = NOW + 120_000;
    expect(mergedTimes(shards.map((one) => one.counts(end)))).toEqual(whole.percentiles(end));
  });

  it("are null where nothing was counted", () => {
    const none = new RecentTimes().counts(NOW);
    expect(mergedTimes([none, none]).lastHour).toEqual({
      p50: null,
      p90: null,
      p99: null,
      count: 0,
    });
  });
});

describe("a history of several shards", () => {
  it.each<[number, HistorySpan]>([
    [1, "15m"],
    [2, "15m"],
    [3, "6h"],
  ])("counts what one queue would (seed %i, %s)", (seed, span) => {
    const random = seeded(seed);
    const whole = new History();
    const shards = Array.from({ length: SHARDS }, () => ({ history: new History(), tasks: 0 }));
    let now = NOW;
    let tasks = 0;
    for (let i = 0; i < 400; i++) {
      now += random() * 2000 + (random() < 0.05 ? 40_000 : 0);
      const shard = shards[Math.floor(random() * SHARDS)] as (typeof shards)[0];
      const isAdd = shard.tasks === 0 || random() < 0.6;
      const step = isAdd ? "added" : "done";
      for (const history of [whole, shard.history]) history.count(step, 1, now);
      shard.tasks += isAdd ? 1 : -1;
      tasks += isAdd ? 1 : -1;
    }
    const merged = mergedHistory(
      shards.map((shard) => ({
        tasks: shard.tasks,
        history: {
          slotSeconds: 10,
          points: shard.history.points(span, now, shard.tasks),
          marks: [],
        },
      })),
    );
    expect(merged.points).toEqual(whole.points(span, now, tasks));
  });

  it("has the percentiles of shards that are alike, and between those of others", () => {
    const history = (ms: number) => {
      const one = new History();
      one.count("started", 100, NOW);
      for (let i = 0; i < 100; i++) one.late(ms * (i === 99 ? 10 : 1), NOW);
      return {
        tasks: 0,
        history: { slotSeconds: 10, points: one.points("15m", NOW, 0), marks: [] },
      };
    };
    const [alone] = history(100).history.points;
    const latenessOf = (...ms: number[]) => mergedHistory(ms.map(history)).points[0]?.lateness;
    expect(latenessOf(100, 100, 100)).toEqual(alone?.lateness);
    const mixed = latenessOf(100, 100, 100, 8000);
    expect(mixed?.p50).toBeLessThan(0.12);
    expect(mixed?.p99).toBeGreaterThan(7);
  });

  it("is of zeros where all times are", () => {
    const one = new History();
    one.count("started", 1, NOW);
    one.late(0, NOW);
    const part = {
      tasks: 0,
      history: { slotSeconds: 10, points: one.points("15m", NOW, 0), marks: [] },
    };
    expect(mergedHistory([part, part]).points[0]?.lateness).toEqual({ p50: 0, p99: 0 });
  });
});

describe("a view of several shards", () => {
  const times = new RecentTimes();
  const partOf = (statistics: object, states: object = {}): ViewPart => ({
    view: {
      ...{ name: "q", bucketSize: 10 },
      statistics: {
        ...{ tasks: 1, failed: 0, executedLastMinute: 1, addedLastMinute: 1, startedLastMinute: 1 },
        ...{ doneLastMinute: 1, retriedLastMinute: 0, failedLastMinute: 0, inFlight: 1 },
        ...{ oldestEta: null, enforcedRate: 1, tokens: 2, ...statistics },
        states: {
          ...{ scheduled: 1, due: 2, running: 1, leased: 0, waiting: 0, failed: 0, ...states },
        },
      },
    } as QueueView,
    lateness: times.counts(NOW),
    runTime: times.counts(NOW),
  });

  it.each<[string, ViewPart[], number | undefined, object]>([
    ["adds up", [partOf({}), partOf({})], 5, { tasks: 2, inFlight: 2, enforcedRate: 2, tokens: 4 }],
    [
      "has the earliest time",
      [
        partOf({ oldestEta: "2030-01-01T00:00:10.000Z" }),
        partOf({ oldestEta: "2030-01-01T00:00:09.5Z" }),
      ],
      5,
      { oldestEta: "2030-01-01T00:00:09.5Z" },
    ],
    ["has no time where none has", [partOf({}), partOf({})], 5, { oldestEta: null }],
    [
      "knows no count that one does not know",
      [partOf({}, { due: null }), partOf({})],
      5,
      { states: { scheduled: 2, due: null, running: 2, leased: 0, waiting: 0, failed: 0 } },
    ],
    [
      "counts no more that wait than one would",
      [partOf({}, { waiting: 900 }), partOf({}, { waiting: 900 })],
      5,
      { states: { scheduled: 2, due: 4, running: 2, leased: 0, waiting: 1001, failed: 0 } },
    ],
    [
      "has the rate itself where parts add up to it",
      Array.from({ length: 3 }, () => partOf({ enforcedRate: 0.1 / 3 })),
      0.1,
      { enforcedRate: 0.1 },
    ],
    [
      "has no more tokens than its bucket",
      Array.from({ length: 9 }, () => partOf({})),
      9,
      { tokens: 10 },
    ],
    [
      "has no rate where there is no limit",
      [partOf({ enforcedRate: null, tokens: null })],
      undefined,
      { enforcedRate: null, tokens: null },
    ],
  ])("%s", (_, parts, rate, statistics) => {
    expect(mergedView(parts, rate).statistics).toMatchObject(statistics);
  });
});
