import { describe, expect, it } from "vitest";
import { judge } from "../../src/core/attempt.ts";
import { completeRetry } from "../../src/core/backoff.ts";
import { NO_PROGRESS, type Outcome, type Progress } from "../../src/core/task.ts";

const QUEUE = completeRetry({ limit: 5, minBackoff: 10 });
const TIMES = { startedAt: 1_000_000, endedAt: 1_000_500 };

const answered = (status: number): Outcome => ({ kind: "answered", status });
const unanswered: Outcome = { kind: "unanswered", error: "no instance" };
const postponed: Outcome = { kind: "postponed", error: "overloaded" };

/** What a task has become after these outcomes in turn. */
function progressAfter(...outcomes: Outcome[]): Progress {
  return outcomes.reduce<Progress>(
    (progress, outcome) => judge(progress, TIMES, outcome, undefined, QUEUE).progress,
    NO_PROGRESS,
  );
}

describe("an attempt's end", () => {
  it.each([200, 204, 299])("%i finishes the task", (status) => {
    expect(judge(NO_PROGRESS, TIMES, answered(status), undefined, QUEUE).step).toBe("finish");
  });

  it.each([199, 300, 304, 404, 429, 503])(
    "%i is tried again after the queue's back-off",
    (status) => {
      const verdict = judge(NO_PROGRESS, TIMES, answered(status), undefined, QUEUE);
      expect(verdict).toMatchObject({ step: "retry", due: TIMES.endedAt + 10_000 });
    },
  );

  it("counts every failure as a retry, and those that were answered as executions too", () => {
    expect(progressAfter(unanswered, unanswered)).toMatchObject({
      retryCount: 2,
      executionCount: 0,
    });
    expect(progressAfter(unanswered, unanswered, answered(500))).toMatchObject({
      retryCount: 3,
      executionCount: 1,
      previousResponse: 500,
    });
  });

  it("without an answer leaves the last answer as it was", () => {
    expect(progressAfter(answered(404), unanswered).previousResponse).toBe(404);
  });

  it("by the platform's own trouble counts nothing and comes back in a second", () => {
    const verdict = judge(NO_PROGRESS, TIMES, postponed, undefined, QUEUE);
    expect(verdict).toEqual({ step: "retry", due: TIMES.endedAt + 1000, progress: NO_PROGRESS });
  });

  it("buries a task whose retries are used up, with the retries that were made", () => {
    const progress = progressAfter(answered(500), answered(500));
    const verdict = judge(progress, TIMES, answered(500), { limit: 2 }, QUEUE);
    expect(verdict).toMatchObject({ step: "bury", progress: { retryCount: 2, executionCount: 3 } });
  });

  it("goes by the task's own options as a whole: what they leave out is the default, not the queue's", () => {
    const verdict = judge(NO_PROGRESS, TIMES, answered(500), { limit: 1 }, QUEUE);
    expect(verdict).toMatchObject({ step: "retry", due: TIMES.endedAt + 100 });
  });

  it("keeps the last twenty attempts and the start of the first", () => {
    let progress = NO_PROGRESS;
    for (let i = 0; i < 25; i++) {
      const times = { startedAt: i * 1000, endedAt: i * 1000 + 1 };
      progress = judge(progress, times, answered(500), {}, QUEUE).progress;
    }
    expect(progress.attempts).toHaveLength(20);
    expect(progress.attempts[0]?.startedAt).toBe(5000);
    expect(progress.firstStartedAt).toBe(0);
    expect(progress.retryCount).toBe(25);
  });

  it("keeps no more than the head of a long error", () => {
    const outcome: Outcome = { kind: "answered", status: 500, error: "x".repeat(5000) };
    expect(progressAfter(outcome).attempts[0]?.error).toHaveLength(500);
  });
});
