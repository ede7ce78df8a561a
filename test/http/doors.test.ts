import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freshStart, pass, queue } from "../support/time.ts";
import { received } from "../support/worker.ts";

const settings = env as { TASKQUEUE_TOKEN?: string; TASKQUEUE_READ_TOKEN?: string };
const own = (exports as unknown as { default: Fetcher }).default;

beforeEach(freshStart);

describe("handlers", () => {
  it.each([
    "/_ah/queue/push",
    "/_ah/queue/",
    "/_ah/queue",
    "/_ah/%71ueue/push",
    "//_ah/queue/push",
    "/_ah//queue/push",
    "/x/../_ah/queue/push",
  ])("%s from outside is 403 and runs nothing, forged headers or not", async (path) => {
    const headers = { "X-AppEngine-QueueName": "push", "X-AppEngine-TaskName": "evil" };
    const response = await own.fetch(`http://127.0.0.1${path}`, { method: "POST", headers });
    expect(response.status).toBe(403);
    expect(received).toHaveLength(0);
  });

  it("see headers that only the queue may set on the queue's requests alone", async () => {
    const forged = {
      "X-AppEngine-QueueName": "push",
      "x-cloudtasks-taskname": "evil",
      "X-Own": "1",
    };
    await own.fetch("http://example.com/mine", { method: "POST", headers: forged, body: "kept" });
    expect(received).toHaveLength(1);
    expect([...(received[0]?.headers.keys() ?? [])]).not.toContain("x-appengine-queuename");
    expect(received[0]?.headers.get("x-cloudtasks-taskname")).toBeNull();
    expect(received[0]?.headers.get("X-Own")).toBe("1");
    expect(received[0]?.body).toBe("kept");
  });

  it("and every other path are the Worker's own, untouched", async () => {
    await own.fetch("http://example.com/_ah/queues-of-mine?x=1");
    expect(received.map(({ url }) => url.href)).toEqual([
      "http://example.com/_ah/queues-of-mine?x=1",
    ]);
  });

  it.each(["/_ah/metrics", "/_ah/metrics/", "/_ah/%6detrics", "//_ah/metrics"])(
    "%s is that of metrics, and never the Worker's own code",
    async (path) => {
      expect((await own.fetch(`http://127.0.0.1${path}`)).status).toBe(200);
      expect((await own.fetch(`http://example.com${path}`)).status).toBe(401);
      expect(received).toHaveLength(0);
    },
  );

  it("are reached by a task whose url names another path", async () => {
    await queue("push").add({ url: "/jobs/clean" });
    await pass("push", 0);
    expect(received.map(({ url }) => url.pathname)).toEqual(["/jobs/clean"]);
  });
});

const API = "/_ah/api/queues/push";

async function refusalOf(
  url: string,
  init?: RequestInit,
): Promise<[number, string | undefined, string]> {
  const response = await own.fetch(url, init);
  const { error } = (await response.json()) as { error?: { code: string; message: string } };
  return [response.status, error?.code, error?.message ?? ""];
}

describe("with no token set", () => {
  it.each(["127.0.0.1:8787", "localhost", "[::1]:8787", "app.localhost"])(
    "%s is served",
    async (host) => {
      expect((await own.fetch(`http://${host}${API}`)).status).toBe(200);
    },
  );

  it.each(["example.com", "10.0.0.1", "127.0.0.1.example.com", "localhost.example.com"])(
    "%s gets 401 naming the setting",
    async (host) => {
      const [status, code, message] = await refusalOf(`https://${host}${API}`);
      expect([status, code]).toEqual([401, "UNAUTHENTICATED"]);
      expect(message).toContain("TASKQUEUE_TOKEN");
    },
  );

  it("a web page of another origin cannot use the loopback door", async () => {
    const headers = { Origin: "https://evil.example" };
    const init = { method: "POST", headers, body: "a=1" };
    expect((await refusalOf(`http://127.0.0.1:8787${API}/tasks`, init)).slice(0, 2)).toEqual([
      403,
      "PERMISSION_DENIED",
    ]);
    const same = { headers: { Origin: "http://127.0.0.1:8787" } };
    expect((await own.fetch(`http://127.0.0.1:8787${API}`, same)).status).toBe(200);
  });
});

