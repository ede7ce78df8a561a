import { describe, expect, it } from "vitest";
import { leaseAgain, undelivered } from "../../../src/core/task/lease.ts";
import { NO_PROGRESS, type Progress } from "../../../src/core/task/task.ts";

const attempt = { startedAt: 1, endedAt: 2, error: "the lease ended without an acknowledgement" };
const pushed = { ...NO_PROGRESS, retryCount: 3, executionCount: 2, firstStartedAt: 1 };

describe("a lease that reached nobody", () => {
  it.each<[string, Progress]>([
    ["was never leased", NO_PROGRESS],
    [
      "was leased before",
      { ...NO_PROGRESS, retryCount: 1, firstStartedAt: 1, attempts: [attempt] },
    ],
    ["was pushed before its queue was a pull queue", pushed],
  ])("leaves a task that %s as it was", (_, progress) => {
    const leased = leaseAgain(progress, undefined, 5);
    expect(leased.step).toBe("lease");
    expect(undelivered(leased.progress)).toEqual(progress);
  });

  it("leaves the attempt that ended before it", () => {
    const first = leaseAgain(NO_PROGRESS, undefined, 1).progress;
    const second = leaseAgain(first, 2, 5).progress;
    const kept = { ...NO_PROGRESS, retryCount: 1, firstStartedAt: 1, attempts: [attempt] };
    expect(undelivered(second)).toEqual(kept);
  });

  it("uses up none of the leases a task may have", () => {
    const { progress } = leaseAgain(NO_PROGRESS, undefined, 1, 1);
    expect(leaseAgain(undelivered(progress), undefined, 2, 1).step).toBe("lease");
    expect(leaseAgain(progress, 2, 3, 1).step).toBe("fail");
  });
});
