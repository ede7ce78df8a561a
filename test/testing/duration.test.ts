import { describe, expect, it } from "vitest";
import { type Duration, milliseconds } from "../../src/testing/duration.ts";

describe("a duration", () => {
  it.each<[Duration, number]>([
    [0, 0],
    [1500, 1500],
    ["0s", 0],
    ["500ms", 500],
    ["1s", 1000],
    ["10m", 600_000],
    ["1h", 3_600_000],
    ["2d", 172_800_000],
    ["1.5h", 5_400_000],
    ["1h30m", 5_400_000],
    ["1h 30m 5s", 5_405_000],
    ["1m500ms", 60_500],
  ])("%j is %i ms", (duration, ms) => {
    expect(milliseconds(duration)).toBe(ms);
  });

  it.each<[unknown]>([
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [""],
    ["10"],
    ["m"],
    ["-1m"],
    ["1w"],
    ["1 month"],
    ["1h30"],
    [".5h"],
    [null],
    [undefined],
    [{}],
  ])("%j is none", (duration) => {
    expect(() => milliseconds(duration as Duration)).toThrow(/^duration: found .*, expected/);
  });
});