describe("with no token set, a page of another site", () => {
  const BASE = "http://127.0.0.1:8787";
  const CLOUD = "/v2/projects/p/locations/l/queues";
  const POST = { method: "POST", body: "a=1" };
  const REQUESTS: [string, RequestInit][] = [
    [`${API}/tasks`, POST],
    [`${API}:purge`, { method: "POST" }],
    [`${API}/tasks/n`, { method: "DELETE" }],
    ["/_ah/api/queues/mine", { method: "PUT", body: "{}" }],
    ["/_ah/api/groups", POST],
    ["/_ah/api/cron/x:run", { method: "POST" }],
    [`${CLOUD}/push/tasks`, POST],
    [`${CLOUD.replace("v2", "v2beta3")}/push:purge`, { method: "POST" }],
    [CLOUD, POST],
    [API, {}],
    ["/_ah/api/events", {}],
    [CLOUD, {}],
    ["/_ah/metrics", {}],
    ["/_ah/console", {}],
  ];
  it.each(
    ["cross-site", "same-site", "odd"].flatMap((site) =>
      REQUESTS.map(([path, init]) => [site, init.method ?? "GET", path, init] as const),
    ),
  )("that is %s has no %s %s", async (site, _method, path, init) => {
    const headers = { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors" };
    const response = await own.fetch(BASE + path, { ...init, headers });
    expect(response.status).toBe(403);
    expect(await response.text()).toMatch(/Sec-Fetch-Site: found .*(cross-site|same-site|odd)/);
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
  });

  it.each([
    ["same-origin", "POST", "cors", "empty", 201],
    ["none", "POST", "navigate", "document", 201],
    ["cross-site", "GET", "navigate", "document", 200],
    ["cross-site", "HEAD", "navigate", "document", 200],
    ["cross-site", "GET", "navigate", "iframe", 403],
    ["cross-site", "GET", "no-cors", "image", 403],
    ["cross-site", "GET", "no-cors", "script", 403],
    ["cross-site", "GET", "websocket", "websocket", 403],
    ["cross-site", "POST", "navigate", "document", 403],
    ["same-site", "POST", "navigate", "document", 403],
  ])("%s %s as %s of %s", async (site, method, mode, dest, status) => {
    const headers = {
      ...{ "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest },
      ...(method === "POST" && { "Content-Type": "text/plain" }),
    };
    const init = { method, headers, ...(method === "POST" && { body: "x" }) };
    const path = method === "POST" ? `${API}/tasks` : API;
    expect((await own.fetch(BASE + path, init)).status).toBe(status);
  });

  it("cannot have a link's method changed to one that acts", async () => {
    const headers = {
      ...{ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" },
      ...{ "Sec-Fetch-Dest": "document", "X-HTTP-Method-Override": "DELETE" },
    };
    const init = { method: "POST", headers };
    expect((await own.fetch(`${BASE}${CLOUD}/push/tasks/n`, init)).status).toBe(403);
  });
});

describe("with a token set", () => {
  beforeEach(() => {
    settings.TASKQUEUE_TOKEN = "full-token";
    settings.TASKQUEUE_READ_TOKEN = "read-token";
  });

  afterEach(() => {
    delete settings.TASKQUEUE_TOKEN;
    delete settings.TASKQUEUE_READ_TOKEN;
  });

  it.each([
    ["Authorization", "Bearer full-token"],
    ["authorization", "bearer full-token"],
    ["x-goog-api-key", "full-token"],
  ])("it is taken as %s: %s, from anywhere", async (name, value) => {
    const init = { headers: { [name]: value } };
    expect((await own.fetch(`https://queue.example.com${API}`, init)).status).toBe(200);
  });

  it("it is taken as ?key= and does not become an option of the task", async () => {
    const init = { method: "POST", body: "x", headers: { "Content-Type": "text/plain" } };
    const response = await own.fetch(
      `https://queue.example.com${API}/tasks?key=full-token&name=n1`,
      init,
    );
    expect(response.status).toBe(201);
  });

  it.each<Record<string, string>>([
    {},
    { Authorization: "Bearer wrong" },
    { Authorization: "full-token" },
  ])("%j gets 401, on loopback too", async (headers) => {
    const [status, code] = await refusalOf(`http://127.0.0.1:8787${API}`, { headers });
    expect([status, code]).toEqual([401, "UNAUTHENTICATED"]);
  });

  it("the read token reads and changes nothing", async () => {
    const headers = { Authorization: "Bearer read-token" };
    expect((await own.fetch(`https://q.example.com${API}`, { headers })).status).toBe(200);
    for (const [method, path] of [
      ["POST", "/tasks"],
      ["DELETE", "/tasks/n1"],
    ] as const) {
      const refusal = await refusalOf(`https://q.example.com${API}${path}`, { method, headers });
      expect(refusal.slice(0, 2)).toEqual([403, "PERMISSION_DENIED"]);
    }
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
  });

  it("the read token plans a deploy, which changes nothing", async () => {
    const plan = { method: "POST", body: "queue:" };
    const url = "https://q.example.com/_ah/api/plan";
    const headers = { Authorization: "Bearer read-token", "Content-Type": "application/yaml" };
    expect((await own.fetch(url, { ...plan, headers })).status).toBe(200);
    expect((await own.fetch(url, plan)).status).toBe(401);
  });
});
