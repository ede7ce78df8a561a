// Durations of queues and tasks as they come back, in every version, and what they do.
import { beforeEach, describe, expect, it } from "vitest";
import {
  createQueue,
  createTask,
  ok,
  PLACE,
  queueName,
  refused,
} from "../../support/cloud-tasks.ts";
import { elapsed, freshStart, pass, queue } from "../../support/time.ts";
import { handlers } from "../../support/worker.ts";

beforeEach(freshStart);

const VERSIONS = ["v2", "v2beta2", "v2beta3"];

describe("maxRetryDuration", () => {
  it.each([
    ["1.5s", "1.500s", 1.5],
    ["1.500000000s", "1.500s", 1.5],
    ["0.5s", "0.500s", 0.5],
    ["0.001s", "0.001s", 0.001],
    ["0.000000001s", "0.000000001s", 1e-9],
    ["2.25s", "2.250s", 2.25],
    ["3600.000001s", "3600.000001s", 3600.000001],
    ["1s", "1s", 1],
    ["60.0s", "60s", 60],
    ["3153600000s", "3153600000s", 3_153_600_000],
    ["0s", undefined, undefined],
    [undefined, undefined, undefined],
  ])("%s is %s again, of a queue and of a task", async (given, shown, seconds) => {
    const retryConfig = given === undefined ? {} : { maxRetryDuration: given };
    await createQueue("q1", { retryConfig });
    await ok("PATCH", `/v2/${queueName("q1")}?updateMask=rateLimits`, {});
    for (const version of VERSIONS) {
      const seen = await ok("GET", `/${version}/${queueName("q1")}`);
      expect(seen.retryConfig.maxRetryDuration).toBe(shown);
    }
    expect((await queue("q1").describe()).retryParameters.taskAgeLimit).toBe(seconds);
    await createQueue("q2");
    const task = { appEngineHttpRequest: {}, retryConfig, scheduleTime: "2050-01-02T00:00:00Z" };
    const path = `/v2beta3/${queueName("q2")}/tasks`;
    const { name } = await ok("POST", path, { task });
    const again = await ok("GET", `/v2beta3/${name}`);
    expect(again.retryConfig.maxRetryDuration).toBe(shown);
  });

  it.each([
    "-1s",
    "3153600001s",
    "315576000000s",
    "1.5",
    "1,5s",
    "1.5m",
    "1.0000000001s",
    1.5,
    "NaNs",
  ])("is not %j", async (given) => {
    const body = { name: queueName("q1"), retryConfig: { maxRetryDuration: given } };
    const refusal = await refused("POST", `/v2/${PLACE}/queues`, body);
    expect(refusal.slice(0, 2)).toEqual([400, "INVALID_ARGUMENT"]);
  });

  it("ends a task by its fraction", async () => {
    const retryConfig = {
      ...{ maxAttempts: 1, maxRetryDuration: "1.5s" },
      ...{ minBackoff: "0.8s", maxBackoff: "0.8s" },
    };
    await createQueue("q1", { retryConfig });
    const at: number[] = [];
    handlers.set("/_ah/queue/q1", () => {
      at.push(elapsed());
      return new Response(null, { status: 500 });
    });
    await createTask("q1", { appEngineHttpRequest: { relativeUri: "/_ah/queue/q1" } });
    await pass("q1", 60);
    // By two whole seconds there would be one more.
    expect(at).toEqual([0, 0.8, 1.6]);
  });
});

describe("taskTtl and tombstoneTtl", () => {
  const LONGEST = "315576000000s";

  it.each<[string, object, string, string]>([
    ["nothing", {}, "2678400s", "3600s"],
    ["a null", { taskTtl: null }, "2678400s", "3600s"],
    ["ten days", { taskTtl: "864000s" }, "864000s", "3600s"],
    ["ten days and a bit", { taskTtl: "864000.5s" }, "864000.500s", "3600s"],
    ["ten years", { taskTtl: "315360000s" }, "315360000s", "3600s"],
    ["31 days", { taskTtl: "2678400s" }, "2678400s", "3600s"],
    ["a tombstone's", { tombstoneTtl: "7200s" }, "2678400s", "7200s"],
    ["both", { taskTtl: "864000s", tombstoneTtl: "777600s" }, "864000s", "777600s"],
    ["a pull queue", { pullTarget: {} }, "2678400s", "3600s"],
    ["a routing", { appEngineRoutingOverride: { service: "s" } }, "2678400s", "3600s"],
  ])("of a queue made with %s", async (_, more, taskTtl, tombstoneTtl) => {
    await createQueue("q1", more);
    for (const version of ["v2beta2", "v2beta3"]) {
      const path = `/${version}/${queueName("q1")}`;
      expect(await ok("GET", path)).toMatchObject({ taskTtl, tombstoneTtl });
      expect(await ok("GET", `${path}?readMask=taskTtl`)).toEqual({ taskTtl });
    }
    expect(await ok("GET", `/v2/${queueName("q1")}`)).not.toHaveProperty("taskTtl");
  });

  it("come back to their defaults, and outlast a change of something else", async () => {
    await createQueue("q1", { taskTtl: "864000s" });
    const path = `/v2beta3/${queueName("q1")}`;
    expect(await ok("PATCH", `${path}?updateMask=rateLimits`, {})).toMatchObject({
      taskTtl: "864000s",
    });
    expect(await ok("PATCH", `${path}?updateMask=task_ttl`, {})).toMatchObject({
      taskTtl: "2678400s",
    });
  });

  it("of queues made otherwise are the longest: their tasks live until they end", async () => {
    expect((await ok("GET", `/v2beta3/${queueName("push")}`)).taskTtl).toBe(LONGEST);
    await queue("q1").define({ rate: "5/s" });
    const path = `/v2beta3/${queueName("q1")}`;
    expect((await ok("GET", path)).taskTtl).toBe(LONGEST);
    expect((await ok("PATCH", `${path}?updateMask=rateLimits`, {})).taskTtl).toBe(LONGEST);
  });
});
