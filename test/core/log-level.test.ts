import { describe, expect, it } from "vitest";
import { logLevelFault, logLevelOf } from "../../src/core/log-level.ts";
import { LineBudget } from "../../src/core/metrics/line-budget.ts";

describe("TASKQUEUE_LOG", () => {
  it.each([
    ["error", "error"],
    ["warn", "warn"],
    ["info", "info"],
    ["debug", "debug"],
    [undefined, "info"],
    ["", "info"],
  ])("%j is %s", (setting, level) => {
    expect(logLevelFault(setting)).toBeUndefined();
    expect(logLevelOf(setting)).toBe(level);
  });

  it.each(["ERROR", "trace", "info ", 2, true])("%j stops the start", (setting) => {
    expect(logLevelFault(setting)).toBe(
      `TASKQUEUE_LOG: found ${JSON.stringify(setting)}, expected error, warn, info, debug`,
    );
  });
});

describe("the lines of a storm", () => {
  it("are so many a second, and the rest is counted by its kind", () => {
    const budget = new LineBudget();
    const written = Array.from({ length: 50 }, (_, i) =>
      budget.spend(i % 2 ? "failed" : "retried", i),
    );
    expect(written.filter((may) => may)).toHaveLength(20);
    expect(budget.hasLeftOut).toBe(true);
    expect([budget.isOver(999), budget.isOver(1000)]).toEqual([false, true]);
    expect(budget.take()).toEqual({ failed: 15, retried: 15 });
    expect(budget.hasLeftOut).toBe(false);
    expect(budget.spend("failed", 999)).toBe(false);
    expect(budget.spend("failed", 1000)).toBe(true);
    expect(budget.take()).toEqual({ failed: 1 });
  });

  it("go on after a clock that went back", () => {
    const budget = new LineBudget();
    for (let i = 0; i < 30; i++) budget.spend("failed", 5000);
    expect(budget.spend("failed", 10)).toBe(true);
  });
});
