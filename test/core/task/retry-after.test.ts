import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, retryAfterMs } from "../../../src/core/task/attempt.ts";
import { completeRetry } from "../../../src/core/task/backoff.ts";
import { NO_PROGRESS, type Outcome } from "../../../src/core/task/task.ts";

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0, 500);
const DAY_S = 24 * 3600;

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["120", 120_000],
    [" 7 ", 7000],
    ["99999999999", 30 * DAY_S * 1000],
    ["Thu, 01 Jan 2026 12:00:10 GMT", 9500],
    ["Thursday, 01-Jan-26 12:00:10 GMT", 9500],
    ["Thu, 01 Jan 2026 11:00:00 GMT", 0],
    ["Thu, 01 Jan 2099 12:00:00 GMT", 30 * DAY_S * 1000],
    ["", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["2026", 2_026_000],
    ["January 1", undefined],
    ["Thu, 41 Jan 2026 12:00:10 GMT", undefined],
  ])("of %j is %s ms", (text, ms) => {
    expect(retryAfterMs(text, NOW)).toBe(ms);
  });

  it("never lies before now, nor past thirty days", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat().map(String),
          fc.date().map((d) => d.toUTCString()),
        ),
        (text) => {
          const ms = retryAfterMs(text, NOW) ?? 0;
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(30 * DAY_S * 1000);
        },
      ),
    );
  });
});

describe("a failed attempt", () => {
  const times = { startedAt: NOW, endedAt: NOW };
  const queue = completeRetry({ limit: 2, minBackoff: 10 });
  const transition = (outcome: Partial<Outcome>, retryCount = 0) =>
    decide(
      { ...NO_PROGRESS, retryCount },
      times,
      { kind: "answered", status: 429, ...outcome } as Outcome,
      undefined,
      queue,
    );

  it("is tried again when it asked, instead of after the back-off, and counts", () => {
    const asked = transition({ retryAfter: "3" });
    expect(asked).toMatchObject({ step: "retry", due: NOW + 3000, progress: { retryCount: 1 } });
    expect(transition({})).toMatchObject({ due: NOW + 10_000 });
    expect(transition({ retryAfter: "whenever" })).toMatchObject({ due: NOW + 10_000 });
  });

  it("is the last one when no retry is left, whatever it asks", () => {
    expect(transition({ retryAfter: "3" }, 2).step).toBe("fail");
  });

  it("is the last one when it says so, whatever retries are left", () => {
    expect(transition({ isFinal: true }).step).toBe("fail");
  });
});
