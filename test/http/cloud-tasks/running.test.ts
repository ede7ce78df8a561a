// The attempt that is under way, as Google's clients and the native API show it.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clock, START } from "../../support/clock.ts";
import { createQueue, type Json, ok, queueName } from "../../support/cloud-tasks.ts";
import { fire, freshStart, pass, queue, until } from "../../support/time.ts";
import { held } from "../../support/worker.ts";

const open: (() => void)[] = [];
beforeEach(freshStart);
afterEach(() => {
  for (const end of open.splice(0)) end();
});

const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const taskPath = (version: string, name = "t") => `/${version}/${queueName("q1")}/tasks/${name}`;

/** A task of q1 whose attempts wait for their answers. */
async function added(more: object = {}, retryConfig: object = { minBackoff: "60s" }) {
  await createQueue("q1", { retryConfig });
  const handler = held("/_ah/queue/q1");
  open.push(() => {
    for (let index = 0; index < 10; index++) handler.answer(index, 200);
  });
  const task = { name: `${queueName("q1")}/tasks/t`, httpRequest: { url: "" }, ...more };
  await ok("POST", `/${queueName("q1")}/tasks`, { task });
  return handler;
}

/** The attempts of a task, where each version has them. */
function attemptsOf(version: string, task: Json): Json {
  if (version !== "v2beta2") {
    const { dispatchCount, responseCount, firstAttempt, lastAttempt } = task;
    return { dispatchCount, responseCount, firstAttempt, lastAttempt };
  }
  const { attemptDispatchCount, attemptResponseCount, firstAttemptStatus, lastAttemptStatus } =
    task.status;
  return {
    dispatchCount: attemptDispatchCount,
    responseCount: attemptResponseCount,
    firstAttempt: firstAttemptStatus,
    lastAttempt: lastAttemptStatus,
  };
}

describe.each(["v2", "v2beta2", "v2beta3"])("in %s a task", (version) => {
  const shown = async (path = taskPath(version)) => attemptsOf(version, await ok("GET", path));

  it("has no attempt before its first", async () => {
    await added({ scheduleTime: at(60) });
    expect(await shown()).toEqual({ dispatchCount: 0, responseCount: 0 });
  });

  it("has its first, which has no answer yet", async () => {
    const handler = await added({ scheduleTime: at(60) });
    clock.now = START + 60_000;
    await fire("q1");
    await until(() => handler.started() === 1);
    expect(await shown()).toEqual({
      ...{ dispatchCount: 1, responseCount: 0 },
      firstAttempt: { dispatchTime: at(60) },
      lastAttempt: { scheduleTime: at(60), dispatchTime: at(60) },
    });
    expect((await ok("GET", taskPath(version))).scheduleTime).toBe(at(60));
  });

  it("has its second, and the first's start", async () => {
    const handler = await added();
    await fire("q1");
    await until(() => handler.started() === 1);
    handler.answer(0, 500);
    await until(async () => (await queue("q1").get("t")).retryCount === 1);
    clock.now = START + 60_000;
    await fire("q1");
    await until(() => handler.started() === 2);
    expect(await shown()).toEqual({
      ...{ dispatchCount: 2, responseCount: 1 },
      firstAttempt: { dispatchTime: at(0) },
      lastAttempt: { scheduleTime: at(60), dispatchTime: at(60) },
    });
  });

  it("says of one that has ended when it was due", async () => {
    const handler = await added({ scheduleTime: at(60) });
    await queue("q1").pause();
    await pass("q1", 90);
    await queue("q1").resume();
    await fire("q1");
    await until(() => handler.started() === 1);
    handler.answer(0, 503);
    await until(async () => (await queue("q1").get("t")).retryCount === 1);
    const { lastAttempt } = await shown();
    expect(lastAttempt).toEqual({
      ...{ scheduleTime: at(60), dispatchTime: at(90), responseTime: at(90) },
      responseStatus: { code: 14, message: "UNAVAILABLE(14): HTTP status code 503" },
    });
  });

  it("that is run has the attempt in the answer, due when it was asked for", async () => {
    const handler = await added({ scheduleTime: at(3600) });
    await pass("q1", 30);
    const run = await ok("POST", `${taskPath(version)}:run`);
    const expected = {
      ...{ dispatchCount: 1, responseCount: 0 },
      firstAttempt: { dispatchTime: at(30) },
      lastAttempt: { scheduleTime: at(30), dispatchTime: at(30) },
    };
    expect(attemptsOf(version, run)).toEqual(expected);
    await fire("q1");
    await until(() => handler.started() === 1);
    expect(await shown()).toEqual(expected);
    const again = await ok("POST", `${taskPath(version)}:run`);
    expect(attemptsOf(version, again)).toEqual(expected);
  });

  it("that is run after a failure keeps the first's start", async () => {
    const handler = await added();
    await fire("q1");
    await until(() => handler.started() === 1);
    handler.answer(0, 500);
    await until(async () => (await queue("q1").get("t")).retryCount === 1);
    await pass("q1", 20);
    expect(attemptsOf(version, await ok("POST", `${taskPath(version)}:run`))).toEqual({
      ...{ dispatchCount: 2, responseCount: 1 },
      firstAttempt: { dispatchTime: at(0) },
      lastAttempt: { scheduleTime: at(20), dispatchTime: at(20) },
    });
  });

  it("has it in a list", async () => {
    const handler = await added();
    await fire("q1");
    await until(() => handler.started() === 1);
    const { tasks } = await ok("GET", `/${version}/${queueName("q1")}/tasks`);
    expect(tasks.map((task: Json) => attemptsOf(version, task).lastAttempt)).toEqual([
      { scheduleTime: at(0), dispatchTime: at(0) },
    ]);
  });
});

it("a native task says it beside the attempts that have ended", async () => {
  const handler = await added();
  expect(await queue("q1").get("t")).not.toHaveProperty("running");
  await fire("q1");
  await until(() => handler.started() === 1);
  const running = { dueAt: at(0), startedAt: at(0) };
  expect(await queue("q1").get("t")).toMatchObject({ state: "running", running });
  expect(await queue("q1").get("t")).not.toHaveProperty("lastAttempt");
  expect((await queue("q1").list()).tasks).toMatchObject([{ running }]);
  expect(await queue("q1").run("t")).toMatchObject({ running });
  handler.answer(0, 500);
  await until(async () => (await queue("q1").get("t")).retryCount === 1);
  const waiting = await queue("q1").get("t");
  expect(waiting).not.toHaveProperty("running");
  expect(waiting.lastAttempt).toMatchObject({ ...running, endedAt: at(0), status: 500 });
});
