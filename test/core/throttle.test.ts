import { expect, it } from "vitest";
import { afterOverload, afterSuccess, UNTHROTTLED } from "../../src/core/throttle.ts";

it("halves at the first overload, and at most once a second after that", () => {
  const once = afterOverload(UNTHROTTLED, 5000);
  expect(once.share).toBe(0.5);
  expect(afterOverload(once, 5999)).toEqual(once);
  expect(afterOverload(once, 6000).share).toBe(0.25);
});

it("never falls under a hundredth of the rate", () => {
  let throttle = UNTHROTTLED;
  for (let now = 0; now < 100_000; now += 1000) throttle = afterOverload(throttle, now);
  expect(throttle.share).toBe(0.01);
});

it("climbs back by a tenth a second with successes, and stops at the whole rate", () => {
  let throttle = afterOverload(UNTHROTTLED, 0);
  expect(afterSuccess(throttle, 999)).toEqual(throttle);
  for (let now = 1000; now <= 5000; now += 1000) throttle = afterSuccess(throttle, now);
  expect(throttle.share).toBe(1);
  expect(afterSuccess(throttle, 9000)).toEqual(throttle);
});
