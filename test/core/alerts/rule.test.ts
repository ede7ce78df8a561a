import { describe, expect, it } from "vitest";
import {
  failuresFallAt,
  failuresIn,
  withFailures,
} from "../../../src/core/alerts/failure-window.ts";
import { type AlertFigures, readingOf } from "../../../src/core/alerts/reading.ts";
import {
  type AlertStanding,
  CALM_MS,
  LEAST_BETWEEN_MS,
  stepOf,
} from "../../../src/core/alerts/rule.ts";

/** Numbers from 0 to 1, the same for a seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

interface Event {
  kind: "begun" | "over";
  at: number;
}

/** Looks at random moments, at which the condition holds, does not, or cannot be said. */
function history(seed: number, hours: number): Event[] {
  const random = chance(seed);
  const events: Event[] = [];
  let standing: AlertStanding = {};
  const step = 10_000 * 10 ** (random() * 1.5);
  // How often it turns from one to the other.
  const turns = 10 ** (-2 * random());
  let isBad = false;
  for (let now = 0; now < hours * 3600_000; now += step * random()) {
    if (random() < turns) isBad = !isBad;
    const holds = random() < 0.05 ? undefined : isBad;
    const { event, standing: next } = stepOf(standing, { holds, value: 1 }, now);
    standing = next;
    if (event) events.push({ kind: event, at: now });
  }
  return events;
}

describe("the rule, over random histories", () => {
  it.each(Array.from({ length: 100 }, (_, seed) => seed))("seed %i", (seed) => {
    const events = history(seed + 1, 6);
    for (const [i, { kind, at }] of events.entries()) {
      expect(kind).toBe(i % 2 === 0 ? "begun" : "over");
      const before = events[i - 2];
      if (kind === "begun" && before)
        expect(at - before.at).toBeGreaterThanOrEqual(LEAST_BETWEEN_MS);
      if (kind === "over") expect(at - (events[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(CALM_MS);
      const lastHour = events.filter((it) => it.at <= at && it.at > at - 3600_000);
      expect(lastHour.filter((it) => it.kind === "begun").length).toBeLessThanOrEqual(4);
    }
  });

  it("begins some, and ends some", () => {
    const all = Array.from({ length: 50 }, (_, seed) => history(seed + 1, 6)).flat();
    expect(all.filter(({ kind }) => kind === "over").length).toBeGreaterThan(50);
  });
});

describe("the rule", () => {
  const bad = { holds: true, value: 1 };
  const fine = { holds: false, value: 0 };
  const unknown = { holds: undefined, value: 0 };

  it("begins at once", () => {
    expect(stepOf({}, bad, 1000)).toEqual({
      ...{ standing: { begunAt: 1000, lastBegunAt: 1000 }, event: "begun", nextAt: 1000 },
    });
  });

  it("is over after a time without a break", () => {
    const begun = { begunAt: 0, lastBegunAt: 0 };
    const calm = stepOf(begun, fine, 1000);
    expect(calm).toEqual({ standing: { ...begun, fineSince: 1000 }, nextAt: 1000 + CALM_MS });
    expect(stepOf(calm.standing, bad, 2000)).toEqual({ standing: begun });
    expect(stepOf(calm.standing, unknown, 2000)).toEqual({ standing: begun });
    expect(stepOf(calm.standing, fine, 1000 + CALM_MS)).toEqual({
      ...{ standing: { lastBegunAt: 0 }, event: "over", nextAt: 1000 + CALM_MS },
    });
  });

  it("holds back a beginning that comes too soon, but not because a clock was set back", () => {
    expect(stepOf({ lastBegunAt: 1000 }, bad, 2000)).toEqual({
      ...{ standing: { lastBegunAt: 1000 }, nextAt: 1000 + LEAST_BETWEEN_MS },
    });
    expect(stepOf({ lastBegunAt: 1e12 }, bad, 2000).event).toBe("begun");
  });

  it("stays as it is where nothing can be said", () => {
    expect(stepOf({}, unknown, 1000)).toEqual({ standing: {} });
  });
});

describe("readings", () => {
  const figures: AlertFigures = { drainSeconds: null, failures: [] };
  const oldest = { kind: "oldest_due_older_than", seconds: 60 } as const;
  const failed = { kind: "failed", moreThan: 2, seconds: 60 } as const;
  const backlog = { kind: "backlog_not_drained_in", seconds: 60 } as const;
  const target = { kind: "target_dead", seconds: 60 } as const;
  const hour = 3600_000;

  it.each([
    [oldest, {}, { holds: false, value: 0 }],
    [oldest, { oldestDue: hour + 5000 }, { holds: false, value: 0, changesAt: hour + 65_000 }],
    [oldest, { oldestDue: hour - 59_000 }, { holds: false, value: 59, changesAt: hour + 1000 }],
    [oldest, { oldestDue: hour - 60_000 }, { holds: true, value: 60 }],
    [failed, {}, { holds: false, value: 0 }],
    [failed, { failures: [[3600, 2]] }, { holds: false, value: 2 }],
    [
      failed,
      {
        failures: [
          [3599, 2],
          [3600, 1],
        ],
      },
      { holds: true, value: 3, changesAt: hour + 59_000 },
    ],
    [failed, { failures: [[3540, 9]] }, { holds: false, value: 0 }],
    [backlog, {}, { holds: undefined, value: 0 }],
    [backlog, { drainSeconds: 60 }, { holds: false, value: 60 }],
    [backlog, { drainSeconds: 61 }, { holds: true, value: 61 }],
    [target, {}, { holds: false, value: 0 }],
    [target, { outage: { since: 0 } }, { holds: undefined, value: 0 }],
    [target, { outage: { since: 0, last: 59_000 } }, { holds: false, value: 59 }],
    [target, { outage: { since: 0, last: 60_000 } }, { holds: true, value: 60 }],
  ] as const)("%o of %o", (when, given, expected) => {
    expect(readingOf(when, { ...figures, ...given }, hour)).toEqual(expected);
  });
});

describe("failures lately", () => {
  it.each([1, 2, 3, 4, 5])("are those of the time, up to a sixtieth of it (%i)", (seed) => {
    const random = chance(seed);
    const windowMs = 60_000 * (1 + Math.floor(random() * 100));
    const all: [at: number, n: number][] = [];
    let counts: ReturnType<typeof withFailures> = [];
    for (let now = 1e12, i = 0; i < 300; i++, now += random() * windowMs * 0.1) {
      const n = 1 + Math.floor(random() * 5);
      all.push([now, n]);
      counts = withFailures(counts, n, now, windowMs);
      const sum = (ms: number) =>
        all.filter(([at]) => at > now - ms).reduce((total, [, k]) => total + k, 0);
      const seen = failuresIn(counts, now, windowMs);
      expect(seen).toBeLessThanOrEqual(sum(windowMs));
      expect(seen).toBeGreaterThanOrEqual(sum((windowMs * 59) / 60));
      expect(counts.length).toBeLessThanOrEqual(60);
      if (seen > 3) {
        const at = failuresFallAt(counts, 3, windowMs);
        expect(failuresIn(counts, at, windowMs)).toBeLessThanOrEqual(3);
        expect(failuresIn(counts, at - 1, windowMs)).toBeGreaterThan(3);
      }
    }
  });
});
