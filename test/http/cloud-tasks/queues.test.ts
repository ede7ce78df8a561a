// Queues by Google's API: defaults, masks, lists, names that are gone, what queue.yaml keeps for itself.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import {
  cloud,
  createQueue,
  createTask,
  ok,
  PLACE,
  queueName,
  refused,
} from "../../support/cloud-tasks.ts";
import { call } from "../../support/http.ts";
import { crash, freshStart, pass, queue } from "../../support/time.ts";
import { received } from "../../support/worker.ts";

beforeEach(freshStart);

const QUEUES = `/v2/${PLACE}/queues`;
const DAY_MS = 86_400_000;
const NO_QUEUE =
  "Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize.";

describe("a queue", () => {
  it("that is made with only a name has Google's defaults, and outlives a crash", async () => {
    const expected = {
      name: queueName("q1"),
      rateLimits: {
        maxDispatchesPerSecond: 500,
        maxBurstSize: 100,
        maxConcurrentDispatches: 1000,
      },
      retryConfig: {
        maxAttempts: 100,
        minBackoff: "0.100s",
        maxBackoff: "3600s",
        maxDoublings: 16,
      },
      state: "RUNNING",
    };
    expect(await createQueue("q1")).toEqual(expected);
    await crash();
    expect(await ok("GET", `/v2/${queueName("q1")}`)).toEqual(expected);
    expect(await queue("q1").describe()).toMatchObject({
      rate: "500/s",
      retryParameters: { taskRetryLimit: 99 },
      extensions: { tombstoneTtl: 3600 },
    });
  });

  it("takes a zero for not set where it is made, and for a value where a mask names it", async () => {
    const retryConfig = { maxDoublings: 0, maxAttempts: 0, maxRetryDuration: "0s" };
    const made = await createQueue("q1", {
      retryConfig,
      rateLimits: { maxDispatchesPerSecond: 0 },
    });
    expect(made.retryConfig).toMatchObject({ maxDoublings: 16, maxAttempts: 100 });
    expect(made.rateLimits.maxDispatchesPerSecond).toBe(500);
    const path = `/v2/${queueName("q1")}?updateMask=retryConfig.maxDoublings`;
    const patched = await ok("PATCH", path, { retryConfig: { maxDoublings: 0 } });
    expect(patched.retryConfig.maxDoublings).toBe(0);
  });

  it.each([
    ["snake_case", "rate_limits.max_dispatches_per_second"],
    ["camelCase", "rateLimits.maxDispatchesPerSecond"],
    ["both, with blanks", "rate_limits.maxDispatchesPerSecond%2C%20state"],
  ])("changes what a mask in %s names, and nothing else", async (_, mask) => {
    await createQueue("q1");
    const body = {
      rateLimits: { maxDispatchesPerSecond: 7.5, maxConcurrentDispatches: 2 },
      retryConfig: { maxAttempts: 3 },
      state: 2,
    };
    const patched = await ok("PATCH", `/v2/${queueName("q1")}?updateMask=${mask}`, body);
    expect(patched).toMatchObject({
      rateLimits: { maxDispatchesPerSecond: 7.5, maxConcurrentDispatches: 1000 },
      retryConfig: { maxAttempts: 100 },
      state: "RUNNING",
    });
  });

  it("takes a whole message for its mask, and sets what that leaves out to its default", async () => {
    await createQueue("q1", { retryConfig: { maxAttempts: 3, minBackoff: "5s" } });
    const path = `/v2/${queueName("q1")}?updateMask=retry_config`;
    const patched = await ok("PATCH", path, { retryConfig: { maxAttempts: 9 } });
    expect(patched.retryConfig).toMatchObject({ maxAttempts: 9, minBackoff: "0.100s" });
  });

  it("takes the empty text for an empty message, and makes what is not there", async () => {
    await createQueue("q1", { rateLimits: { maxDispatchesPerSecond: 1 } });
    const reset = await ok("PATCH", `/v2/${queueName("q1")}`, '""');
    expect(reset.rateLimits.maxDispatchesPerSecond).toBe(500);
    expect(await ok("PATCH", `/v2/${queueName("q2")}`, {})).toMatchObject({
      name: queueName("q2"),
      state: "RUNNING",
    });
  });

  it("cannot be paused by an update, and can be by a verb without a body", async () => {
    await createQueue("q1");
    expect(await ok("PATCH", `/v2/${queueName("q1")}`, { state: 2 })).toMatchObject({
      state: "RUNNING",
    });
    expect(await ok("POST", `/v2/${queueName("q1")}:pause`)).toMatchObject({ state: "PAUSED" });
    expect(await ok("POST", `/v2/${queueName("q1")}:resume`, {})).toMatchObject({
      state: "RUNNING",
    });
  });

  it("keeps what it gets and does not need", async () => {
    const kept = {
      stackdriverLoggingConfig: { samplingRatio: 0.5 },
      appEngineRoutingOverride: { service: "worker", version: "v2" },
    };
    await createQueue("q1", kept);
    await ok("PATCH", `/v2/${queueName("q1")}?updateMask=rateLimits`, {});
    expect(await ok("GET", `/v2/${queueName("q1")}`)).toMatchObject(kept);
    expect(await queue("q1").describe()).toMatchObject({ target: "v2.worker" });
  });

  it.each<[object, string]>([
    [
      { rateLimits: { maxDispatchesPerSecond: 501 } },
      "RateLimits.maxDispatchesPerSecond must be less than or equal to 500.",
    ],
    [
      { rateLimits: { maxDispatchesPerSecond: -1 } },
      "RateLimits.maxDispatchesPerSecond cannot be negative.",
    ],
    [
      { rateLimits: { maxConcurrentDispatches: 5001 } },
      "RateLimits.maxConcurrentDispatches must be less than or equal to 5000.",
    ],
    [
      { retryConfig: { maxAttempts: -2 } },
      "RetryConfig.maxAttempts must be greater or equal to -1.",
    ],
    [{ retryConfig: { maxDoublings: -1 } }, "RetryConfig.maxDoublings cannot be negative."],
    [{ retryConfig: { minBackoff: "-1s" } }, "RetryConfig.minBackoff cannot be negative."],
    [
      { retryConfig: { minBackoff: "10s", maxBackoff: "5s" } },
      "RetryConfig.minBackoff must be less than or equal to RetryConfig.maxBackoff.",
    ],
    [
      { stackdriverLoggingConfig: { samplingRatio: 2 } },
      "StackdriverLoggingConfig.samplingRatio must be between [0.0, 1.0].",
    ],
    [{ tombstoneTtl: "60s" }, "Queue.tombstoneTtl must be between [3600s, 777600s]."],
    [{ colour: "red" }, 'Invalid JSON payload received. Unknown name "colour": Cannot find field.'],
    [
      { retryConfig: { minBackoff: 5 } },
      `Invalid value at 'retryConfig.minBackoff': found 5, expected a duration such as "1.5s"`,
    ],
  ])("is not made of %j", async (more, message) => {
    const body = { name: queueName("q1"), ...more };
    expect(await refused("POST", QUEUES, body)).toEqual([400, "INVALID_ARGUMENT", message]);
    expect(await refused("GET", `/v2/${queueName("q1")}`)).toEqual([404, "NOT_FOUND", NO_QUEUE]);
  });

  it("has a burst of the service's choice, whatever the caller says", async () => {
    const made = await createQueue("q1", {
      rateLimits: { maxDispatchesPerSecond: 2, maxBurstSize: -7 },
    });
    expect(made.rateLimits.maxBurstSize).toBe(10);
  });

  it.each(["a_b", "", "a".repeat(101), "a b"])("cannot be called %j", async (id) => {
    const [status, name, message] = await refused("POST", QUEUES, { name: queueName(id) });
    expect([status, name]).toEqual([400, "INVALID_ARGUMENT"]);
    expect(message).toBe(
      'Queue name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>".',
    );
  });

  it("has to lie where the request says", async () => {
    const body = { name: "projects/other/locations/us-central1/queues/q1" };
    expect((await refused("POST", QUEUES, body))[1]).toBe("INVALID_ARGUMENT");
  });
});

