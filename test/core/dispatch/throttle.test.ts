import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  afterOverload,
  afterSuccess,
  type Throttle,
  UNTHROTTLED,
} from "../../../src/core/dispatch/throttle.ts";

const T = Date.UTC(2030, 0, 1);

/** One second after the other a handler answers, beginning at T. */
function afterEach(answers: ("503" | "200")[], from: Throttle = UNTHROTTLED): Throttle {
  return answers.reduce((throttle, answer, index) => {
    const now = T + index * 1000;
    return answer === "503" ? afterOverload(throttle, now) : afterSuccess(throttle, now);
  }, from);
}

describe("a 503", () => {
  it("halves the rate at once", () => {
    expect(afterOverload(UNTHROTTLED, T)).toEqual({ share: 0.5, changedAt: T });
  });

  it("halves it again only after a second", () => {
    const once = afterOverload(UNTHROTTLED, T);
    expect(afterOverload(once, T + 999)).toEqual(once);
    expect(afterOverload(once, T + 1000)).toEqual({ share: 0.25, changedAt: T + 1000 });
  });

  it("leaves a hundredth of the rate, however many come", () => {
    expect(afterEach(new Array(30).fill("503")).share).toBe(0.01);
  });

  it("halves at once again when the rate had recovered in full", () => {
    const recovered = { share: 1, changedAt: T };
    expect(afterOverload(recovered, T + 1)).toEqual({ share: 0.5, changedAt: T + 1 });
  });
});

describe("a success", () => {
  it("changes nothing while nothing is throttled", () => {
    expect(afterSuccess(UNTHROTTLED, T)).toEqual(UNTHROTTLED);
  });

  it("gives a tenth of the rate back, once a second", () => {
    const half = { share: 0.5, changedAt: T };
    expect(afterSuccess(half, T + 999)).toEqual(half);
    expect(afterSuccess(half, T + 1000)).toEqual({ share: 0.6, changedAt: T + 1000 });
  });

  it("gives back exactly the whole in the end", () => {
    expect(afterEach(["503", "503", "503", ...new Array(10).fill("200")]).share).toBe(1);
  });
});

it("whatever is answered when, the share stays between a hundredth and one and moves once a second", () => {
  const answer = fc.record({ overload: fc.boolean(), wait: fc.oneof(fc.nat(10), fc.nat(5000)) });
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 60 }), (answers) => {
      let throttle = UNTHROTTLED;
      let now = T;
      for (const { overload, wait } of answers) {
        now += wait;
        const next = overload ? afterOverload(throttle, now) : afterSuccess(throttle, now);
        expect(next.share).toBeGreaterThanOrEqual(0.01);
        expect(next.share).toBeLessThanOrEqual(1);
        expect(next.share > throttle.share && overload).toBe(false);
        expect(next.share < throttle.share && !overload).toBe(false);
        const isSoon = throttle.share < 1 && now - throttle.changedAt < 1000;
        if (isSoon) expect(next).toEqual(throttle);
        throttle = next;
      }
    }),
  );
});
