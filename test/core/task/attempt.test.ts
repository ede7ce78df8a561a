import { describe, expect, it } from "vitest";
import { decide, type Transition } from "../../../src/core/task/attempt.ts";
import {
  completeRetry,
  DEFAULT_RETRY,
  type RetryParameters,
} from "../../../src/core/task/backoff.ts";
import {
  ATTEMPTS_KEPT,
  NO_PROGRESS,
  type Outcome,
  type Progress,
  type RetryOptions,
} from "../../../src/core/task/task.ts";

const T = Date.UTC(2030, 0, 1);

const answered = (status: number): Outcome => ({ kind: "answered", status });
const unanswered: Outcome = { kind: "unanswered", error: "connection lost" };
const postponed: Outcome = { kind: "postponed", error: "the object was reset" };

interface Life {
  outcomes: Outcome[];
  own?: RetryOptions;
  queue?: RetryParameters;
  runs?: number;
}

/** A task's attempts one after the other, each begun when the transition before said: what came of each. */
function live({ outcomes, own, queue = DEFAULT_RETRY, runs = 0 }: Life): {
  verdicts: Transition[];
  starts: number[];
} {
  const verdicts: Transition[] = [];
  const starts: number[] = [];
  let progress = NO_PROGRESS;
  let startedAt = T;
  for (const outcome of outcomes) {
    starts.push((startedAt - T) / 1000);
    const transition = decide(
      progress,
      { startedAt, endedAt: startedAt + runs },
      outcome,
      own,
      queue,
    );
    verdicts.push(transition);
    progress = transition.progress;
    if (transition.step !== "retry") break;
    startedAt = transition.due;
  }
  return { verdicts, starts };
}

function lastOf(life: Life): Transition {
  const transition = live(life).verdicts.at(-1);
  if (!transition) throw new Error("no attempt");
  return transition;
}

function failures(count: number): Outcome[] {
  return new Array<Outcome>(count).fill(answered(500));
}

describe("an answer", () => {
  it.each([200, 201, 204, 299])("of %d finishes the task", (status) => {
    expect(lastOf({ outcomes: [answered(status)] }).step).toBe("complete");
  });

  it.each([100, 199, 300, 302, 304, 403, 404, 408, 429, 500, 503])("of %d is retried", (status) => {
    expect(lastOf({ outcomes: [answered(status)] })).toMatchObject({ step: "retry", due: T + 100 });
  });

  it("of 500 makes the second attempt say so", () => {
    expect(lastOf({ outcomes: [answered(500)] }).progress).toEqual({
      retryCount: 1,
      executionCount: 1,
      serverErrorCount: 1,
      previousResponse: 500,
      retryReason: "handler answered 500",
      firstStartedAt: T,
      attempts: [{ startedAt: T, endedAt: T, status: 500 }],
    });
  });

  it("of success keeps the counts of the attempts before it", () => {
    const { step, progress } = lastOf({ outcomes: [answered(500), unanswered, answered(204)] });
    expect(step).toBe("complete");
    expect(progress).toMatchObject({ retryCount: 2, executionCount: 1 });
    expect(progress.attempts.map(({ status }) => status)).toEqual([500, undefined, 204]);
  });
});

describe("counts", () => {
  it("leave out of the executions what no handler answered", () => {
    const { verdicts } = live({ outcomes: [unanswered, unanswered, answered(500), unanswered] });
    expect(
      verdicts.map(({ progress: { retryCount, executionCount } }) => [retryCount, executionCount]),
    ).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 1],
    ]);
  });

  it("an attempt without an answer leaves the last answer as it was, but is the reason for the retry", () => {
    const { progress } = lastOf({ outcomes: [answered(404), unanswered] });
    expect(progress).toMatchObject({ previousResponse: 404, retryReason: "connection lost" });
    expect(progress.attempts[1]).toEqual({
      startedAt: T + 100,
      endedAt: T + 100,
      error: "connection lost",
    });
  });

  it("before any answer there is no previous response", () => {
    expect(lastOf({ outcomes: [unanswered] }).progress).not.toHaveProperty("previousResponse");
  });
});