describe("a queue that is gone", () => {
  it("is not there, for anything, and its name comes free after three days", async () => {
    await createQueue("q1");
    await createTask("q1", { appEngineHttpRequest: {}, scheduleTime: "2050-01-02T00:00:00Z" });
    expect(await ok("DELETE", `/v2/${queueName("q1")}`)).toEqual({});
    const gone = [404, "NOT_FOUND", NO_QUEUE];
    for (const verb of ["pause", "resume", "purge"]) {
      expect(await refused("POST", `/v2/${queueName("q1")}:${verb}`)).toEqual(gone);
    }
    expect(await refused("GET", `/v2/${queueName("q1")}`)).toEqual(gone);
    expect(await refused("GET", `/v2/${queueName("q1")}/tasks`)).toEqual(gone);
    const task = { task: { appEngineHttpRequest: {} } };
    expect(await refused("POST", `/v2/${queueName("q1")}/tasks`, task)).toEqual(gone);
    expect(await refused("DELETE", `/v2/${queueName("q1")}`)).toEqual([
      404,
      "NOT_FOUND",
      "Requested entity was not found.",
    ]);
    const tooRecent = [
      400,
      "FAILED_PRECONDITION",
      "The queue cannot be created because a queue with this name existed too recently.",
    ];
    expect(await refused("POST", QUEUES, { name: queueName("q1") })).toEqual(tooRecent);
    expect(await refused("PATCH", `/v2/${queueName("q1")}`, {})).toEqual(tooRecent);
    await crash();
    clock.now += 3 * DAY_MS - 1;
    expect(await refused("POST", QUEUES, { name: queueName("q1") })).toEqual(tooRecent);
    clock.now += 1;
    expect(await createQueue("q1")).toMatchObject({ state: "RUNNING" });
    expect(await ok("GET", `/v2/${queueName("q1")}/tasks`)).toEqual({ tasks: [] });
  });

  it("can be made anew by the native API at once, and then is there", async () => {
    await createQueue("q1");
    await ok("DELETE", `/v2/${queueName("q1")}`);
    await call("PUT", "/queues/q1", { rate: "5/s" });
    expect(await ok("GET", `/v2/${queueName("q1")}`)).toMatchObject({ state: "RUNNING" });
    expect((await refused("POST", QUEUES, { name: queueName("q1") })).slice(0, 2)).toEqual([
      409,
      "ALREADY_EXISTS",
    ]);
  });
});

