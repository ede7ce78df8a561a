import { describe, expect, it } from "vitest";
import {
  afterBreak,
  afterCall,
  attemptsPerCall,
  type CallMade,
  firstCallSize,
} from "../../../src/core/dispatch/call-size.ts";

const NOW = Date.UTC(2030, 0, 1);
const atOnce: CallMade = { isAtOnce: true, ms: 80 };
const short: CallMade = { isAtOnce: false, ms: 49 };
const long: CallMade = { isAtOnce: false, ms: 50 };

function after(most: number, ...calls: CallMade[]): number {
  return attemptsPerCall(calls.reduce(afterCall, firstCallSize(most)), NOW);
}

describe("attempts in one call", () => {
  it.each([
    ["at first", 8, [], 1],
    ["after a short one", 8, [short], 2],
    ["after two", 8, [short, atOnce], 4],
    ["after many", 8, new Array(20).fill(atOnce), 8],
    ["never more than the most, where that is no power of two", 6, new Array(20).fill(short), 6],
    ["never, where one is the most", 1, new Array(20).fill(short), 1],
    ["after one that took long", 8, [short, short, short, long], 1],
    ["after a long one and a short one", 8, [short, short, long, short], 2],
    ["of a machine so slow that calls at once take long", 8, new Array(3).fill(atOnce), 8],
  ] as [string, number, CallMade[], number][])("%s", (_, most, calls, expected) => {
    expect(after(most, ...calls)).toBe(expected);
  });

  it.each([
    [0, 1],
    [59_999, 1],
    [60_000, 2],
  ])("%i ms after one that broke, though others went well since: %i", (ms, expected) => {
    const broken = afterBreak(firstCallSize(8), NOW);
    expect(attemptsPerCall(afterCall(broken, short), NOW + ms)).toBe(expected);
  });
});
