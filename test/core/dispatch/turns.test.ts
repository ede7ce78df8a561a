import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Turn, Turns } from "../../../src/core/dispatch/turns.ts";

interface Line extends Turn {
  name: string;
  waiting: number;
}

function line(name: string, waiting: number, weight = 1): Line {
  return { name, waiting, weight, credit: 0, isIn: false };
}

/** Serves up to `n` tasks, as a dispatcher does; whose they were. */
function serve(turns: Turns<Line>, n: number): string[] {
  const served: string[] = [];
  for (let next = turns.next(); next && served.length < n; next = turns.next()) {
    if (next.waiting === 0) {
      turns.leave();
      continue;
    }
    next.waiting--;
    served.push(next.name);
    turns.served();
  }
  return served;
}

function turnsOf(...lines: Line[]): Turns<Line> {
  const turns = new Turns<Line>();
  for (const one of lines) turns.join(one);
  return turns;
}

describe("turns", () => {
  it("go round", () => {
    const turns = turnsOf(line("a", 3), line("b", 1), line("c", 2));
    expect(serve(turns, 10).join("")).toBe("abcaca");
    expect(turns.size).toBe(0);
  });

  it("are as long as the weight, and what is no whole task is kept", () => {
    const turns = turnsOf(line("a", 9, 1.5), line("b", 9));
    expect(serve(turns, 12).join("")).toBe("abaababaabab");
  });

  it("go on where they were", () => {
    const turns = turnsOf(line("a", 9, 3), line("b", 9, 2));
    const parts = [1, 1, 2, 3].map((n) => serve(turns, n).join(""));
    expect(parts.join("|")).toBe("a|a|ab|baa");
  });

  it("of a line that comes again and again are never twice before another's", () => {
    const turns = turnsOf(line("a", 50));
    const again = line("b", 0);
    const order: string[] = [];
    for (let i = 0; i < 20; i++) {
      again.waiting = 1;
      turns.join(again);
      order.push(...serve(turns, 1));
    }
    expect(order.join("")).not.toContain("bb");
    expect(order.filter((name) => name === "a").length).toBeGreaterThanOrEqual(9);
  });

  it("skip rounds in which nobody has a whole task", () => {
    const turns = turnsOf(line("a", 4, 1e-6), line("b", 4, 2e-6));
    expect(serve(turns, 6).join("")).toBe("babbab");
  });

  it("lose no line in any number of rounds", () => {
    const turns = turnsOf(line("a", 5000), line("b", 5000));
    expect(serve(turns, 20_000)).toHaveLength(10_000);
  });

  it("give each its share by weight, within a turn of it", () => {
    const weights = fc.array(fc.constantFrom(0.25, 0.5, 1, 2, 3.5, 10), {
      minLength: 2,
      maxLength: 12,
    });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 3000 }), (of, n) => {
        const lines = of.map((weight, i) => line(`${i}`, 1e6, weight));
        const served = serve(turnsOf(...lines), n);
        const sum = of.reduce((a, b) => a + b, 0);
        for (const { name, weight } of lines) {
          const own = served.filter((one) => one === name).length;
          expect(Math.abs(own - (n * weight) / sum)).toBeLessThanOrEqual(
            2 * Math.max(weight, 1) + sum * (weight / sum),
          );
        }
      }),
    );
  });
});
