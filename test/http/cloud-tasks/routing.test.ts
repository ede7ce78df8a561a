// App Engine routing by Google's API: service, version and instance come back as they were given, on queues and
// on tasks, in every version of the API, and decide where a task goes.
import { beforeEach, describe, expect, it } from "vitest";
import {
  createQueue,
  createTask,
  type Json,
  ok,
  queueName,
  refused,
} from "../../support/cloud-tasks.ts";
import { freshStart, pass, queue } from "../../support/time.ts";
import { backendReceived } from "../../support/worker.ts";

beforeEach(freshStart);

const LATER = "2050-01-02T00:00:00Z";
const VERSIONS = ["v2", "v2beta2", "v2beta3"] as const;

/** A queue's routing, where each version has it. */
const IN_QUEUE: Record<(typeof VERSIONS)[number], (queue: Json) => Json> = {
  v2: (it) => it.appEngineRoutingOverride,
  v2beta2: (it) => it.appEngineHttpTarget.appEngineRoutingOverride,
  v2beta3: (it) => it.appEngineHttpQueue.appEngineRoutingOverride,
};

const AS_GIVEN: Record<(typeof VERSIONS)[number], (routing: object) => object> = {
  v2: (routing) => ({ appEngineRoutingOverride: routing }),
  v2beta2: (routing) => ({ appEngineHttpTarget: { appEngineRoutingOverride: routing } }),
  v2beta3: (routing) => ({ appEngineHttpQueue: { appEngineRoutingOverride: routing } }),
};

const ROUTINGS: [routing: object, host: string, target: string][] = [
  [{ service: "web" }, "web-dot-p1.appspot.com", "web"],
  [{ service: "default" }, "default-dot-p1.appspot.com", "default"],
  [{ service: "web", version: "v2" }, "v2-dot-web-dot-p1.appspot.com", "v2.web"],
  [{ version: "v2" }, "v2-dot-p1.appspot.com", "v2.default"],
  [{ version: "1.2" }, "1.2-dot-p1.appspot.com", "default"],
  [{ service: "web", version: "1.2" }, "1.2-dot-web-dot-p1.appspot.com", "web"],
  [{ service: "web", version: "1.2.3.4" }, "1.2.3.4-dot-web-dot-p1.appspot.com", "web"],
  [
    { service: "web", version: "v2", instance: "0" },
    "0-dot-v2-dot-web-dot-p1.appspot.com",
    "v2.web",
  ],
  [
    { service: "web", version: "1.2", instance: "3.4" },
    "3.4-dot-1.2-dot-web-dot-p1.appspot.com",
    "web",
  ],
  [{ service: "web", instance: "0" }, "0-dot-web-dot-p1.appspot.com", "web"],
  [{ version: "v2", instance: "0" }, "0-dot-v2-dot-p1.appspot.com", "v2.default"],
  [
    { instance: "aef-web-20500101t000000-x1y2" },
    "aef-web-20500101t000000-x1y2-dot-p1.appspot.com",
    "default",
  ],
  [{ service: "web", version: "V2_beta" }, "V2_beta-dot-web-dot-p1.appspot.com", "web"],
];

describe.each(ROUTINGS)("the routing %j", (routing, host, target) => {
  it("is a queue's in every version, with its host, also after a change of something else", async () => {
    for (const version of VERSIONS) {
      const id = `q-${version}`;
      await ok("POST", `/${version}/${queueName("").replace(/\/queues\/$/, "/queues")}`, {
        name: queueName(id),
        ...AS_GIVEN[version](routing),
      });
      await ok("PATCH", `/${version}/${queueName(id)}?updateMask=rateLimits`, {});
      for (const seen of VERSIONS) {
        const shown = await ok("GET", `/${seen}/${queueName(id)}`);
        expect(IN_QUEUE[seen](shown)).toEqual({ ...routing, host });
      }
      expect(await queue(id).describe()).toMatchObject({ target });
    }
  });

  it("is a task's in every version, with its host", async () => {
    await createQueue("q1");
    const given = { appEngineHttpRequest: { appEngineRouting: routing }, scheduleTime: LATER };
    const { name } = await createTask("q1", given);
    for (const version of VERSIONS) {
      const { appEngineHttpRequest } = await ok("GET", `/${version}/${name}`);
      expect(appEngineHttpRequest.appEngineRouting).toEqual({ ...routing, host });
    }
    expect(await queue("q1").get(name.split("/").at(-1))).toMatchObject({ target });
  });
});

