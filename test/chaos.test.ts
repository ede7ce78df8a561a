// The check at the end of a chaos run sees faults that are planted.
import { describe, expect, it } from "vitest";
import { excess, mostOpen, onward, type Stamped, spansOf } from "../chaos/bound.ts";
import { byServer, byTimePassed } from "../chaos/clocks.ts";
import { type Ends, endFaults } from "../chaos/ends.ts";
import { LEASED_KEYS, leasedKeyFaults } from "../chaos/leased-keys.ts";
import { type Grant, type LeaseFaults, leaseFaults, mayBeAcked } from "../chaos/leases.ts";
import { type Life, planOf } from "../chaos/plan.ts";
import { SHARING, sharedFaults } from "../chaos/sharing.ts";
import { type Added, type Execution, type Facts, sortAll, type Verdict } from "../chaos/sort.ts";
import { idleStretches, missingTicks, type Turn } from "../chaos/ticks.ts";

const one: Added = { id: "a", answer: "accepted", end: "done" };
const run: Execution = {
  ...{ id: "a", life: 0, queue: "q", startedAt: 10_000, endedAt: 10_100, ok: true },
};
const again: Execution = { ...run, life: 1, startedAt: 20_000, endedAt: 20_100 };
const fine: Facts = {
  ...{ added: [one], executions: [run], failed: new Set(), redrives: [], cuts: [] },
};
const cut = (at: number) => ({ from: at, to: at + 10 });
const final: Execution = { ...run, ok: false, isFinal: true, writtenAt: 10_110 };
const redrive = { ids: ["a"], askedAt: 15_000, answeredAt: 15_010, back: ["a"] };
/** Its deadline passes at 25,000 by the server's clock. */
const late: Execution = {
  ...{ ...run, turn: 10_000, deadlineMs: 15_000, cutAt: 25_010, endedAt: 25_500 },
};
const afterIt: Execution = { ...run, startedAt: 25_200, endedAt: 25_300, latest: 25_100 };

