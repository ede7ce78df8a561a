import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  beginOf,
  History,
  type HistoryPoint,
  type HistorySpan,
} from "../../../src/core/metrics/history.ts";
import {
  gainOf,
  noTransitions,
  TRANSITION_KINDS,
  type TransitionKind,
} from "../../../src/core/metrics/transitions.ts";

const NOW = Date.UTC(2030, 0, 1);
const SPANS = [
  ["15m", 10_000, 90],
  ["6h", 120_000, 180],
] as const;

interface Event {
  step: TransitionKind;
  n: number;
  /** ms since the one before */
  wait: number;
}

const wait = fc.oneof(fc.constant(0), fc.nat(20_000), fc.nat(400_000));
const event = fc.record({
  step: fc.constantFrom(...TRANSITION_KINDS),
  n: fc.integer({ min: 1, max: 9 }),
  wait,
});
const events = fc.array(event, { maxLength: 60 });

function recorded(given: readonly Event[], history = new History(), from = NOW): number {
  let now = from;
  for (const { step, n, wait: ms } of given) {
    now += ms;
    history.count(step, n, now);
  }
  return now;
}

/** The points by a walk through all events. */
function expected(given: readonly Event[], slotMs: number, now: number, most: number) {
  const slots = new Map<number, ReturnType<typeof noTransitions>>();
  let at = NOW;
  for (const { step, n, wait: ms } of given) {
    at += ms;
    const begin = Math.floor(at / slotMs) * slotMs;
    const counts = slots.get(begin) ?? noTransitions();
    counts[step] += n;
    slots.set(begin, counts);
  }
  const first = (Math.floor(now / slotMs) - most + 1) * slotMs;
  return [...slots]
    .filter(([begin]) => begin >= first)
    .map(([begin, counts]) => ({ at: new Date(begin).toISOString(), ...counts }));
}

function countsOf(points: readonly HistoryPoint[]) {
  return points.map(({ tasks: _, lateness: __, runTime: ___, ...counts }) => counts);
}

describe.each(SPANS)("a history of %s", (span, slotMs, most) => {
  it("has the counts of each slot in which something happened, as far as it goes back", () => {
    fc.assert(
      fc.property(events, fc.nat(1_000_000), (given, later) => {
        const history = new History();
        const now = recorded(given, history) + later;
        const points = history.points(span, now, 0);
        expect(countsOf(points)).toEqual(expected(given, slotMs, now, most));
        expect(points.length).toBeLessThanOrEqual(most);
        expect(points.every(({ at }) => Date.parse(at) >= beginOf(span, now))).toBe(true);
      }),
    );
  });

  it("says how many tasks there were at the end of each slot, from how many there are", () => {
    fc.assert(
      fc.property(events, (given) => {
        // No more leave than there are.
        const start = 9 * given.length;
        const history = new History();
        const now = recorded(given, history);
        const gains = countsOf(history.points(span, now, 0)).map((counts) => gainOf(counts));
        const all = given.reduce(
          (sum, { step, n }) => sum + gainOf({ ...noTransitions(), [step]: n }),
          0,
        );
        const points = history.points(span, now, start + all);
        for (const [i, { tasks }] of points.entries()) {
          const after = gains.slice(i + 1).reduce((sum, gain) => sum + gain, 0);
          expect(tasks).toBe(start + all - after);
        }
      }),
    );
  });

  it("goes on from what was stored as if nothing had been in between", () => {
    fc.assert(
      fc.property(events, events, fc.nat(40_000), (before, after, pause) => {
        const history = new History();
        const middle = recorded(before, history);
        history.late(250, middle);
        history.ran(2_000, middle);
        const stored = JSON.parse(JSON.stringify(history.toStored(middle, 0)));
        const restored = new History(stored);
        const now = [history, restored].map((each) => {
          const end = recorded(after, each, middle + pause);
          each.late(3_000, end);
          return end;
        })[0] as number;
        const [a, b] = [history, restored].map((each) => each.points(span, now, 0));
        expect(countsOf(b ?? [])).toEqual(countsOf(a ?? []));
        expect(b?.map(({ lateness, runTime }) => [lateness, runTime])).toEqual(
          a?.map(({ lateness, runTime }) => [lateness, runTime]),
        );
      }),
    );
  });

  it("leaves out what ended before a moment, and never the slot that was under way then", () => {
    fc.assert(
      fc.property(events, fc.nat(2_000_000), (given, ago) => {
        const history = new History();
        const now = recorded(given, history);
        const since = now - ago;
        const latest = history.points(span, now, 0, since);
        expect(latest).toEqual(
          history.points(span, now, 0).filter(({ at }) => Date.parse(at) + slotMs > since),
        );
      }),
    );
  });
});

describe("the percentiles of a slot", () => {
  it("are of what was recorded in it, to 5 %, and null where nothing was", () => {
    const history = new History();
    history.count("added", 1, NOW);
    for (let i = 0; i < 100; i++) history.late(i < 98 ? 100 : 5_000, NOW + 10_000);
    history.ran(2_000, NOW + 10_000);
    const [first, second] = history.points("15m", NOW + 30_000, 0);
    expect(first).toMatchObject({ lateness: null, runTime: null });
    expect(second?.lateness?.p50).toBeCloseTo(0.1, 2);
    expect(second?.lateness?.p99).toBeGreaterThan(4.7);
    expect(second?.runTime?.p50).toBeCloseTo(2, 0);
  });
});

it("what was lost between two writings leaves older numbers of tasks as they were stored", () => {
  const history = new History();
  history.count("added", 100, NOW);
  const stored = history.toStored(NOW + 60_000, 100);
  const restored = new History(stored);
  // Sixty were done that nobody remembers.
  restored.count("added", 1, NOW + 120_000);
  const tasks = restored.points("15m", NOW + 120_000, 41).map((point) => point.tasks);
  expect(tasks).toEqual([100, 41]);
});

it.each<[HistorySpan, number]>([
  ["15m", 90],
  ["6h", 180],
])("a clock that steps back counts into the slot under way: %s", (span) => {
  const history = new History();
  history.count("added", 1, NOW);
  history.count("added", 1, NOW - 3_600_000);
  expect(countsOf(history.points(span, NOW, 0))).toMatchObject([{ added: 2 }]);
});

it("is stored as a few kilobytes, however much happened", () => {
  const history = new History();
  for (let i = 0; i < 6 * 3600; i += 2) {
    const now = NOW + i * 1000;
    for (const step of TRANSITION_KINDS) history.count(step, 12_345, now);
    history.late(i, now);
    history.ran(i * 3, now);
  }
  const size = JSON.stringify(history.toStored(NOW + 6 * 3_600_000, 1e6)).length;
  expect(size).toBeGreaterThan(10_000);
  expect(size).toBeLessThan(32_000);
});
