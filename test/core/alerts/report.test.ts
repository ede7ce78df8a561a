// What the objects of a queue know together, of what each of them tells.
import { describe, expect, it } from "vitest";
import {
  outageOfAll,
  sumOfBacklogs,
  sumOfFailures,
  type TargetReport,
} from "../../../src/core/alerts/report.ts";

describe("an outage", () => {
  it.each<[what: string, all: TargetReport[], outage: object | undefined]>([
    ["of one object", [{ outage: { since: 10, last: 20 } }], { since: 10, last: 20 }],
    ["of none", [{}, { goodAt: 5 }], undefined],
    [
      "of all: from the first failure to the last",
      [{ outage: { since: 10, last: 20 } }, { outage: { since: 12, last: 40 } }],
      { since: 10, last: 40 },
    ],
    [
      "is over with a good answer on any",
      [{ outage: { since: 10, last: 20 } }, { goodAt: 30 }],
      undefined,
    ],
    [
      "goes on after a good answer from that on",
      [{ outage: { since: 10, last: 50 } }, { goodAt: 30 }],
      { since: 30, last: 50 },
    ],
    ["of which nothing was heard since a start", [{ outage: { since: 10 } }], { since: 10 }],
    [
      "of which nothing was heard since a start, before a good answer on another",
      [{ outage: { since: 10 } }, { goodAt: 30 }],
      undefined,
    ],
    [
      "that another object hears of, too",
      [{ outage: { since: 10 } }, { outage: { since: 40, last: 50 } }],
      { since: 10, last: 50 },
    ],
  ])("%s", (_, all, outage) => {
    expect(outageOfAll(all)).toEqual(outage);
  });
});

it("failures are summed slot by slot", () => {
  const sum = sumOfFailures([
    [
      [1, 2],
      [2, 1],
    ],
    [[2, 3]],
  ]);
  expect(sum).toEqual([
    [1, 2],
    [2, 4],
  ]);
});

it("a backlog is drained as fast as its shards go", () => {
  const all = [
    { due: 10, queueRate: 2, runTime: 1 },
    { due: 5, queueRate: 1, runTime: null },
    { due: 0, queueRate: 0.5, runTime: 3 },
  ];
  expect(sumOfBacklogs(all)).toEqual({ due: 15, queueRate: 1.5, runTime: 2 });
  const still = [5, 0].map((due) => ({ due, queueRate: 0, runTime: null }));
  expect(sumOfBacklogs(still)).toEqual({ due: 5, queueRate: 0, runTime: null });
  // Of a version that said another rate.
  const former = { due: 85, rate: 0, runTime: null };
  expect(sumOfBacklogs([...all, former])).toEqual({ due: 100, queueRate: 1.5, runTime: 2 });
  expect(sumOfBacklogs([{ due: 1, runTime: null }])).toEqual({ due: 1, runTime: null });
});
