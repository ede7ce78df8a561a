import { describe, expect, it } from "vitest";
import {
  afterBreak,
  afterCall,
  attemptsPerCall,
  type CallMade,
  firstCallSize,
} from "../../../src/core/dispatch/call-size.ts";

const NOW = Date.UTC(2030, 0, 1);
const alone: CallMade = { attempts: 1, isAtOnce: false, ms: 49 };
const atOnce: CallMade = { attempts: 9, isAtOnce: true, ms: 999 };
const waited: CallMade = { attempts: 9, isAtOnce: false, ms: 49 };
const long: CallMade = { attempts: 1, isAtOnce: false, ms: 50 };
const many = (call: CallMade) => new Array<CallMade>(20).fill(call);

function after(most: number, ...calls: CallMade[]): number {
  return attemptsPerCall(calls.reduce(afterCall, firstCallSize(most)), NOW);
}

describe("attempts in one call", () => {
  it.each([
    ["at first", 16, [], 1],
    ["after one that was short", 16, [alone], 2],
    ["after many that were alone: what they wait for is not known", 16, many(alone), 2],
    ["after two that waited for nothing", 16, [atOnce, atOnce], 4],
    ["after many", 16, many(atOnce), 16],
    ["after many that waited, and were short", 16, many(waited), 4],
    ["after one that waited", 16, [...many(atOnce), waited], 4],
    ["after one that was alone beside them", 16, [...many(atOnce), alone], 16],
    ["never more than the most, where that is no power of two", 6, many(atOnce), 6],
    [
      "never more than the most, where that is less than those that wait may be",
      3,
      many(waited),
      3,
    ],
    ["never, where one is the most", 1, [...many(alone), ...many(atOnce)], 1],
    ["after one that took long", 16, [...many(atOnce), long], 1],
    ["after several of which one took long", 16, [...many(atOnce), { ...waited, ms: 50 }], 1],
    [
      "after several that waited for nothing and took long",
      16,
      [...many(atOnce), { ...atOnce, ms: 1000 }],
      1,
    ],
    ["after a long one and a short one", 16, [atOnce, long, alone], 2],
  ] as [string, number, CallMade[], number][])("%s", (_, most, calls, expected) => {
    expect(after(most, ...calls)).toBe(expected);
  });

  it.each([
    [0, 1],
    [59_999, 1],
    [60_000, 2],
  ])("%i ms after one that broke, though others went well since: %i", (ms, expected) => {
    const broken = afterBreak(firstCallSize(16), NOW);
    expect(attemptsPerCall(afterCall(broken, alone), NOW + ms)).toBe(expected);
  });
});
