import { describe, expect, it } from "vitest";
import {
  COLUMNS,
  type Column,
  columnOf,
  firstOrder,
  includedRows,
  sorted,
} from "../../src/console/costs/costs.ts";
import { costsOf } from "../../src/core/metrics/costs.ts";

const DAY_MS = 86_400_000;
const metered = (name: string, since: number, factor: number) => ({
  ...{ name, since },
  counts: {
    ...{ rowsWritten: 10 * factor, rowsRead: 100, alarmsSet: factor },
    ...{ requests: 20 / factor, activeMs: 5000 },
  },
});
const counted = [metered("b", 0, 2), metered("a", 1000, 1), metered("c", 0, 4)];
const costs = costsOf(counted, undefined, DAY_MS);
const namesBy = (column: Column, order = firstOrder(column)) =>
  sorted(costs.queues, column, order).map(({ name }) => name);

describe("queues by what they cost", () => {
  it.each<[column: Column, names: string[]]>([
    ["name", ["a", "b", "c"]],
    ["rows", ["c", "b", "a"]],
    ["requests", ["a", "b", "c"]],
    ["month", ["c", "b", "a"]],
    ["since", ["b", "c", "a"]],
  ])("in the order of %s", (column, names) => {
    expect(namesBy(column)).toEqual(names);
  });

  it("the other way round, equal ones still by name", () => {
    expect(namesBy("rows", "up")).toEqual(["a", "b", "c"]);
    expect(namesBy("since", "down")).toEqual(["a", "b", "c"]);
  });

  it("by what a month costs, where the address names no column", () => {
    expect(columnOf("")).toBe("month");
    for (const column of COLUMNS) expect(columnOf(column)).toBe(column);
  });
});

it("what is included is held against what is billed: alarms as rows, time as GB-s", () => {
  const rows = includedRows(costs);
  expect(rows.map(({ what, included }) => [what, included])).toEqual([
    ["rows written", 50_000_000],
    ["rows read", 25_000_000_000],
    ["requests", 1_000_000],
    ["GB-s awake", 400_000],
  ]);
  const { perMonth } = costs.total;
  expect(rows[0]?.used).toBe(perMonth.rowsWritten + perMonth.alarmsSet);
  expect(rows[3]?.used).toBeCloseTo(perMonth.activeSeconds * 0.128);
});
