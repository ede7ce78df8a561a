// What handlers throw and answer to say how their task goes on.
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { PermanentTaskFailure, RetryLater, SingularTaskFailure } from "../../../src/index.ts";
import { logBy } from "../../../src/objects/log.ts";
import { clock } from "../../support/clock.ts";
import { freshStart, pass, queue } from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

const PATH = "/_ah/queue/slow-retry";

/** The task after one attempt, on a queue that waits ten seconds before the next. */
async function afterOne(answer: () => Response) {
  let attempts = 0;
  handlers.set(PATH, () => (attempts++ === 0 ? answer() : new Response()));
  await queue("slow-retry").add({ name: "t" });
  await pass("slow-retry", 0.1);
  return queue("slow-retry").get("t");
}

const waits = (task: { nextAttemptAt?: string | undefined }) =>
  Math.round((Date.parse(task.nextAttemptAt ?? "") - clock.now) / 1000);

function thrower(error: Error): () => Response {
  return () => {
    throw error;
  };
}

describe("a handler", () => {
  it("gives its task up with PermanentTaskFailure: kept as failed, with the reason", async () => {
    const task = await afterOne(thrower(new PermanentTaskFailure("no such customer")));
    expect(task).toMatchObject({ state: "failed", retryCount: 0 });
    expect(task.lastAttempt).toMatchObject({ status: 500, error: "no such customer" });
    await pass("slow-retry", 600);
    expect(received).toHaveLength(1);
  });

  it("sets the time of the next attempt with RetryLater, which counts as one", async () => {
    const task = await afterOne(thrower(new RetryLater(120, "the quota is used up")));
    expect(task).toMatchObject({ state: "scheduled", retryCount: 1 });
    expect(task.lastAttempt).toMatchObject({ status: 429, error: "the quota is used up" });
    expect(waits(task)).toBe(120);
    await pass("slow-retry", 119);
    expect(received).toHaveLength(1);
    await pass("slow-retry", 2);
    expect(received).toHaveLength(2);
    expect((await queue("slow-retry").get("t")).state).toBe("done");
  });

  it("is tried again as usual after SingularTaskFailure, and logged quietly", async () => {
    logBy("debug");
    onTestFinished(() => logBy("error"));
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const quiet = vi.spyOn(console, "debug").mockImplementation(() => {});
    const task = await afterOne(thrower(new SingularTaskFailure("not yet")));
    expect(task.lastAttempt).toMatchObject({ status: 408, error: "not yet" });
    expect(waits(task)).toBe(10);
    expect(log).not.toHaveBeenCalled();
    expect(quiet).toHaveBeenCalledWith(expect.stringContaining('"t"'), "not yet");
    vi.restoreAllMocks();
  });

  it("is tried again as usual after any other error", async () => {
    const task = await afterOne(thrower(new Error("oops")));
    expect(task.lastAttempt).toMatchObject({ status: 500, error: "Error: oops" });
    expect(waits(task)).toBe(10);
  });

  it.each([
    [503, { "Retry-After": "60" }, 60],
    [429, { "Retry-After": "60" }, 60],
    [503, { "Retry-After": new Date(clock.now + 90_000).toUTCString() }, 90],
    [500, { "Retry-After": "60" }, 10],
    [503, { "Retry-After": "in a while" }, 10],
    [503, {}, 10],
  ])("answers %d with %j: the next attempt is in %d s", async (status, headers, seconds) => {
    const task = await afterOne(() => new Response(null, { status, headers }));
    expect(Math.abs(waits(task) - seconds)).toBeLessThanOrEqual(1);
  });

  it("answers X-TaskQueue-Retry: no, and the task fails for good", async () => {
    const headers = { "X-TaskQueue-Retry": "no" };
    const task = await afterOne(() => new Response("bad input", { status: 422, headers }));
    expect(task).toMatchObject({
      state: "failed",
      lastAttempt: { status: 422, error: "bad input" },
    });
  });

  it("may say so on a success, which stays one", async () => {
    const headers = { "X-TaskQueue-Retry": "no", "Retry-After": "5" };
    expect((await afterOne(() => new Response(null, { headers }))).state).toBe("done");
  });
});

it("RetryLater wants a number of seconds", () => {
  expect(() => new RetryLater(-1)).toThrow("seconds: found -1, expected 0 or more");
  expect(() => new RetryLater(Number.NaN)).toThrow(RangeError);
});