const plants: [what: string, facts: Partial<Facts>, found: Partial<Verdict>][] = [
  ["nothing", {}, { ok: ["a"] }],
  ["a task that never ran", { executions: [] }, { lost: ["a"] }],
  ["a task that only failed", { executions: [{ ...run, ok: false }] }, { lost: ["a"] }],
  [
    "an attempt that never ended",
    { executions: [{ id: "a", life: 0, queue: "q", startedAt: 1 }] },
    { lost: ["a"] },
  ],
  ["a failed task that is nowhere", { added: [{ ...one, end: "failed" }] }, { lost: ["a"] }],
  [
    "a failed task that is kept",
    {
      added: [{ ...one, end: "failed" }],
      executions: [{ ...run, ok: false }],
      failed: new Set("a"),
    },
    { ok: ["a"] },
  ],
  ["one in doubt that is not there", { added: [{ ...one, answer: "doubt" }], executions: [] }, {}],
  ["one in doubt that is there", { added: [{ ...one, answer: "doubt" }] }, {}],
  ["a ledger entry dropped", { added: [] }, { unexpected: ["a"] }],
  ["one refused that ran", { added: [{ ...one, answer: "refused" }] }, { unexpected: ["a"] }],
  [
    "one that starts after it was removed",
    { added: [{ ...one, end: "any", removedAt: 9999 }] },
    { ok: ["a"], unexpected: ["a"] },
  ],
  [
    "one whose start is reported after it was removed",
    { added: [{ ...one, end: "any", removedAt: 9999 }], executions: [{ ...run, at: 9990 }] },
    { ok: ["a"] },
  ],
  [
    "one that was running when it was removed",
    { added: [{ ...one, removedAt: 10_050 }] },
    { ok: ["a"] },
  ],
  [
    "an execution doubled",
    { executions: [run, again] },
    { ok: ["a"], duplicated: ["a"], recovered: ["a"] },
  ],
  [
    "a second one beside the first",
    { executions: [run, { ...run, startedAt: 10_050 }] },
    { ok: ["a"], duplicated: ["a"] },
  ],
  [
    "a second one after a kill during the first",
    { executions: [run, again], cuts: [cut(10_050)] },
    { ok: ["a"], cutOff: ["a"], recovered: ["a"] },
  ],
  [
    "a second one after a kill just after the first",
    { executions: [run, again], cuts: [cut(10_200)] },
    { ok: ["a"], cutOff: ["a"], recovered: ["a"] },
  ],
  [
    "a second one after a kill just after the first was on disk",
    { executions: [{ ...run, writtenAt: 10_105 }, again], cuts: [cut(10_106)] },
    { ok: ["a"], duplicated: ["a"], recovered: ["a"] },
  ],
  [
    "a second one after another queue's object has ended",
    { executions: [run, again], cuts: [{ ...cut(10_050), queue: "other" }] },
    { ok: ["a"], duplicated: ["a"], recovered: ["a"] },
  ],
  [
    "a second one after its own queue's object has ended",
    { executions: [run, { ...again, life: 0 }], cuts: [{ ...cut(10_050), queue: "q" }] },
    { ok: ["a"], cutOff: ["a"] },
  ],
  [
    "the same of another of the queue's objects",
    { executions: [{ ...run, shard: 1 }, again], cuts: [{ ...cut(10_050), queue: "q" }] },
    { ok: ["a"], duplicated: ["a"], recovered: ["a"] },
  ],
  [
    "a success that the queue's other objects were left to hear",
    { executions: [{ ...run, shard: 1, endedAt: 10_200 }], cuts: [{ ...cut(10_050), queue: "q" }] },
    { ok: ["a"] },
  ],
  [
    "a success that no object was left to hear",
    { executions: [{ ...run, endedAt: 10_200 }], cuts: [cut(10_050)] },
    { lost: ["a"] },
  ],
  [
    "a second one before the kill",
    { executions: [run, again], cuts: [cut(20_050)] },
    { ok: ["a"], duplicated: ["a"], recovered: ["a"] },
  ],
  [
    "a second one after a kill long after the first",
    { executions: [run, again], cuts: [cut(15_000)] },
    { ok: ["a"], duplicated: ["a"], recovered: ["a"] },
  ],
  [
    "the same where others were on disk as late",
    {
      executions: [run, again, { ...run, id: "b", writtenAt: 16_000 }],
      added: [one, { ...one, id: "b" }],
      cuts: [cut(15_000)],
    },
    { ok: ["a", "b"], cutOff: ["a"], recovered: ["a"] },
  ],
  [
    "the same where the server stood still as long",
    {
      executions: [run, again, { ...run, id: "b", at: 5000 }],
      added: [one, { ...one, id: "b" }],
      cuts: [cut(15_000)],
    },
    { ok: ["a", "b"], cutOff: ["a"], recovered: ["a"] },
  ],
  [
    "the same where it did so in another life",
    {
      executions: [run, again, { ...again, id: "b", at: 15_000 }],
      added: [one, { ...one, id: "b" }],
      cuts: [cut(15_000)],
    },
    { ok: ["a", "b"], duplicated: ["a"], recovered: ["a"] },
  ],
  [
    "a second one when the first's deadline has passed",
    { executions: [late, afterIt] },
    { ok: ["a"], pastDeadline: ["a"] },
  ],
  [
    "a second one just before the deadline has passed",
    { executions: [late, { ...afterIt, latest: 24_999 }] },
    { ok: ["a"], duplicated: ["a"] },
  ],
  [
    "a second one in the next life, though nothing says that the deadline has passed",
    { executions: [late, { ...afterIt, life: 1 }] },
    { ok: ["a"], duplicated: ["a"], recovered: ["a"] },
  ],
  [
    "a second one in the next life, when the server had said that the deadline has passed",
    {
      executions: [
        { ...late, cutReading: 25_005 },
        { ...afterIt, life: 1 },
      ],
    },
    { ok: ["a"], pastDeadline: ["a"], recovered: ["a"] },
  ],
  [
    "one that answered in time, and ran again after its deadline",
    {
      executions: [
        { ...run, turn: 10_000, deadlineMs: 15_000, writtenAt: 10_105, writtenReading: 10_105 },
        afterIt,
      ],
    },
    { ok: ["a"], duplicated: ["a"] },
  ],
  [
    "a second one though the first's answer was on disk just before the deadline",
    { executions: [{ ...late, cutAt: undefined as never, writtenReading: 24_999 }, afterIt] },
    { ok: ["a"], duplicated: ["a"] },
  ],
  [
    "a second one when the first's answer was on disk after the deadline",
    {
      executions: [
        { ...late, endedAt: 24_900, writtenReading: 25_001 },
        { ...afterIt, life: 1 },
      ],
    },
    { ok: ["a"], pastDeadline: ["a"], recovered: ["a"] },
  ],
  ["a late answer that settled its task", { executions: [late] }, { lost: ["a"] }],
  [
    "a late failure for good that settled its task",
    { executions: [{ ...late, ok: false, isFinal: true }], failed: new Set("a") },
    { lost: ["a"] },
  ],
  [
    "one that failed for good and was redriven",
    { executions: [final, { ...again, life: 0 }], redrives: [redrive] },
    { ok: ["a"], redriven: ["a"] },
  ],
  [
    "one that failed for good and ran again unasked",
    { executions: [final, { ...again, life: 0 }] },
    { ok: ["a"], unexpected: ["a"] },
  ],
  [
    "one redriven before it failed",
    {
      executions: [final, { ...again, life: 0 }],
      redrives: [{ ...redrive, askedAt: 9000, answeredAt: 9010, back: [] }],
    },
    { ok: ["a"], unexpected: ["a"] },
  ],
  [
    "one redriven after it ran again",
    {
      executions: [final, { ...again, life: 0 }],
      redrives: [{ ...redrive, askedAt: 20_200, answeredAt: 20_210, back: [] }],
    },
    { ok: ["a"], unexpected: ["a"] },
  ],
  [
    "one redriven once that ran twice",
    {
      executions: [final, { ...final, startedAt: 16_000, endedAt: 16_010 }, { ...again, life: 0 }],
      redrives: [redrive],
    },
    { ok: ["a"], unexpected: ["a"], redriven: ["a"] },
  ],
  [
    "one redriven with all of another queue",
    {
      executions: [final, { ...again, life: 0 }],
      redrives: [{ ...redrive, ids: { queue: "other" }, back: [] }],
    },
    { ok: ["a"], unexpected: ["a"] },
  ],
  [
    "one redriven that never ran again",
    {
      added: [{ ...one, end: "failed" }],
      ...{ executions: [final], redrives: [redrive], failed: new Set("a") },
    },
    { lost: ["a"] },
  ],
  [
    "one whose redrive has no answer",
    {
      executions: [final, { ...again, life: 0 }],
      redrives: [{ ids: ["a"], askedAt: 15_000, back: [] }],
    },
    { ok: ["a"], redriven: ["a"] },
  ],
  ["a retry", { executions: [{ ...run, ok: false }, again] }, { ok: ["a"], recovered: ["a"] }],
  [
    "a name accepted twice",
    {
      added: [
        { ...one, name: "n" },
        { ...one, id: "b", name: "n" },
      ],
      executions: [run, { ...run, id: "b" }],
    },
    { ok: ["a", "b"], namedTwice: ["n"] },
  ],
  [
    "a name whose first answer got lost",
    {
      added: [
        { ...one, name: "n" },
        { ...one, id: "b", name: "n", answer: "doubt" },
      ],
      executions: [run, { ...run, id: "b" }],
    },
    { ok: ["a"], namedTwice: ["n"] },
  ],
];

