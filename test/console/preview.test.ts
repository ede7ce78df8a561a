import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drainCurve } from "../../src/console/preview/drain-curve.ts";
import { faultsOf } from "../../src/console/preview/knob-faults.ts";
import { type Knobs, knobsOf, meaningOf } from "../../src/console/preview/knobs.ts";
import { queueYamlLines } from "../../src/console/preview/queue-yaml.ts";
import { previewRetries } from "../../src/console/preview/retries.ts";
import { parseQueueYaml } from "../../src/core/config/queue-yaml.ts";
import { completeRetry } from "../../src/core/task/backoff.ts";
import { queueWith } from "./queues.ts";

const NOW = knobsOf(queueWith());
const slots = { maxConcurrentRequests: 1000, batchSize: 1 };
const backlog = { rate: 5, bucketSize: 5, ...slots, tasks: 105, runSeconds: 1 };

describe("the drain curve", () => {
  it("is a burst of the bucket, then the rate, then the last one's run", () => {
    const { points, drainedAt } = drainCurve(backlog);
    expect(points[0]).toEqual({ at: 0, left: 105, running: 5 });
    expect(drainedAt).toBe(21);
    expect(points.at(-1)).toEqual({ at: 21, left: 0, running: 0 });
  });

  it("is held by slots where they are fewer", () => {
    expect(drainCurve({ ...backlog, maxConcurrentRequests: 2, runSeconds: 10 }).drainedAt).toBe(
      530,
    );
  });

  it("without a rate goes by slots alone", () => {
    expect(drainCurve({ ...backlog, rate: Infinity, maxConcurrentRequests: 50 }).drainedAt).toBe(3);
  });

  it("in batches needs a slot for each call", () => {
    const batches = { ...backlog, rate: Infinity, maxConcurrentRequests: 2, batchSize: 25 };
    expect(drainCurve(batches).drainedAt).toBe(3);
    expect(drainCurve({ ...batches, rate: 5 }).drainedAt).toBe(21);
  });

  it("at rate 0 never comes to an end", () => {
    expect(drainCurve({ ...backlog, rate: 0 })).toEqual({
      points: [{ at: 0, left: 105, running: 0 }],
    });
  });

  it("never starts more than bucket and rate let, nor runs more than there are slots", () => {
    const shape = fc.record({
      rate: fc.integer({ min: 1, max: 500 }),
      bucketSize: fc.integer({ min: 1, max: 100 }),
      maxConcurrentRequests: fc.integer({ min: 1, max: 50 }),
      batchSize: fc.integer({ min: 1, max: 20 }),
      tasks: fc.integer({ min: 1, max: 500 }),
      runSeconds: fc.double({ min: 0, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(shape, (given) => {
        const { points, drainedAt } = drainCurve(given);
        expect(drainedAt).toBeDefined();
        for (const { at, left, running } of points) {
          expect(running).toBeLessThanOrEqual(given.maxConcurrentRequests * given.batchSize);
          const begun = given.tasks - left + running;
          expect(begun).toBeLessThanOrEqual(given.bucketSize + given.rate * at + 1e-6);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("is thinned to every 51st of its points, and the last", () => {
    // The bucket starts 5 at once, then one every 200 ms: the other 19,995 end 1 s later, at 4000 s.
    // So there are 20,001 points, and a step of ceil(20,001 / 400) = 51 leaves floor(20,000 / 51) + 1 and the last.
    const { points, drainedAt } = drainCurve({ ...backlog, tasks: 20_000 });
    expect(drainedAt).toBe(4000);
    expect(points).toHaveLength(394);
    expect(points.slice(0, 3).map(({ at }) => at)).toEqual([0, 10.2, 20.4]);
    expect(points.at(-1)).toEqual({ at: 4000, left: 0, running: 0 });
  });
});

describe("the attempts of a task that always fails", () => {
  it("come at the back-off's times", () => {
    const retry = completeRetry({ limit: 3, minBackoff: 10, maxBackoff: 300, maxDoublings: 1 });
    expect(previewRetries(retry, 1)).toEqual({
      attempts: [
        { number: 1, startsAt: 0 },
        { number: 2, startsAt: 11, wait: 10 },
        { number: 3, startsAt: 32, wait: 20 },
        { number: 4, startsAt: 73, wait: 40 },
      ],
      givenUpAt: 74,
    });
  });

  it("without a limit go on", () => {
    const { attempts, givenUpAt } = previewRetries(completeRetry({}), 0);
    expect(attempts).toHaveLength(25);
    expect(givenUpAt).toBeUndefined();
  });
});

describe("the knobs", () => {
  it("begin as the queue has them, and are right", () => {
    expect(faultsOf(NOW)).toEqual({});
    expect(meaningOf(NOW)).toMatchObject({ rate: 5, bucketSize: 5, retry: { minBackoff: 0.1 } });
  });

  it.each<[keyof Knobs, string, string]>([
    ["rate", "5", "a number per s, m, h or d"],
    ["bucket_size", "0", "a whole number from 1"],
    ["task_retry_limit", "-1", "a whole number"],
    ["task_age_limit", "10", "a time such as"],
    ["min_backoff_seconds", "7200", "no more than max_backoff_seconds"],
    ["batch", "1001", "from 1 to 1000, or nothing"],
    ["max_doublings", "1.5", "a whole number"],
    ["tasks", "2000000", "from 1 to 1000000"],
    ["run_seconds", "", "seconds"],
  ])("%s cannot be %s", (knob, text, expected) => {
    expect(faultsOf({ ...NOW, [knob]: text })).toEqual({
      [knob]: expect.stringContaining(expected),
    });
  });
});

describe("the lines of queue.yaml", () => {
  it.each<Partial<Knobs>>([
    {},
    { rate: "30/m", task_retry_limit: "5", task_age_limit: "2.5h" },
    { rate: "2000/s", bucket_size: "1000", max_concurrent_requests: "20000" },
    { rate: "none", max_doublings: "0" },
    { batch: "50" },
  ])("are read as what was previewed: %j", (changes) => {
    const knobs = { ...NOW, ...changes };
    const extensions = { tombstoneTtl: 1, keepFailed: 1, batch: { size: 5, wait: 0.5 } };
    const text = queueYamlLines("mail", knobs, { target: "backend", extensions });
    const { rate, bucketSize, maxConcurrentRequests, retry, batchSize } = meaningOf(knobs);
    const found = parseQueueYaml(text).queues.get("mail");
    expect(found).toMatchObject({
      ...{ rate, bucketSize, maxConcurrentRequests, retry, target: "backend" },
    });
    expect(found?.batch).toEqual(knobs.batch ? { size: batchSize, wait: 0.5 } : undefined);
  });
});