describe("a queue of queue.yaml", () => {
  it("is shown as the file has it", async () => {
    expect(await ok("GET", `/v2/${queueName("slow-retry")}`)).toEqual({
      name: queueName("slow-retry"),
      rateLimits: {
        maxDispatchesPerSecond: 500,
        maxBurstSize: 100,
        maxConcurrentDispatches: 1000,
      },
      retryConfig: { maxAttempts: 6, minBackoff: "10s", maxBackoff: "300s", maxDoublings: 3 },
      state: "RUNNING",
    });
    expect(await ok("GET", `/v2/${queueName("unlimited")}`)).toMatchObject({
      retryConfig: { maxAttempts: -1 },
    });
  });

  it("can be paused and purged, but is changed and removed in the file alone", async () => {
    expect(await ok("POST", `/v2/${queueName("push")}:pause`)).toMatchObject({ state: "PAUSED" });
    expect((await ok("POST", `/v2/${queueName("push")}:purge`)).purgeTime).toMatch(/Z$/);
    for (const [method, body] of [["PATCH", {}], ["DELETE"]] as const) {
      const [status, name, message] = await refused(method, `/v2/${queueName("push")}`, body);
      expect([status, name]).toEqual([400, "FAILED_PRECONDITION"]);
      expect(message).toContain("queue.yaml");
    }
    expect((await refused("POST", QUEUES, { name: queueName("push") })).slice(0, 2)).toEqual([
      409,
      "ALREADY_EXISTS",
    ]);
  });
});

describe("a queue made by the native API", () => {
  const entry = {
    extensions: {
      ...{ rate: "none", bucket_size: 900, keep_results: true, tombstone_ttl: "5s" },
      ...{ shards: 2, location: "weur", limits: ["stripe"] },
    },
  };

  it("keeps what this API has no word for when it is changed here", async () => {
    await call("PUT", "/queues/q1", entry);
    const path = `/v2/${queueName("q1")}?updateMask=retryConfig.maxAttempts`;
    await ok("PATCH", path, { retryConfig: { maxAttempts: 2 } });
    await ok("POST", `/v2/${queueName("q1")}:setIamPolicy`, { policy: { bindings: [] } });
    expect(await queue("q1").describe()).toMatchObject({
      rate: "none",
      bucketSize: 900,
      retryParameters: { taskRetryLimit: 1 },
      extensions: {
        ...{ keepResults: true, tombstoneTtl: 5, keepFailed: 604_800 },
        ...{ shards: 2, location: "weur", limits: ["stripe"] },
      },
    });
    await ok("PATCH", `/v2/${queueName("q1")}?updateMask=rateLimits`, {});
    expect(await queue("q1").describe()).toMatchObject({ rate: "500/s", bucketSize: 100 });
  });

  it("may have annotations that are nobody's queue", async () => {
    const annotations = { cloudTasks: { queue: { colour: 1 } }, mine: true };
    await call("PUT", "/queues/q1", { extensions: { rate: "none", annotations } });
    expect(await ok("GET", `/v2/${queueName("q1")}`)).toMatchObject({ state: "RUNNING" });
    await ok("PATCH", `/v2/${queueName("q1")}`, {});
    expect((await queue("q1").describe()).extensions.annotations).toMatchObject({ mine: true });
  });

  it("stays a pull queue, whatever is said of it here", async () => {
    await call("PUT", "/queues/q1", { mode: "pull" });
    await ok("PATCH", `/v2/${queueName("q1")}`, { rateLimits: { maxDispatchesPerSecond: 1 } });
    expect(await queue("q1").describe()).toMatchObject({ mode: "pull" });
  });
});