const NOTHING: Verdict = {
  ...{ ok: [], lost: [], unexpected: [], cutOff: [], pastDeadline: [], redriven: [] },
  ...{ duplicated: [], recovered: [], namedTwice: [] },
};

describe("sorting", () => {
  it.each(plants)("finds %s", (_, facts, found) => {
    expect(sortAll({ ...fine, ...facts })).toEqual({ ...NOTHING, ...found });
  });
});

const at = (...times: number[]) => times.map((time) => ({ turn: time, read: time }));
const shape = { rate: 10, capacity: 2 };

describe("the bucket's bound", () => {
  it.each<[string, { turn: number; read: number }[], number]>([
    ["nothing", [], 0],
    ["a full bucket at once", at(0, 0), 0],
    ["one more than the bucket", at(0, 0, 0), 1],
    ["the bucket, then its pace", at(0, 0, 100, 200, 300), 0],
    ["one ahead of its pace", at(0, 0, 100, 200, 201), 1],
    ["a hair ahead", at(0, 0, 99), 1],
    ["a second burst after a rest", at(0, 0, 1000, 1000), 0],
    ["a second burst too early", at(0, 0, 100, 100), 1],
    ["bursts out of order", at(100, 0, 100, 0), 1],
    ["a turn that may have lasted long enough", [...at(0, 0), { turn: 0, read: 100 }], 0],
    ["a restart that filled the bucket again", at(0, 0, 50, 50, 60, 60), 4],
  ])("%s", (_, starts, over) => {
    expect(excess(starts, shape)).toBe(over);
  });
});

