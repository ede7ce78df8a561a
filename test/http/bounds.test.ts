// Times, waits and counts past what is sensible, at every door that takes them.
import { beforeEach, describe, expect, it } from "vitest";
import { createQueue, queueName, refused } from "../support/cloud-tasks.ts";
import { call } from "../support/http.ts";
import { freshStart, queue } from "../support/time.ts";

beforeEach(freshStart);

const retry = (key: string, value: unknown) => ({
  rate: "5/s",
  retry_parameters: { [key]: value },
});

describe("PUT of a queue", () => {
  it.each<[object, string]>([
    [
      retry("max_backoff_seconds", 1e300),
      "retry_parameters.max_backoff_seconds: found 1e+300, expected at most 2592000",
    ],
    [
      retry("min_backoff_seconds", {}),
      "retry_parameters.min_backoff_seconds: found an empty mapping, expected a number",
    ],
    [
      retry("min_backoff_seconds", { toString: 1, valueOf: 1 }),
      "retry_parameters.min_backoff_seconds: found a mapping, expected a number",
    ],
    [
      {
        rate: "5/s",
        retry_parameters: {
          min_backoff_seconds: { valueOf: 1 },
          max_backoff_seconds: { toString: [] },
        },
      },
      "retry_parameters.min_backoff_seconds: found a mapping",
    ],
    [
      retry("task_age_limit", "1e300d"),
      'retry_parameters.task_age_limit: found "1e300d", expected',
    ],
    [retry("task_age_limit", ["2d"]), "retry_parameters.task_age_limit: found a list, expected"],
    [
      retry("max_doublings", 2 ** 31),
      "retry_parameters.max_doublings: found 2147483648, expected at most 2147483647",
    ],
    [
      retry("task_retry_limit", -1),
      "retry_parameters.task_retry_limit: found -1, expected a whole number, 0 or more",
    ],
    [{ rate: { toString: 1 } }, "rate: found a mapping, expected"],
    [{ rate: "5/s", mode: { toString: 1 } }, "mode: found a mapping, expected push or pull"],
    [{ rate: "5/s", extensions: { rate: `${"9".repeat(400)}/s` } }, "extensions.rate: found "],
    [
      { rate: "5/s", extensions: { bucket_size: 1e300 } },
      "extensions.bucket_size: found 1e+300, expected at most",
    ],
    [
      { rate: "5/s", extensions: { failed_queue: { toString: 1 } } },
      "extensions.failed_queue: found a mapping, expected",
    ],
    [{ rate: "5/s", retry_parameters: 5 }, "retry_parameters: found 5, expected a mapping"],
    [
      { mode: "pull", acl: [{ user_email: {} }] },
      "acl.[0].user_email: found an empty mapping, expected",
    ],
  ])("refuses %j", async (entry, said) => {
    const [status, { error }] = await call("PUT", "/queues/made", entry);
    expect([status, error]).toMatchObject([
      400,
      { code: "INVALID_REQUEST", message: expect.stringContaining(said.replace("acl.[", "acl[")) },
    ]);
    expect((await call("GET", "/queues/made"))[0]).toBe(404);
  });
});

describe("a task", () => {
  it.each<[object, string, string]>([
    [{ eta: "2030-01-01T24:00:00Z" }, "INVALID_ETA", "eta: found"],
    [{ eta: "2030-02-30T00:00:00Z" }, "INVALID_ETA", "eta: found"],
    [
      { retry: { maxBackoff: 2_592_001 } },
      "INVALID_REQUEST",
      "retry.maxBackoff: found 2592001, expected at most 2592000",
    ],
    [
      { retry: { minBackoff: 1e300 } },
      "INVALID_REQUEST",
      "retry.minBackoff: found 1e+300, expected at most 2592000",
    ],
    [
      { retry: { ageLimit: 1e300 } },
      "INVALID_REQUEST",
      "retry.ageLimit: found 1e+300, expected at most 3153600000",
    ],
    [
      { retry: { limit: 2 ** 31 } },
      "INVALID_REQUEST",
      "retry.limit: found 2147483648, expected at most 2147483647",
    ],
    [
      { retry: { maxDoublings: 1e21 } },
      "INVALID_REQUEST",
      "retry.maxDoublings: found 1e+21, expected at most 2147483647",
    ],
  ])("%j is refused by the API and the client", async (task, code, said) => {
    const [status, { error }] = await call("POST", "/queues/push/tasks", task);
    expect([status, error]).toMatchObject([400, { code, message: expect.stringContaining(said) }]);
    await expect(queue("push").add(task)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(said),
    });
  });

  it("cannot be put off to 24:00", async () => {
    await queue("push").add({ name: "n1", countdown: 60 });
    for (const eta of ["2050-01-01T24:00:00Z", "2050-01-01T24:00Z"]) {
      const [status, { error }] = await call("POST", "/queues/push/tasks/n1:reschedule", { eta });
      expect([status, error]).toMatchObject([400, { code: "INVALID_ETA" }]);
    }
  });
});

describe("Google's door", () => {
  const path = `/v2/${queueName("q1").replace(/\/q1$/, "")}`;
  it.each([
    [{ maxBackoff: "2592001s" }, "RetryConfig.maxBackoff must be at most 2592000s."],
    [{ maxBackoff: "999999999999s" }, "RetryConfig.maxBackoff must be at most 2592000s."],
    [{ minBackoff: "2592001s" }, "RetryConfig.minBackoff must be at most 2592000s."],
    [
      { maxRetryDuration: "3153600001s" },
      "RetryConfig.maxRetryDuration must be at most 3153600000s.",
    ],
    [{ maxAttempts: 4_000_000_000 }, "found 4000000000, expected a whole number of 32 bits"],
    [{ maxDoublings: 4_000_000_000 }, "found 4000000000, expected a whole number of 32 bits"],
  ])("refuses a queue's %j", async (retryConfig, key) => {
    const answer = await refused("POST", path, { name: queueName("q1"), retryConfig });
    expect(answer).toEqual([400, "INVALID_ARGUMENT", expect.stringContaining(key)]);
  });

  it.each(["2050-01-01T24:00:00Z", "2050-02-30T00:00:00Z"])(
    "refuses a task's scheduleTime %s",
    async (scheduleTime) => {
      await createQueue("q1");
      const task = { httpRequest: { url: "https://example.com/" }, scheduleTime };
      const answer = await refused("POST", `${path}/q1/tasks`, { task });
      expect(answer).toEqual([400, "INVALID_ARGUMENT", expect.stringContaining("scheduleTime")]);
    },
  );
});
