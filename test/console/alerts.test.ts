import { expect, it } from "vitest";
import { inOrder, pendingWords, testWords } from "../../src/console/alerts/words.ts";
import { problemsOf } from "../../src/console/queues/problems.ts";
import type { ListedAlert } from "../../src/core/alerts/alert-view.ts";

const quiet: ListedAlert = {
  ...{ queue: "mail", name: "slow", when: "oldest_due_older_than 10m", to: "https://ops.example" },
  ...{ state: "quiet", pending: 0 },
};
const on: ListedAlert = { ...quiet, queue: "sub", state: "begun" };

it("those that are on come first, then queues by their names", () => {
  const other = { ...quiet, queue: "inbox" };
  expect(inOrder([quiet, other, on])).toEqual([on, other, quiet]);
});

it("says what has not arrived, and why", () => {
  const lastFailure = { at: "2026-11-30T00:00:00.000Z", error: "answered 500", tries: 2 };
  expect(pendingWords(quiet)).toBeUndefined();
  expect(pendingWords({ ...on, pending: 1 })).toBe("1 message has not arrived");
  expect(pendingWords({ ...on, pending: 2, lastFailure })).toBe(
    "2 messages have not arrived: answered 500",
  );
});

it("says what came of a test", () => {
  const test = { queue: "mail", alert: "slow", id: "x", sent: true };
  expect(testWords(test)).toBe("The test is on its queue");
  expect(testWords({ ...test, status: 204 })).toBe("The test was answered 204");
  expect(() => testWords({ ...test, sent: false, error: "answered 404" })).toThrow(
    "The test did not arrive: answered 404",
  );
});

it("an alert that is on is a problem of its queue", () => {
  const statistics = { states: {}, oldestEta: null, failed: 0, expired: 0, enforcedRate: null };
  const queue = { mode: "push", state: "running", rate: "5/s", statistics, alerts: [quiet, on] };
  expect(problemsOf(queue as never, 0)).toEqual([
    { severity: "bad", text: "The alert slow (oldest_due_older_than 10m) is on" },
  ]);
  const unnamed = { ...on, name: "oldest_due_older_than" };
  expect(problemsOf({ ...queue, alerts: [unnamed] } as never, 0)).toEqual([
    { severity: "bad", text: "The alert oldest_due_older_than 10m is on" },
  ]);
});