const stamp = (atMs: number, reading: number, life = 0): Stamped => ({
  ...{ life, at: atMs, turn: reading, latest: reading },
});

describe("the bound when the clock jumps", () => {
  it.each<[string, Stamped[], number[], number]>([
    ["ahead: the bucket is full again", [0, 0, 1, 1].map((t) => stamp(t, t * 9000)), [], 0],
    [
      "back: the time that comes again gives nothing",
      [1000, 1000, 1010, 1020, 1030].map((t, i) => stamp(t, i < 2 ? t : t - 900)),
      [],
      3,
    ],
    ["back, with what was left in the bucket", [stamp(1000, 1000), stamp(1010, 110)], [], 0],
    [
      "back, and up to where it was",
      [stamp(0, 1000), stamp(1, 1000), stamp(2, 500), stamp(502, 1000)],
      [],
      2,
    ],
    ["back, and past it", [stamp(0, 1000), stamp(1, 1000), stamp(602, 1100)], [], 0],
    ["back with the next life", [stamp(0, 1000), stamp(1, 1000), stamp(10, 500, 1)], [1000], 1],
    [
      "on, in a life that started nothing",
      [stamp(0, 0), stamp(1, 0), stamp(10, 500, 2), stamp(11, 500, 2)],
      [0, 9000],
      0,
    ],
  ])("%s", (_, stamped, peaks, over) => {
    expect(excess(onward(stamped, peaks), shape)).toBe(over);
  });

  it("takes what started first for the first", () => {
    const mixed = [stamp(1010, 100), stamp(1000, 1000), stamp(1001, 1000)];
    expect(onward(mixed, []).map(({ read }) => read)).toEqual([1000, 1000, 1000]);
  });
});

describe("the bound where tokens are lent, by the time that has passed", () => {
  const life: Life = {
    ...{ ms: 1000, death: "any moment", version: "now", isSlow: false, isListed: true },
    ...{ shards: 2, clockAheadMs: 0, jumpMs: 0, evicted: undefined },
  };
  const back: Life = { ...life, jumpMs: -500 };
  /** At the machine's time, by the server's clock that has gone back by so much, of it in this life. */
  const start = (at: number, goneBack: number, here = goneBack, life = 0): Execution => {
    const reading = at - goneBack;
    return {
      ...{ ...run, life, at, turn: reading, turnOnward: reading + here },
      ...{ latest: Math.max(reading, 1000), latestOnward: reading + here },
    };
  };
  const full = [start(1000, 0), start(1000, 0)];
  const since = [start(1200, 500), start(1200, 500)];

  it.each<[string, Life[], Execution[], number[], number]>([
    ["a bucket", [life], full, [1000], 0],
    ["one more at once", [life], [...full, start(1000, 0)], [1000], 1],
    ["those of the time since", [back], [...full, ...since], [1000], 0],
    ["one more than those", [back], [...full, ...since, start(1200, 500)], [1000], 1],
    ["those where nothing is lent", [{ ...back, shards: 1 }], [...full, ...since], [1000], 2],
    [
      "those of the time since, in the next life",
      [back, { ...life, clockAheadMs: -500 }],
      [...full, start(1200, 500, 0, 1), start(1200, 500, 0, 1)],
      [1100, 1200],
      0,
    ],
    [
      "where that begins with a clock that has gone back",
      [life, { ...life, clockAheadMs: -500 }],
      [...full, ...[0, 0, 0].map(() => start(1200, 500, 0, 1))],
      [1000, 1200],
      1,
    ],
  ])("%s", (_, lives, runs, peaks, over) => {
    const clock = byTimePassed(lives, peaks, ({ shards }) => shards > 1);
    expect(excess(onward(runs.map(clock.stampOf), clock.peaks), shape)).toBe(over);
  });
});

const grant: Grant = { id: "a", queue: "pull", from: 1000, to: 2000, givenAt: 1 };
const second: Grant = { ...grant, from: 2001, to: 3001, givenAt: 1002 };
const withoutTime = ({ givenAt: _, ...rest }: Grant): Grant => rest;
const SOUND: LeaseFaults = { together: [], back: [], stale: [] };