it.each([
  [{ service: "Web" }, "service"],
  [{ service: "a.b" }, "service"],
  [{ service: "-web" }, "service"],
  [{ service: "w".repeat(64) }, "service"],
  [{ service: "web", version: "a b" }, "version"],
  [{ service: "web", version: "../x" }, "version"],
  [{ service: "web", version: ".2" }, "version"],
  [{ service: "web", version: "v".repeat(101) }, "version"],
  [{ service: "web", instance: "0/1" }, "instance"],
  [{ service: "web", instance: "é" }, "instance"],
])("%j is refused by its %s, of a queue and of a task", async (routing, part) => {
  const body = { name: queueName("q1"), appEngineRoutingOverride: routing };
  const ofQueue = await refused("POST", `/v2/${queueName("q1").replace(/\/q1$/, "")}`, body);
  expect(ofQueue.slice(0, 2)).toEqual([400, "INVALID_ARGUMENT"]);
  expect(ofQueue[2]).toContain(`appEngineRoutingOverride.${part}: found `);
  await createQueue("q1");
  const task = { appEngineHttpRequest: { appEngineRouting: routing } };
  const ofTask = await refused("POST", `/v2/${queueName("q1")}/tasks`, { task });
  expect(ofTask.slice(0, 2)).toEqual([400, "INVALID_ARGUMENT"]);
  expect(ofTask[2]).toContain(`appEngineRouting.${part}: found `);
});

it("changes by its parts, whatever host is said", async () => {
  const routing = { service: "web", version: "1.2", instance: "0", host: "evil.example" };
  await createQueue("q1", { appEngineRoutingOverride: routing });
  const path = `/v2/${queueName("q1")}`;
  const mask = "updateMask=app_engine_routing_override.version";
  const changed = await ok("PATCH", `${path}?${mask}`, {
    appEngineRoutingOverride: { version: "v3" },
  });
  expect(changed.appEngineRoutingOverride).toEqual({
    ...{ service: "web", version: "v3", instance: "0" },
    host: "0-dot-v3-dot-web-dot-p1.appspot.com",
  });
  const cleared = await ok("PATCH", `${path}?updateMask=appEngineRoutingOverride`, {});
  expect(cleared.appEngineRoutingOverride).toBeUndefined();
});

it("of tasks stored before the parts were kept is read from their target", async () => {
  await createQueue("q1");
  const task = { url: "/x", dialect: "cloudtasks-appengine", target: "0.v2.web" } as const;
  await queue("q1").add({ ...task, name: "old", countdown: 60 });
  const { appEngineHttpRequest } = await ok("GET", `/v2/${queueName("q1")}/tasks/old`);
  expect(appEngineHttpRequest.appEngineRouting).toEqual({
    ...{ service: "web", version: "v2", instance: "0" },
    host: "0-dot-v2-dot-web-dot-p1.appspot.com",
  });
});

it("counts no more when the native API gives the queue another target", async () => {
  await createQueue("q1", { appEngineRoutingOverride: { service: "web", version: "1.2" } });
  const { extensions } = await queue("q1").describe();
  const { annotations = {} } = extensions;
  await queue("q1").define({ rate: "5/s", target: "other", extensions: { annotations } });
  expect((await ok("GET", `/v2/${queueName("q1")}`)).appEngineRoutingOverride).toEqual({
    service: "other",
    host: "other-dot-p1.appspot.com",
  });
});

it.each([
  { service: "backend" },
  { service: "backend", version: "1.2" },
  { service: "backend", version: "v1", instance: "0" },
  { service: "backend", instance: "0" },
])("%j goes where its service is mapped, of a queue and of a task", async (routing) => {
  await createQueue("q1", { appEngineRoutingOverride: routing });
  await createQueue("q2");
  const appEngineHttpRequest = { relativeUri: "/work" };
  await createTask("q1", { appEngineHttpRequest });
  await createTask("q2", {
    appEngineHttpRequest: { relativeUri: "/work", appEngineRouting: routing },
  });
  for (const id of ["q1", "q2"]) await pass(id, 1);
  expect(backendReceived.map(({ url }) => url.pathname)).toEqual(["/work", "/work"]);
});
