// Turns that go on for long: none of the lines gets lost on the way.
import { expect, it } from "vitest";
import { type Turn, Turns } from "../../../src/core/dispatch/turns.ts";

interface Named extends Turn {
  name: string;
}

const line = (name: string, weight = 1): Named => ({ name, weight, credit: 0, isIn: false });

it.each([1, 2, 3, 100, 700, 1500])("of %i lines each is served as often as any other", (n) => {
  const turns = new Turns<Named>();
  for (let i = 0; i < n; i++) turns.join(line(`k${i}`));
  const served = new Map<string, number>();
  for (let i = 0; i < n * 20; i++) {
    const { name } = turns.next() as Named;
    served.set(name, (served.get(name) ?? 0) + 1);
    turns.served();
  }
  expect(turns.size).toBe(n);
  expect(new Set(served.values())).toEqual(new Set([20]));
});

it("lines that are passed over for their fractions are there too, and may leave and come back", () => {
  const turns = new Turns<Named>();
  const all = [line("a", 0.01), line("b", 0.5), line("c", 3)];
  for (const one of all) turns.join(one);
  const served = { a: 0, b: 0, c: 0 };
  for (let i = 0; i < 35_100; i++) {
    const next = turns.next() as Named;
    served[next.name as "a"]++;
    turns.served();
  }
  expect([turns.size, served.a, served.b, served.c]).toEqual([3, 100, 5000, 30_000]);
  for (let i = 0; i < 5000; i++) {
    const next = turns.next() as Named;
    turns.leave();
    turns.join(next);
  }
  expect(turns.size).toBe(3);
});