describe("leases", () => {
  it.each<[string, Grant[], Partial<LeaseFaults>]>([
    ["one", [grant], {}],
    ["one after the other ran out", [grant, second], {}],
    [
      "one in the last millisecond of the other",
      [grant, { ...second, from: 2000 }],
      { together: ["a"] },
    ],
    ["one while the other holds", [grant, { ...second, from: 1500 }], { together: ["a"] }],
    [
      "one by a clock that went back, after another was given back",
      [
        { ...second, givenAt: 1, isReturned: true },
        { ...grant, givenAt: 1002 },
      ],
      {},
    ],
    [
      "one by a clock that went back, when the other had run out",
      [grant, { ...second, from: 1500, peak: 2001 }],
      {},
    ],
    [
      "one by a clock that went back before the other ran out",
      [grant, { ...second, from: 1500, peak: 2000 }],
      { together: ["a"] },
    ],
    ["two that were answered out of order", [second, grant], {}],
    [
      "one of which nobody knows when it was given",
      [
        { ...second, givenAt: undefined },
        { ...grant, ackedAt: 1 },
      ],
      {},
    ],
    ["one while the other is extended", [{ ...grant, to: 2500 }, second], { together: ["a"] }],
    [
      "one after the other was given back",
      [
        { ...grant, isReturned: true },
        { ...second, from: 1500 },
      ],
      {},
    ],
    [
      "one after a change that nobody answered",
      [
        { ...grant, isDoubtful: true },
        { ...second, from: 1500 },
      ],
      {},
    ],
    ["one after an acknowledgement", [{ ...grant, ackedAt: 1 }, second], { back: ["a"] }],
    ["one that may be acknowledged", [{ ...grant, isPerhapsAcked: true }, second], {}],
    ["acknowledged after another's lease ran out", [grant, { ...second, ackedAt: 1 }], {}],
    ["a stale one that was refused", [{ ...grant, tried: 1 }], {}],
    [
      "a stale one that was taken",
      [{ ...grant, wronged: ["run out renewLease"] }],
      { stale: ["a:run out renewLease"] },
    ],
    ["those of two tasks at once", [grant, { ...grant, id: "b" }], {}],
  ])("%s", (_, grants, found) => {
    expect(leaseFaults(grants)).toEqual({ ...SOUND, ...found });
  });

  const unanswered: Grant = { ...grant, isPerhapsAcked: true };
  it.each<[string, Grant[], boolean]>([
    ["none", [], false],
    ["one whose acknowledgement nobody answered", [unanswered], true],
    ["another after that", [unanswered, second], false],
    ["another before that", [grant, { ...second, isPerhapsAcked: true }], true],
    ["another of which nobody knows when", [unanswered, withoutTime(second)], true],
    ["one of which nobody knows when", [withoutTime(unanswered), second], true],
  ])("may have been the end of their task: %s", (_, grants, may) => {
    expect(mayBeAcked(grants)).toBe(may);
  });
});

describe("leases of tasks with keys", () => {
  // The keys' limits are of `one`: 6 a second, 2 at once, one lease at a time; of `a/1`: 6 a second, 3 at once, 4 leases.
  const keyOf = new Map(
    [..."abc"].map((id) => [id, "one"]).concat([..."wxyz"].map((id) => [id, "a/1"])) as [
      string,
      string,
    ][],
  );
  const leased = (id: string, at: number, more: Partial<Grant> = {}): Grant => {
    return { id, queue: LEASED_KEYS, from: at + 500, to: at + 1500, givenAt: at, ...more };
  };
  const CLEAN = {
    ...{ "bound of a key's leases": [], "leases of a key at once": [] },
    "order of a key's leases": [],
  };
  it.each<[string, Grant[], object]>([
    ["one after the other", [leased("a", 0, { settledAt: 300 }), leased("b", 300)], {}],
    ["one when the other ran out", [leased("a", 0), leased("b", 1001)], {}],
    [
      "one beside the other",
      [leased("a", 0), leased("b", 990)],
      { "leases of a key at once": ["one:2"] },
    ],
    ["the same of other keys, or of none", [leased("a", 0), leased("w", 1), leased("?", 1)], {}],
    ["the same on another queue", [leased("a", 0), leased("b", 1, { queue: "pull" })], {}],
    [
      "the same when the clock had jumped between",
      [leased("a", 0), leased("b", 900, { from: 9000, to: 10_000 })],
      {},
    ],
    [
      "four within one token",
      [..."wxyz"].map((id, i) => leased(id, i * 10)),
      { "bound of a key's leases": ["a/1:+1"] },
    ],
    ["four within two tokens", [..."wxyz"].map((id, i) => leased(id, i * 60)), {}],
    [
      "another before one that has begun",
      [leased("a", 0), leased("b", 2000), leased("a", 4000)],
      { "order of a key's leases": ["a"] },
    ],
    ["one that has begun first", [leased("a", 0), leased("a", 2000), leased("b", 4000)], {}],
  ])("%s", (_, grants, found) => {
    expect(leasedKeyFaults({ grants, keyOf })).toEqual({ ...CLEAN, ...found });
  });
});

