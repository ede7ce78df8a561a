import fc from "fast-check";
import { expect, it } from "vitest";
import { Couriers, SEATS } from "../../../src/objects/egress/pool.ts";

it("no courier has more than six at once, whatever ends when; and there are as few as the most at once take", async () => {
  // Each number starts that many calls, or ends the call at that place among the open ones.
  const step = fc.record({ starts: fc.nat({ max: 20 }), ends: fc.array(fc.nat({ max: 60 })) });
  await fc.assert(
    fc.asyncProperty(fc.array(step), async (steps) => {
      const couriers = new Couriers();
      const open: { courier: number; end: () => void }[] = [];
      let most = 0;
      for (const { starts, ends } of steps) {
        for (let i = 0; i < starts; i++) {
          void couriers.send((courier) => new Promise<void>((end) => open.push({ courier, end })));
        }
        most = Math.max(most, open.length);
        const loads = new Map<number, number>();
        for (const { courier } of open) loads.set(courier, (loads.get(courier) ?? 0) + 1);
        expect(Math.max(0, ...loads.values())).toBeLessThanOrEqual(SEATS);
        expect(Math.max(-1, ...loads.keys())).toBeLessThan(Math.ceil(most / SEATS));
        for (const place of ends) open.splice(place, 1)[0]?.end();
        await Promise.resolve();
        await new Promise((resolve) => setTimeout(resolve));
      }
    }),
    { numRuns: 200 },
  );
});

it("a call that fails gives its seat back, and the failure goes on", async () => {
  const couriers = new Couriers();
  for (let i = 0; i < 20; i++) {
    const failed = couriers.send(async (courier) => Promise.reject(new Error(`of ${courier}`)));
    await expect(failed).rejects.toThrow("of 0");
  }
});
