import fc from "fast-check";
import { expect, it } from "vitest";
import { RecentCounts } from "../../../src/core/metrics/recent-counts.ts";

const NOW = Date.UTC(2030, 0, 1);

it("counts of each kind what happened in the last minute, the second under way with it", () => {
  const step = fc.record({
    kind: fc.constantFrom("a" as const, "b" as const),
    n: fc.nat(5),
    wait: fc.oneof(fc.constant(0), fc.nat(3_000), fc.nat(90_000)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), fc.nat(90_000), (steps, later) => {
      const counts = new RecentCounts(["a", "b"]);
      let now = NOW;
      const seen = steps.map(({ kind, n, wait }) => {
        now += wait;
        counts.add(kind, n, now);
        return { kind, n, second: Math.floor(now / 1000) };
      });
      const first = Math.floor((now + later) / 1000) - 59;
      const sum = (of: string) =>
        seen.reduce(
          (all, { kind, n, second }) => all + (kind === of && second >= first ? n : 0),
          0,
        );
      expect(counts.lastMinute(now + later)).toEqual({ a: sum("a"), b: sum("b") });
    }),
  );
});