const turns = (...readings: number[]) =>
  readings.map((at) => ({ from: at, to: at, livedOnMs: 9000 }));

const turn: Turn = { from: 2001, to: 2001, livedOnMs: 9000 };

describe("recurring tasks", () => {
  it.each<[string, Turn[], number[], number[]]>([
    ["each there", turns(1000, 2001, 3002), [1000, 2000, 3000], []],
    ["one dropped", turns(1000, 2001, 3002), [1000, 3000], [2000]],
    ["the last dropped", turns(1000, 2001, 3002), [1000, 2000], [3000]],
    ["missed while nothing ran", turns(1000, 5500), [1000, 5000], []],
    ["the last of those missed not caught up", turns(1000, 5500), [1000, 4000], [5000]],
    ["killed before it could be added", [...turns(1000), { ...turn, livedOnMs: 20 }], [1000], []],
    [
      "killed, and not caught up by the next",
      [...turns(1000), { ...turn, livedOnMs: 20 }, ...turns(2500)],
      [1000],
      [2000],
    ],
    ["before the deploy", turns(1500, 2001), [2000], []],
    ["a clock that went back", turns(1000, 5500, 3200, 5900), [1000, 5000], []],
    [
      "a clock that went back, and the next time dropped",
      turns(1000, 5500, 4200, 6001),
      [1000, 5000],
      [6000],
    ],
    ["two that were due in one turn", [{ ...turn, from: 1999, to: 2001 }], [1000, 2000], []],
    ["one of two that were due in one turn", [...turns(0), { ...turn, from: 1999 }], [0, 2000], []],
    ["a turn that is early", turns(1000, 1900, 2000), [1000, 2000], []],
  ])("%s", (_, seen, added, missing) => {
    expect(missingTicks(seen, new Set(added), 1000)).toEqual(missing);
  });

  it.each<[string, { due: number; life: number }[], boolean]>([
    ["none came", [], true],
    ["only one before", [{ due: 4000, life: 0 }], true],
    ["one came", [{ due: 5000, life: 1 }], false],
    ["one came in the next life alone", [{ due: 5000, life: 2 }], true],
    ["a later one came in the life before", [{ due: 9000, life: 0 }], false],
  ])("a scheduler that stands still: %s", (_, ticks, isFound) => {
    const stretch = { life: 1, from: 4500, to: 8500 };
    const within = (life: number) => 2999 + life;
    expect(idleStretches([stretch], ticks, 1000, within)).toEqual(isFound ? [stretch] : []);
    expect(idleStretches([{ ...stretch, to: 7500 }], ticks, 1000, within)).toEqual([]);
  });
});

describe("in flight", () => {
  it("a handler that goes on past its deadline has no slot", () => {
    const next = { ...afterIt, startedAt: 25_005 };
    expect(mostOpen(spansOf([late, { ...afterIt, latest: 0 }]))).toBe(1);
    expect(mostOpen(spansOf([late, next]))).toBe(1);
    expect(mostOpen(spansOf([late, { ...next, latest: 24_999 }]))).toBe(2);
  });

  it.each<[string, [number, number][], number]>([
    ["none", [], 0],
    [
      "one after another",
      [
        [0, 10],
        [10, 20],
      ],
      1,
    ],
    [
      "two",
      [
        [0, 10],
        [9, 20],
      ],
      2,
    ],
    [
      "three in one",
      [
        [0, 10],
        [1, 2],
        [1, 3],
      ],
      3,
    ],
  ])("%s", (_, spans, most) => {
    expect(mostOpen(spans.map(([from, to]) => ({ from, to })))).toBe(most);
  });
});

