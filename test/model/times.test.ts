import fc from "fast-check";
import { expect, it } from "vitest";
import { Times } from "../../src/objects/queue/dispatch/times.ts";

it("names come in the order of their times, those that were set anew by the last", () => {
  const steps = fc.array(
    fc.record({ name: fc.constantFrom(..."abcdefgh"), at: fc.nat(50), take: fc.boolean() }),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(steps, (given) => {
      const times = new Times();
      const model = new Map<string, number>();
      for (const { name, at, take } of given) {
        if (take) {
          const due = [...model].filter(([, moment]) => moment <= at).map(([one]) => one);
          expect([...times.take(at)].sort()).toEqual(due.sort());
          for (const one of due) model.delete(one);
        } else {
          times.set(name, at);
          model.set(name, at);
        }
        expect(times.next()).toBe(Math.min(Number.POSITIVE_INFINITY, ...model.values()));
        expect(times.size).toBe(model.size);
      }
    }),
  );
});
