import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HistoryPoint } from "../../../src/core/metrics/history.ts";
import {
  changeOf,
  type QueueChanges,
  type WatchedQueue,
  withChange,
  withChanges,
} from "../../../src/core/metrics/queue-changes.ts";
import type { QueueView } from "../../../src/core/metrics/queue-view.ts";

const NOW = Date.UTC(2030, 0, 1);
const at = (ms: number) => new Date(ms).toISOString();

function viewOf(fields: object, statistics: object): QueueView {
  return { name: "q", state: "running", ...fields, statistics } as unknown as QueueView;
}

const point = (slot: number, added: number): HistoryPoint => ({
  at: at(NOW + slot * 10_000),
  ...{ added, started: 0, done: 0, retried: 0, failed: 0, deleted: 0, expired: 0 },
  tasks: added,
  ...{ lateness: null, runTime: null },
});

/** The state of a queue at some instant: what it is in all, and its last slots. */
const standing = fc.record({
  seconds: fc.nat(400),
  added: fc.nat(3),
  fields: fc.record(
    {
      state: fc.constantFrom("running", "paused"),
      rate: fc.constantFrom("5/s", "10/s"),
      purgedAt: fc.constantFrom(at(NOW), at(NOW + 1000)),
      extensions: fc.record({ keepFailed: fc.nat(1) }),
    },
    { requiredKeys: ["state", "rate"] },
  ),
  statistics: fc.record({
    tasks: fc.nat(3),
    oldestEta: fc.constantFrom(null, at(NOW)),
    lateness: fc.record({ lastMinute: fc.record({ p50: fc.constantFrom(null, 1, 2) }) }),
  }),
  marks: fc.array(fc.constantFrom("paused" as const, "resumed" as const), { maxLength: 2 }),
});

describe("all changes applied to what was known first", () => {
  it("give the queue as it is now", () => {
    fc.assert(
      fc.property(fc.array(standing, { minLength: 1, maxLength: 12 }), (steps) => {
        let now = NOW;
        const points = new Map<number, number>();
        const marks: WatchedQueue["history"]["marks"] = [];
        let known: WatchedQueue | undefined;
        let received: WatchedQueue | undefined;
        for (const { seconds, added, fields, statistics, marks: made } of steps) {
          const since = now;
          now += seconds * 1000;
          const slot = Math.floor((now - NOW) / 10_000);
          if (added > 0) points.set(slot, (points.get(slot) ?? 0) + added);
          for (const kind of made) marks.push({ at: at(now), kind });
          const view = viewOf(fields, statistics);
          const from = Math.floor(now / 10_000) * 10_000 - 89 * 10_000;
          const all = {
            slotSeconds: 10,
            points: [...points]
              .map(([s, n]) => point(s, n))
              .filter((p) => Date.parse(p.at) >= from),
            marks: marks.filter((mark) => Date.parse(mark.at) >= from),
          };
          const latest = {
            ...all,
            points: all.points.filter((p) => Date.parse(p.at) + 10_000 > since),
            marks: all.marks.filter((mark) => Date.parse(mark.at) >= since),
          };
          if (!known || !received) {
            known = { ...view, history: all };
            received = known;
            continue;
          }
          const change = changeOf(known, view, latest);
          if (change) known = withChange(known, change, now);
          const wire = JSON.stringify({ now: at(now), queues: change ? [change] : [] });
          received = withChanges([received], JSON.parse(wire) as QueueChanges)[0] as WatchedQueue;
          const { history, ...rest } = received;
          expect(rest).toEqual(view);
          // Marks made twice in one millisecond are one: there is nothing to tell them by.
          const distinct = new Map(all.marks.map((mark) => [JSON.stringify(mark), mark]));
          const shown = new Map(history.marks.map((mark) => [JSON.stringify(mark), mark]));
          if (change) expect(history.points).toEqual(all.points);
          if (change) expect([...shown.keys()]).toEqual([...distinct.keys()]);
        }
      }),
    );
  });
});

describe("a change", () => {
  const known: WatchedQueue = {
    ...viewOf({ target: "a" }, { tasks: 1, failed: 0 }),
    history: { slotSeconds: 10, points: [point(0, 1)], marks: [] },
  };
  const NONE = { slotSeconds: 10, points: [], marks: [] };

  it("is nothing when all is known", () => {
    const { history, ...view } = known;
    expect(changeOf(known, view, history)).toBeUndefined();
  });

  it("says what differs and no more; what is gone is null", () => {
    expect(
      changeOf(known, viewOf({ state: "paused" }, { tasks: 2, failed: 0 }), {
        ...NONE,
        points: [point(0, 1), point(1, 5)],
        marks: [{ at: at(NOW), kind: "paused" }],
      }),
    ).toEqual({
      name: "q",
      state: "paused",
      target: null,
      statistics: { tasks: 2 },
      points: [point(1, 5)],
      marks: [{ at: at(NOW), kind: "paused" }],
    });
  });

  it("of which queues there are adds and removes them", () => {
    const other = { ...known, name: "other" };
    const changes = { now: at(NOW), queues: [other], removed: ["q"] };
    expect(withChanges([known], changes)).toEqual([other]);
    expect(withChanges([], { now: at(NOW), queues: [{ name: "gone", state: "paused" }] })).toEqual(
      [],
    );
  });
});