it("plans the same for the same seed", () => {
  expect(planOf(7, 40)).toEqual(planOf(7, 40));
  expect(planOf(7, 40)).not.toEqual(planOf(8, 40));
});

it.each(Array.from({ length: 20 }, (_, seed) => seed))(
  "of each jump of the clock, seed %s has one in six lives",
  (seed) => {
    const kindOf = (ms: number) =>
      ms < 0 ? "back" : ms > 20_000 ? "past" : ms > 12_000 ? "near" : "other";
    const lives = planOf(seed, 24);
    for (let i = 0; i < 24; i += 6) {
      const kinds = lives.slice(i, i + 6).map(({ jumpMs }) => kindOf(jumpMs));
      expect(kinds.slice(1, 4)).toEqual(["near", "past", "back"]);
    }
  },
);

const none: Ends = {
  ...{ fates: [{ id: "a" }], added: [{ ...one, end: "any" }], executions: [] },
  ...{ failed: new Set(), expired: new Set(), counted: 0 },
};
const expired = { expired: new Set("a"), counted: 1 };
const heir: Pick<Ends, "added" | "fates"> = {
  added: [...none.added, { ...one, id: "b" }],
  fates: [{ id: "a", isDoubtful: true, heir: "b" }],
};
const beforeIt = { ...run, writtenAt: 10_120 };

describe("ends of tasks that expire or are replaced", () => {
  it.each<[string, Partial<Ends>, { [fault: string]: string[] }]>([
    ["a success", { executions: [run] }, {}],
    ["one that has expired", expired, {}],
    ["one that failed", { failed: new Set("a") }, {}],
    ["nothing at all", {}, { "no end": ["a"] }],
    ["one that was perhaps deleted", { fates: [{ id: "a", isDoubtful: true }] }, {}],
    [
      "one that expired and is kept as failed",
      { ...expired, failed: new Set("a") },
      { "two ends": ["a:failed,expired"] },
    ],
    [
      "one that expired though it ran",
      { ...expired, executions: [{ ...run, ok: false }] },
      { "expired though it ran": ["a"] },
    ],
    [
      "one that expired and was not counted",
      { expired: new Set("a") },
      { "expired uncounted": ["0"] },
    ],
    [
      "one that was replaced while it ran",
      { executions: [run], fates: [{ id: "a", gone: "replaced", askedAt: 10_050 }] },
      {},
    ],
    [
      "one that was deleted when its success was on disk",
      { executions: [beforeIt], fates: [{ id: "a", gone: "deleted", askedAt: 10_500 }] },
      { "two ends": ["a:done,deleted"] },
    ],
    ["one that another may have replaced, where neither is there", heir, { "no end": ["a"] }],
    [
      "one that another may have replaced, which is there",
      { ...heir, executions: [{ ...run, id: "b" }] },
      {},
    ],
    [
      "one that another may have replaced, where both ran",
      { ...heir, executions: [run, { ...run, id: "b" }] },
      { "two ends": ["a:b"] },
    ],
  ])("%s", (_, planted, found) => {
    const faults = Object.entries(endFaults({ ...none, ...planted }));
    expect(Object.fromEntries(faults.filter(([, ids]) => ids.length > 0))).toEqual(found);
  });
});

describe("a limit that two queues share", () => {
  /** Attempts of each queue at once, which stay open for a second. */
  const burst = (each: number, at: number): Execution[] =>
    SHARING.flatMap((queue) =>
      Array.from({ length: each }, (_, i) => {
        const started = { startedAt: at, endedAt: at + 1000, at, turn: at, latest: at };
        return { id: `${queue}${i}${at}`, life: 0, queue, ...started };
      }),
    );
  it.each<[string, Execution[], string[], string[]]>([
    ["as many as it has", burst(2, 10_000), [], []],
    ["one more of each", burst(3, 10_000), ["+2"], ["0:6"]],
    [
      "as many again before there are tokens",
      [...burst(2, 10_000), ...burst(2, 10_010)],
      ["+4"],
      ["0:8"],
    ],
    ["as many again when there are", [...burst(2, 10_000), ...burst(2, 12_000)], [], []],
    ["others beside", [...burst(2, 10_000), { ...run, queue: "left" }], [], []],
  ])("%s", (_, noted, bound, open) => {
    const faults = sharedFaults({ noted, clock: byServer([20_000]), lives: 1 });
    expect(Object.values(faults)).toEqual([bound, open]);
  });
});