describe("the list of queues", () => {
  const ids = ["qe", "qa", "qd", "qb", "qc"];

  it("has each once, in the order of names, a page at a time", async () => {
    for (const id of ids) await createQueue(id);
    const found: string[] = [];
    for (let token = "", pages = 0; pages === 0 || token; pages++) {
      expect(pages).toBeLessThan(20);
      const page = await ok("GET", `${QUEUES}?pageSize=2&pageToken=${encodeURIComponent(token)}`);
      expect(page.queues.length).toBeLessThanOrEqual(2);
      found.push(...page.queues.map(({ name }: { name: string }) => name));
      token = page.nextPageToken ?? "";
    }
    expect(found).toEqual([...found].sort());
    expect(found).toEqual(expect.arrayContaining(ids.map(queueName)));
    expect(new Set(found).size).toBe(found.length);
  });

  it("is filtered by what a queue is", async () => {
    for (const id of ids) await createQueue(id);
    await ok("POST", `/v2/${queueName("qc")}:pause`);
    const paused = await ok("GET", `${QUEUES}?filter=state%3A%20PAUSED`);
    expect(paused.queues.map(({ name }: { name: string }) => name)).toEqual(
      ["qc", "stopped"].map(queueName),
    );
    expect((await refused("GET", `${QUEUES}?filter=what`)).slice(0, 2)).toEqual([
      400,
      "INVALID_ARGUMENT",
    ]);
  });

  it("refuses a token of another filter, and one it did not give out", async () => {
    const { nextPageToken } = await ok("GET", `${QUEUES}?pageSize=1`);
    for (const query of [`pageToken=${nextPageToken}&filter=state:PAUSED`, "pageToken=zzz"]) {
      expect((await refused("GET", `${QUEUES}?${query}`)).slice(0, 2)).toEqual([
        400,
        "INVALID_ARGUMENT",
      ]);
    }
  });
});

describe("projects", () => {
  afterEach(() => {
    delete (env as { TASKQUEUE_PROJECT?: string }).TASKQUEUE_PROJECT;
  });

  it("are all one by default: whatever is asked for is echoed", async () => {
    await createQueue("q1");
    const path = "projects/example.com:p9/locations/europe-west1/queues/q1";
    expect(await ok("GET", `/v2/${path}`)).toMatchObject({ name: path });
    expect(await ok("GET", `/v2/${path.replace(":p9", "%3Ap9")}`)).toMatchObject({ name: path });
  });

  it("have queues of their own where one is home", async () => {
    (env as { TASKQUEUE_PROJECT?: string }).TASKQUEUE_PROJECT = "p1/us-central1";
    const other = "projects/example.com:p2/locations/us-central1";
    const name = `${other}/queues/push`;
    expect((await refused("GET", `/v2/${name}`))[0]).toBe(404);
    await ok("POST", `/v2/${other}/queues`, { name });
    const { queues } = await ok("GET", `/v2/${other}/queues`);
    expect(queues.map((it: { name: string }) => it.name)).toEqual([name]);
    const task = { task: { name: `${name}/tasks/t`, appEngineHttpRequest: {} } };
    await ok("POST", `/v2/${name}:pause`);
    await ok("POST", `/v2/${name}/tasks`, task);
    expect((await ok("GET", `/v2/${name}/tasks`)).tasks).toHaveLength(1);
    expect(await ok("GET", `/v2/${queueName("push")}/tasks`)).toEqual({ tasks: [] });
    const home = (await ok("GET", QUEUES)).queues.map((it: { name: string }) => it.name);
    expect(home).toContain(queueName("push"));
    expect(home.some((it: string) => it.includes("p2"))).toBe(false);
    await ok("POST", `/v2/${name}:resume`);
    await pass("example.com:p2/us-central1/push", 1);
    expect(received[0]?.headers.get("X-AppEngine-QueueName")).toBe("push");
    expect(await ok("DELETE", `/v2/${name}`)).toEqual({});
  });
});

it("says of a method it does not have that it is not found", async () => {
  expect(await refused("POST", `/v2/${queueName("push")}:explode`)).toEqual([
    404,
    "NOT_FOUND",
    `The API has no method POST /${queueName("push")}:explode.`,
  ]);
  expect((await cloud("PUT", `/v2/${queueName("push")}`, {}))[0]).toBe(404);
});
