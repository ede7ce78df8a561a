// What the benchmark makes of its figures: pure, so that a bar that says "held" can be believed.
import { describe, expect, it } from "vitest";
import { asMarkdown, asText, type Bar, isHeld, tableOf } from "../bench/report.ts";
import { cpuOf, perSecond, ratioOf, type Side, takeTurns } from "../bench/slices.ts";

const BARS: [bar: Bar, held: boolean][] = [
  [{ what: "as much as it has to be", found: 0.85, atLeast: 0.85 }, true],
  [{ what: "less", found: 0.849, atLeast: 0.85 }, false],
  [{ what: "as little as it has to be", found: 200, atMost: 200, unit: "ms" }, true],
  [{ what: "more", found: 200.1, atMost: 200, unit: "ms" }, false],
  [{ what: "nothing that could be measured", found: Number.NaN, atLeast: 0 }, false],
  [{ what: "nothing that could be measured, at most", found: Number.NaN, atMost: 1 }, false],
];

describe("a bar", () => {
  it.each(BARS)("$what", (bar, held) => {
    expect(isHeld(bar)).toBe(held);
    expect(tableOf([bar]).rows[0]?.at(-1)).toBe(held ? "held" : "MISSED");
  });
});

it("tables are aligned as text, and have a rule in Markdown", () => {
  const table = { title: "Lengths", columns: ["", "m"], rows: [["long", "1"], ["x", "22"]] }; // biome-ignore format: a table
  expect(asText(table)).toBe("Lengths\n       m\nlong   1\nx     22");
  expect(asMarkdown(table)).toBe(
    "**Lengths**\n\n|  | m |\n| --- | ---: |\n| long | 1 |\n| x | 22 |",
  );
});

it("sides take turns, each round begins with another, and warm-ups do not count", async () => {
  const order: string[] = [];
  const side = (name: string): Side => ({ name, run: async (i) => order.push(`${name}${i}`) });
  const sides = ["a", "b", "c"].map(side);
  const slices = await takeTurns(sides, { slices: 2, tasks: 1, warmUp: 1 });
  expect(order).toEqual(["a-1", "b-1", "c-1", "a0", "c0", "b0", "c1", "a1", "b1"]);
  expect([...slices.values()].map((own) => own.length)).toEqual([2, 2, 2]);
});

it("a ratio is of slices of the same round, its middle and its lower quartile", () => {
  const of = (figures: number[]) => figures.map((one) => ({ perSecond: one, cpu: 100 / one }));
  const slices = new Map([
    ["ours", of([1, 20, 3, 40])],
    ["theirs", of([1, 10, 1, 10])],
  ]);
  expect(ratioOf(slices, "ours", "theirs")).toEqual({ p25: 1, p50: 2 });
  expect(perSecond(slices, "ours")).toBe(3);
  expect(cpuOf(slices, "theirs")).toBe(55);
});
