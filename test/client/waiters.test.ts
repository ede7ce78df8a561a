// What waiting costs: a caller that waits is looked at when something happened to what it waits for.
import { expect, it, vi } from "vitest";
import { Waiters } from "../../src/objects/waiters.ts";

it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1e12])(
  "a wait of %s seconds makes no loop of timers",
  async (seconds) => {
    const served = vi.fn(() => undefined);
    const waiters = new Waiters<string, string>({
      ...{ now: () => Date.now(), serve: served, timedOut: () => "timed out" },
      nextMoment: () => Number.POSITIVE_INFINITY,
    });
    void waiters.wait("n1", seconds);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(served.mock.calls.length).toBeLessThan(3);
    waiters.release();
  },
);
