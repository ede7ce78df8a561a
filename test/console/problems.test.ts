import { describe, expect, it } from "vitest";
import { drainOf, drainText } from "../../src/console/queues/drain.ts";
import { problemsOf, urgencyOf } from "../../src/console/queues/problems.ts";
import type { WatchedQueue } from "../../src/core/metrics/queue-changes.ts";
import { at, NOW, queueWith } from "./queues.ts";

const late = (seconds: number) => ({
  statistics: { tasks: 40, oldestEta: at(-seconds), tokens: 0 },
  states: { due: 40 },
});

describe("the problems of a queue", () => {
  it.each<[string, WatchedQueue, string[], number]>([
    ["at rest", queueWith(), [], 0],
    [
      "paused with tasks",
      queueWith({
        state: "paused",
        statistics: { tasks: 12, enforcedRate: 0 },
        states: { due: 12 },
      }),
      ["Paused with 12 tasks due"],
      1,
    ],
    ["paused and empty", queueWith({ state: "paused" }), [], 0],
    [
      "rate 0",
      queueWith({ state: "paused", rate: "0", statistics: { tasks: 1 }, states: { due: 1 } }),
      ["The rate is 0 with 1 task due"],
      1,
    ],
    [
      "slowed down",
      queueWith({ statistics: { enforcedRate: 0.5 } }),
      ["Slowed to 0.5 of 5 a second: handlers answer 503"],
      1,
    ],
    ["no rate at all", queueWith({ rate: "none", statistics: { enforcedRate: null } }), [], 0],
    ["a little late", queueWith(late(29)), [], 0],
    ["late", queueWith(late(250)), ["The oldest task is 4 min 10 s late: held to 5/s"], 1],
    [
      "late, its bucket too small for its rate",
      queueWith({
        ...late(60),
        rate: "2000/s",
        statistics: { ...late(60).statistics, enforcedRate: 2000 },
      }),
      ["The oldest task is 1 min late: held to 2000/s, of which a bucket of 5 carries about 41 %"],
      1,
    ],
    [
      "very late for want of slots",
      queueWith({ ...late(7200), statistics: { ...late(7200).statistics, inFlight: 10 } }),
      ["The oldest task is 2 h late: all 10 slots are taken"],
      2,
    ],
    [
      "late though nothing holds it",
      queueWith({ ...late(60), statistics: { ...late(60).statistics, tokens: 5 } }),
      ["The oldest task is 1 min late: more come than go"],
      1,
    ],
    [
      "nobody leases",
      queueWith({ ...late(60), mode: "pull", rate: "" }),
      ["The oldest task is 1 min late: no worker leases it"],
      1,
    ],
    ["the oldest is running", queueWith({ statistics: { tasks: 1, oldestEta: at(-900) } }), [], 0],
    [
      "not in the file",
      queueWith({ state: "disabled", statistics: { tasks: 1234 } }),
      ["No longer in queue.yaml: keeps 1,234 tasks and starts none"],
      2,
    ],
    [
      "failed before",
      queueWith({ statistics: { failed: 1 } }),
      ["1 task has failed and can be redriven"],
      1,
    ],
    [
      "expired before",
      queueWith({ statistics: { expired: 1 } }),
      ["1 task has expired and can be redriven"],
      1,
    ],
    [
      "expiring now, and failed before: the worst first",
      queueWith({ statistics: { expired: 2, expiredLastMinute: 2, failed: 1 } }),
      ["2 tasks have expired and can be redriven", "1 task has failed and can be redriven"],
      2,
    ],
    [
      "failing now, and slow: the worst first",
      queueWith({ statistics: { failed: 3, failedLastMinute: 1, enforcedRate: 2.5 } }),
      [
        "3 tasks have failed and can be redriven",
        "Slowed to 2.5 of 5 a second: handlers answer 503",
      ],
      2,
    ],
  ])("%s", (_, queue, texts, urgency) => {
    const problems = problemsOf(queue, NOW);
    expect(problems.map(({ text }) => text)).toEqual(texts);
    expect(urgencyOf(problems)).toBe(urgency);
  });
});

describe("the time to drain", () => {
  const backlog = { statistics: { tasks: 100 }, states: { due: 100 } };
  it.each<[string, WatchedQueue, string]>([
    ["nothing due", queueWith(), "–"],
    ["nothing goes", queueWith(backlog), "standing still"],
    [
      "paused, though something went just before",
      queueWith({ ...backlog, state: "paused", points: [{ at: at(-10), done: 20 }] }),
      "standing still",
    ],
    [
      "by the last half minute, in which four a second went",
      queueWith({
        ...backlog,
        points: [
          { at: at(-300), added: 900 },
          { at: at(-20), done: 60 },
          { at: at(-10), done: 20 },
        ],
      }),
      "25 s",
    ],
    [
      "expired ones are gone too",
      queueWith({ ...backlog, points: [{ at: at(-10), expired: 10 }] }),
      "1 min 40 s",
    ],
    [
      "expired ones of the last minute too",
      queueWith({ ...backlog, statistics: { ...backlog.statistics, expiredLastMinute: 60 } }),
      "1 min 40 s",
    ],
    [
      "failed ones are gone too",
      queueWith({ ...backlog, points: [{ at: at(-10), failed: 10 }] }),
      "1 min 40 s",
    ],
    [
      "as many come as go",
      queueWith({ ...backlog, points: [{ at: at(-10), added: 10, done: 10 }] }),
      "growing",
    ],
    [
      "by the last minute where the half has nothing",
      queueWith({ ...backlog, statistics: { tasks: 100, doneLastMinute: 2, addedLastMinute: 1 } }),
      "1 h 40 min",
    ],
    [
      "more than a thousand of each",
      queueWith({
        statistics: { tasks: 5000, doneLastMinute: 60 },
        states: { due: null, scheduled: null },
      }),
      "1 h 23 min",
    ],
  ])("%s", (_, queue, text) => {
    expect(drainText(drainOf(queue, NOW))).toBe(text);
  });
});
