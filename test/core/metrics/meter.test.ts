import { expect, it } from "vitest";
import { Meter, noMeter } from "../../../src/core/metrics/meter.ts";

it("tells what was used once", () => {
  let now = 0;
  const meter = new Meter(() => now);
  expect(meter.untold()).toEqual(noMeter());
  meter.rowsWritten = 3;
  meter.began();
  now = 40;
  expect(meter.untold()).toEqual({ ...noMeter(), rowsWritten: 3, requests: 1, activeMs: 40 });
  now = 50;
  meter.ended();
  expect(meter.untold()).toEqual({ ...noMeter(), activeMs: 10 });
  expect(meter.untold()).toEqual(noMeter());
});

it("tells no second time what it told ahead, and never less than nothing", () => {
  const meter = new Meter(() => 0);
  meter.rowsWritten = 1;
  expect(meter.untold({ rowsWritten: 2, alarmsSet: 1 })).toMatchObject({
    rowsWritten: 3,
    alarmsSet: 1,
  });
  meter.rowsWritten = 2;
  expect(meter.untold()).toEqual(noMeter());
  meter.rowsWritten = 5;
  meter.alarmsSet = 1;
  expect(meter.untold()).toEqual({ ...noMeter(), rowsWritten: 2 });
});

it("tells what it counts from nothing again", () => {
  const meter = new Meter(() => 0);
  meter.rowsWritten = 3;
  meter.untold();
  meter.reset();
  meter.rowsWritten = 2;
  expect(meter.untold()).toMatchObject({ rowsWritten: 2 });
});
