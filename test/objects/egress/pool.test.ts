import fc from "fast-check";
import { expect, it } from "vitest";
import { CONNECTIONS_PER_OBJECT, EgressPool } from "../../../src/objects/egress/pool.ts";

it("no egress object has more than six at once, whatever ends when; and there are as few as the most at once take", async () => {
  // Each number starts that many calls, or ends the call at that place among the open ones.
  const step = fc.record({ starts: fc.nat({ max: 20 }), ends: fc.array(fc.nat({ max: 60 })) });
  await fc.assert(
    fc.asyncProperty(fc.array(step), async (steps) => {
      const pool = new EgressPool();
      const open: { index: number; end: () => void }[] = [];
      let most = 0;
      for (const { starts, ends } of steps) {
        for (let i = 0; i < starts; i++) {
          void pool.send((index) => new Promise<void>((end) => open.push({ index, end })));
        }
        most = Math.max(most, open.length);
        const loads = new Map<number, number>();
        for (const { index } of open) loads.set(index, (loads.get(index) ?? 0) + 1);
        expect(Math.max(0, ...loads.values())).toBeLessThanOrEqual(CONNECTIONS_PER_OBJECT);
        expect(Math.max(-1, ...loads.keys())).toBeLessThan(
          Math.ceil(most / CONNECTIONS_PER_OBJECT),
        );
        for (const place of ends) open.splice(place, 1)[0]?.end();
        await Promise.resolve();
        await new Promise((resolve) => setTimeout(resolve));
      }
    }),
    { numRuns: 200 },
  );
});

it("a call that fails gives its connection back, and the failure goes on", async () => {
  const pool = new EgressPool();
  for (let i = 0; i < 20; i++) {
    const failed = pool.send(async (index) => Promise.reject(new Error(`of ${index}`)));
    await expect(failed).rejects.toThrow("of 0");
  }
});