describe("a postponed attempt", () => {
  it.each<[string, Progress]>([
    ["a new task", NO_PROGRESS],
    ["a retried task", lastOf({ outcomes: [answered(500), unanswered] }).progress],
  ])("changes nothing about %s but when it runs", (_, progress) => {
    const times = { startedAt: T, endedAt: T + 70 };
    const transition = decide(progress, times, postponed, { limit: 0 }, DEFAULT_RETRY);
    expect(transition).toEqual({ step: "retry", due: T + 1070, progress });
  });

  it("does not start the task's age", () => {
    const own = { ageLimit: 1, minBackoff: 1, maxBackoff: 1 };
    const { starts } = live({ outcomes: [postponed, postponed, ...failures(9)], own });
    expect(starts).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("giving up", () => {
  it.each<[string, RetryOptions | undefined, RetryParameters, number[]]>([
    ["retry limit 0: one attempt", undefined, completeRetry({ limit: 0 }), [0]],
    [
      "limit 3 and age 10 s: both must be passed",
      undefined,
      completeRetry({ limit: 3, ageLimit: 10, minBackoff: 1, maxBackoff: 100 }),
      [0, 1, 3, 7, 15],
    ],
    [
      "a task's own limit 1 stands for the queue's 5, and its back-off is the system's, not the queue's",
      { limit: 1 },
      completeRetry({ limit: 5, minBackoff: 10 }),
      [0, 0.1],
    ],
    [
      "a task that only says its back-off has no limit, though its queue has one",
      { minBackoff: 2, maxBackoff: 2 },
      completeRetry({ limit: 1 }),
      [0, 2, 4, 6, 8, 10],
    ],
  ])("%s", (_, own, queue, starts) => {
    const endless = starts.length === 6;
    const life = live({ outcomes: failures(6), queue, ...(own ? { own } : {}) });
    expect(life.starts).toEqual(starts);
    expect(life.verdicts.at(-1)?.step).toBe(endless ? "retry" : "fail");
  });

  it("keeps the count of retries made, which is one less than the attempts", () => {
    const queue = completeRetry({ limit: 2 });
    const { step, progress } = lastOf({ outcomes: failures(9), queue });
    expect(step).toBe("fail");
    expect(progress).toMatchObject({ retryCount: 2, executionCount: 3, previousResponse: 500 });
    expect(progress.attempts).toHaveLength(3);
  });

  it("counts the age from the first attempt's start, and the back-off from the last one's end", () => {
    const queue = completeRetry({ ageLimit: 10, minBackoff: 1, maxBackoff: 100 });
    expect(live({ outcomes: failures(9), queue, runs: 5000 }).starts).toEqual([0, 6]);
  });
});

describe("what is kept of attempts", () => {
  it(`is the last ${ATTEMPTS_KEPT}`, () => {
    const queue = completeRetry({ minBackoff: 1, maxBackoff: 1 });
    const { progress } = lastOf({ outcomes: failures(ATTEMPTS_KEPT + 3), queue });
    expect(progress.attempts.map(({ startedAt }) => (startedAt - T) / 1000)).toEqual(
      Array.from({ length: ATTEMPTS_KEPT }, (_, index) => index + 3),
    );
    expect(progress).toMatchObject({ retryCount: ATTEMPTS_KEPT + 3, firstStartedAt: T });
  });

  it("is the beginning of a long error", () => {
    const error = `${"e".repeat(499)}12345`;
    const { progress } = lastOf({ outcomes: [{ kind: "answered", status: 500, error }] });
    expect(progress.attempts[0]?.error).toBe(`${"e".repeat(499)}1`);
  });

  it("leaves the progress it was given as it was", () => {
    const before: Progress = { retryCount: 1, executionCount: 1, attempts: [] };
    const copy = structuredClone(before);
    decide(before, { startedAt: T, endedAt: T }, answered(500), undefined, DEFAULT_RETRY);
    expect(before).toEqual(copy);
  });
});
