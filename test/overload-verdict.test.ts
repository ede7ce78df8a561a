import { describe, expect, it } from "vitest";
import {
  type Fact,
  isBounded,
  isFactMet,
  type Memory,
  rowOf,
  type Samples,
} from "../bench/overload/verdict.ts";

const MB = 2 ** 20;
const samples = (...add: number[]): Samples => ({ add, start: [], get: [] });
const slice = (ms: number, late = ms): Samples => samples(...Array(99).fill(ms), late, late);

describe("the ratio of another queue's p99", () => {
  const TABLE: [what: string, quiet: Samples[], disturbed: Samples[], ratio: number][] = [
    ["nothing changes", [slice(2)], [slice(2)], 1],
    ["twice is not under twice", [slice(2)], [slice(4)], 2],
    ["a little under", [slice(10)], [slice(19)], 1.9],
    ["faster", [slice(4)], [slice(2)], 0.5],
    ["late ones count", [slice(1)], [slice(1, 30)], 30],
    ["late ones of quiet slices too", [slice(1, 30)], [slice(1, 30)], 1],
    ["one late slice of four", [slice(1)], [slice(1), slice(1), slice(1), slice(9)], 9],
    ["slices of different length", [samples(3), slice(3)], [samples(3), slice(6)], 2],
    ["one sample each", [samples(5)], [samples(7)], 1.4],
    ["order does not count", [samples(3, 1, 2)], [samples(1, 3, 2)], 1],
  ];
  it.each(TABLE)("%s", (_, quiet, disturbed, ratio) => {
    const row = rowOf("add", { quiet, control: quiet, disturbed });
    expect(row.ratio).toBeCloseTo(ratio);
    expect([row.controlRatio, row.isMet]).toEqual([1, ratio < 2]);
  });

  it("says how far quiet slices lie apart", () => {
    const quiet = [slice(2), slice(3), slice(2)];
    expect(rowOf("add", { quiet, control: quiet, disturbed: quiet }).noise).toBe(1.5);
  });

  it("is not met where nothing was sampled", () => {
    const none = [samples()];
    expect(rowOf("add", { quiet: none, control: none, disturbed: none }).isMet).toBe(false);
  });
});

it.each<[string, Memory, boolean]>([
  ["flat", { before: 200 * MB, peak: 200 * MB, after: 200 * MB }, true],
  ["smaller afterwards", { before: 200 * MB, peak: 300 * MB, after: 100 * MB }, true],
  ["at the bound", { before: 0, peak: 512 * MB, after: 256 * MB }, true],
  ["a peak above it", { before: 0, peak: 512 * MB + 1, after: 0 }, false],
  ["kept above it", { before: 0, peak: 300 * MB, after: 256 * MB + 1 }, false],
])("memory: %s", (_, memory, expected) => {
  expect(isBounded(memory)).toBe(expected);
});

it.each<[string, Fact, boolean]>([
  ["no goal", { what: "x", value: 9, unit: "s" }, true],
  ["at the goal", { what: "x", value: 9, unit: "s", most: 9 }, true],
  ["above it", { what: "x", value: 9.1, unit: "s", most: 9 }, false],
  ["nothing measured", { what: "x", value: Number.NaN, unit: "s", most: 9 }, false],
])("fact: %s", (_, fact, expected) => {
  expect(isFactMet(fact)).toBe(expected);
});
