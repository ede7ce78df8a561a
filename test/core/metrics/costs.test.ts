import { expect, it } from "vitest";
import { costsOf } from "../../../src/core/metrics/costs.ts";
import { noMeter } from "../../../src/core/metrics/meter.ts";
import { billedOf, dollarsOf, pastIncluded } from "../../../src/core/metrics/prices.ts";

const DAY = 86_400_000;

it.each([
  ["a million rows written", { rowsWritten: 1e6 }, 1],
  ["a million alarms", { alarmsSet: 1e6 }, 1],
  ["a million rows read", { rowsRead: 1e6 }, 0.001],
  ["a million requests", { requests: 1e6 }, 0.15],
  ["a million seconds awake", { activeMs: 1e9 }, 1.6],
])("%s cost what docs/costs.md says", (_, counts, dollars) => {
  expect(dollarsOf(billedOf({ ...noMeter(), ...counts }))).toBeCloseTo(dollars, 9);
});

it("is nothing up to what is included, and the rest past it", () => {
  const month = (rows: number) => pastIncluded(billedOf({ ...noMeter(), rowsWritten: rows }));
  expect(dollarsOf(month(50e6))).toBe(0);
  expect(dollarsOf(month(52e6))).toBeCloseTo(2, 9);
});

it("is per day and month as it was since counting began", () => {
  const costs = costsOf(
    [
      { name: "a", since: 0, counts: { ...noMeter(), rowsWritten: 4e6, activeMs: 8000 } },
      { name: "b", since: DAY, counts: { ...noMeter(), rowsWritten: 1e6 } },
    ],
    undefined,
    2 * DAY,
  );
  const [a, b] = costs.queues;
  expect(a?.perDay.rowsWritten).toBe(2e6);
  expect(a?.perDay.activeSeconds).toBe(4);
  expect(b?.perMonth.rowsWritten).toBe(30e6);
  expect(b?.perMonth.dollars).toBe(30);
  expect(costs.total.rowsWritten).toBe(5e6);
  expect(costs.total.perMonth.rowsWritten).toBe(90e6);
  expect(costs.total.perMonth.dollarsPastIncluded).toBe(40);
});

it("has the directory in all, and beside the queues", () => {
  const counts = { ...noMeter(), requests: 1e6 };
  const costs = costsOf([{ name: "a", since: 0, counts }], { since: DAY, counts }, 2 * DAY);
  expect(costs.queues).toHaveLength(1);
  expect(costs.directory).toMatchObject({ since: "1970-01-02T00:00:00.000Z", requests: 1e6 });
  expect(costs.directory?.perDay.requests).toBe(1e6);
  expect(costs.total.requests).toBe(2e6);
  expect(costs.total.perMonth.requests).toBe(45e6);
});
