// Names, paths and methods that are not there: always Google's form of an error, never a 500.
import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { cloud, createQueue, type Json, ok, PLACE, queueName } from "../../support/cloud-tasks.ts";
import { freshStart } from "../../support/time.ts";

const own = (exports as unknown as { default: Fetcher }).default;

beforeAll(async () => {
  await freshStart();
  await createQueue("q1", { httpTarget: { uriOverride: { host: "example.com" } } });
  await ok("POST", `/v2/${queueName("q1")}:pause`);
});

const REST = "https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations";
const PAGES = {
  project:
    "https://cloud.google.com/resource-manager/docs/creating-managing-projects#identifying_projects",
  location: `${REST}#Location.FIELDS.name`,
  queue: `${REST}.queues#Queue.FIELDS.name`,
  task: `${REST}.queues.tasks#Task.FIELDS.name`,
};

const T = `${queueName("q1")}/tasks`;
const LONG = "q".repeat(101);
const httpRequest = { url: "https://example.com" };

describe("a bad name", () => {
  it.each<[keyof typeof PAGES, method: string, path: string, body?: unknown]>([
    ["project", "GET", "projects/a%20b/locations/l/queues/q1"],
    ["project", "GET", "projects/a_b/locations/l"],
    ["project", "GET", "projects/a%2Fb/locations"],
    ["location", "GET", "projects/p1/locations/us_central1/queues"],
    ["location", "POST", "projects/p1/locations/us.central1/queues/q1:pause"],
    ["location", "GET", "projects/p1/locations/%C3%A9"],
    ["queue", "GET", queueName("a_b")],
    ["queue", "GET", queueName(LONG)],
    ["queue", "DELETE", queueName("a%2Fb")],
    ["queue", "PATCH", queueName("caf%C3%A9"), {}],
    ["queue", "POST", `${queueName(LONG)}/tasks`, { task: { httpRequest } }],
    ["queue", "POST", `${queueName("a%20b")}:purge`],
    ["queue", "POST", `${PLACE}/queues`, {}],
    ["queue", "POST", `${PLACE}/queues`, { name: "q1" }],
    ["queue", "POST", `${PLACE}/queues`, { name: queueName(LONG) }],
    ["queue", "POST", `${PLACE}/queues`, { name: queueName("a_b") }],
    ["task", "GET", `${T}/a.b`],
    ["task", "DELETE", `${T}/${"t".repeat(501)}`],
    ["task", "POST", `${T}/a%20b:run`],
    ["task", "POST", `${T}/a.b:buffer`, {}],
    ["task", "POST", T, { task: { name: "t1", httpRequest } }],
    ["task", "POST", T, { task: { name: `${T}/`, httpRequest } }],
    ["task", "POST", T, { task: { name: `${T}/a/b`, httpRequest } }],
    ["task", "POST", `${T}:batchDelete`, { names: [`${T}/a.b`] }],
  ])("of a %s links to the page about it: %s %s", async (kind, method, path, body) => {
    for (const version of ["v2", "v2beta2", "v2beta3"]) {
      const [status, { error }] = await cloud(method, `/${version}/${path}`, body);
      expect([status, error.code, error.status]).toEqual([400, 400, "INVALID_ARGUMENT"]);
      expect(error.details).toMatchObject([
        { "@type": "type.googleapis.com/google.rpc.Help", links: [{ url: PAGES[kind] }] },
      ]);
    }
  });
});

it("a bad name in a batch has its link beside it", async () => {
  const requests = [{ parent: queueName("q1"), task: { name: `${T}/a.b`, httpRequest } }];
  const { metadata } = await ok("POST", `/v2beta3/${T}:batchCreate`, { requests });
  expect(metadata.failedRequests).toMatchObject({
    0: { code: 3, details: [{ links: [{ url: PAGES.task }] }] },
  });
});

describe("what is not there", () => {
  const Q = queueName("q1");

  it.each<[status: number, method: string, path: string, name: string]>([
    [400, "GET", queueName("%zz"), "INVALID_ARGUMENT"],
    [400, "GET", queueName("q1%"), "INVALID_ARGUMENT"],
    [400, "GET", `${T}/%E0%A4%A`, "INVALID_ARGUMENT"],
    [400, "GET", "projects/%FF/locations/l/queues/q1", "INVALID_ARGUMENT"],
    [400, "POST", `${T}/%c3%28:run`, "INVALID_ARGUMENT"],
    [404, "PUT", Q, "NOT_FOUND"],
    [404, "POST", Q, "NOT_FOUND"],
    [404, "DELETE", T, "NOT_FOUND"],
    [404, "PATCH", `${T}/t1`, "NOT_FOUND"],
    [404, "GET", `${Q}:pause`, "NOT_FOUND"],
    [404, "HEAD", `${Q}:pause`, "NOT_FOUND"],
    [404, "POST", `${Q}:explode`, "NOT_FOUND"],
    [404, "POST", `${T}/t1:pause`, "NOT_FOUND"],
    [404, "POST", `${T}:run`, "NOT_FOUND"],
    [404, "GET", `${Q}/colours`, "NOT_FOUND"],
    [404, "GET", `${T}/t1/attempts`, "NOT_FOUND"],
    [404, "GET", `${PLACE}/queues//tasks`, "NOT_FOUND"],
    [404, "POST", `${PLACE}/queues/:pause`, "NOT_FOUND"],
    [404, "POST", `${T}/:run`, "NOT_FOUND"],
    [404, "OPTIONS", Q, "NOT_FOUND"],
    [404, "GET", `${PLACE}/operations/x`, "NOT_FOUND"],
  ])("%i: %s %s", async (status, method, path, name) => {
    for (const version of ["v2", "v2beta2", "v2beta3"]) {
      const response = await own.fetch(`http://127.0.0.1:8787/${version}/${path}`, { method });
      expect(response.status).toBe(status);
      expect(response.headers.get("Content-Type")).toContain("application/json");
      if (method === "HEAD") continue;
      const { error } = (await response.json()) as Json;
      expect([error.code, error.status]).toEqual([status, name]);
      expect(error.message).not.toBe("");
    }
  });
});

describe("a buffered task", () => {
  it.each([
    ["tasks:buffer", '{"body":{"contentType":"text/x","data":"aGk="}}', undefined],
    ["tasks/:buffer", "", undefined],
    ["tasks/:buffer", "{}", undefined],
    ["tasks/:buffer", '{"body":{"contentType":"text/x","data":"aGk="}}', undefined],
    ["tasks/:buffer?alt=json", "", undefined],
    ["tasks/:buffer?fields=task(name)", "", undefined],
    ["tasks/b1:buffer", "", "b1"],
    ["tasks/b2:buffer", '{"body":{"data":"aGk="}}', "b2"],
    ["tasks/b3:buffer?alt=json", "plain text", "b3"],
    ["tasks/buffer:buffer", "", "buffer"],
  ])("may have an id or none: %s with %s", async (path, body, id) => {
    for (const version of ["v2", "v2beta2", "v2beta3"]) {
      const suffix = id === undefined ? "" : `-${version}`;
      const url = `/${version}/${queueName("q1")}/${path.replace(`/${id}:`, `/${id}${suffix}:`)}`;
      const { task } = await ok("POST", url, body);
      const expected = id === undefined ? /\/tasks\/[A-Za-z0-9_-]+$/ : `${T}/${id}${suffix}`;
      expect(task.name).toMatch(expected);
    }
  });
});
