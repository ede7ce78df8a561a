import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram, RecentTimes } from "../../../src/core/metrics/histogram.ts";

const NOW = Date.UTC(2030, 0, 1);
const DAY = 24 * 3600 * 1000;
const EMPTY = { p50: null, p90: null, p99: null, count: 0 };

interface Sample {
  ms: number;
  at: number;
}

/** The share's nearest rank of the samples, in ms. */
function exact(samples: readonly Sample[], share: number): number {
  const sorted = samples.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] as number;
}

function recorded(samples: readonly Sample[], histogram = new Histogram(60, 1000)): Histogram {
  for (const { ms, at } of samples) histogram.record(ms, at);
  return histogram;
}

const took = fc.oneof(fc.nat(30), fc.nat(2000), fc.nat(DAY));

it("reports each percentile within a bucket of the exact one, of what the window still holds", () => {
  const sample = fc.record({ ms: took, wait: fc.oneof(fc.constant(0), fc.nat(20_000)) });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 60 }), fc.nat(90_000), (steps, later) => {
      let at = NOW;
      const samples = steps.map(({ ms, wait }) => {
        at += wait;
        return { ms, at };
      });
      const now = at + later;
      const oldest = (Math.floor(now / 1000) - 59) * 1000;
      const held = samples.filter((sample) => sample.at >= oldest);
      const shown = recorded(samples).percentiles(now);
      expect(shown.count).toBe(held.length);
      if (held.length === 0) {
        expect(shown).toEqual(EMPTY);
        return;
      }
      for (const [share, seconds] of [
        [0.5, shown.p50],
        [0.9, shown.p90],
        [0.99, shown.p99],
      ] as const) {
        const ms = exact(held, share);
        expect(Math.abs((seconds ?? Number.NaN) * 1000 - ms)).toBeLessThanOrEqual(ms * 0.05 + 1e-6);
      }
    }),
  );
});

describe("the window", () => {
  it("holds what is 59 seconds old and nothing that is 60", () => {
    const histogram = recorded([{ ms: 5, at: NOW }]);
    expect(histogram.percentiles(NOW + 59_999).count).toBe(1);
    expect(histogram.percentiles(NOW + 60_000)).toEqual(EMPTY);
    expect(recorded([{ ms: 5, at: NOW + DAY }], histogram).percentiles(NOW + DAY).count).toBe(1);
  });

  it("takes what comes after the clock stepped back as of now", () => {
    const histogram = recorded([
      { ms: 5, at: NOW },
      { ms: 5, at: NOW - 10_000 },
    ]);
    expect(histogram.percentiles(NOW + 55_000).count).toBe(2);
    expect(histogram.percentiles(NOW + 60_000).count).toBe(0);
  });

  it("is a minute and an hour of the same times", () => {
    const times = new RecentTimes();
    expect(times.percentiles(NOW)).toEqual({ lastMinute: EMPTY, lastHour: EMPTY });
    times.record(2000, NOW);
    times.record(0, NOW + 120_000);
    const { lastMinute, lastHour } = times.percentiles(NOW + 120_000);
    expect(lastMinute).toEqual({ p50: 0, p90: 0, p99: 0, count: 1 });
    expect(lastHour).toMatchObject({ p50: 0, count: 2 });
    expect(lastHour.p99).toBeCloseTo(2, 0);
    expect(times.percentiles(NOW + 3600_000).lastHour.count).toBe(1);
  });
});

it("takes what was early as no time, and what took more than a day as a day", () => {
  const [early, late] = [-5, 40 * DAY].map((ms) => recorded([{ ms, at: NOW }]).percentiles(NOW));
  expect(early?.p50).toBe(0);
  expect((late?.p50 ?? 0) * 1000).toBeGreaterThan(DAY * 0.95);
  expect((late?.p50 ?? 0) * 1000).toBeLessThan(DAY * 1.05);
});
