// Pages of other origins: what each may do and read, by the setting, the token, the path and what its browser says.
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freshStart, queue } from "../support/time.ts";
import { received } from "../support/worker.ts";

const settings = env as Record<string, string | undefined>;
const own = (exports as unknown as { default: Fetcher }).default;

beforeEach(freshStart);
afterEach(() => {
  delete settings.TASKQUEUE_TOKEN;
  delete settings.TASKQUEUE_READ_TOKEN;
  delete settings.TASKQUEUE_ALLOW_ORIGINS;
});

const APP = "https://app.example.com";
const EVIL = "https://evil.example";
const HERE = "http://127.0.0.1:8787";
const TASKS = "/_ah/api/queues/push/tasks";
const CLOUD = "/v2/projects/p/locations/l/queues";

interface Asked {
  setting?: string;
  token?: string;
  method?: string;
  path?: string;
  host?: string;
  headers: Record<string, string>;
}

async function ask({ setting, token, method = "GET", path = TASKS, host = HERE, headers }: Asked) {
  if (setting !== undefined) settings.TASKQUEUE_ALLOW_ORIGINS = setting;
  if (token !== undefined) settings.TASKQUEUE_TOKEN = token;
  const init: RequestInit = { method, headers };
  if (method === "POST" || method === "PUT") init.body = "{}";
  return own.fetch(host + path, init);
}

const origin = (from: string, site = "cross-site", mode = "cors") => ({
  Origin: from,
  "Sec-Fetch-Site": site,
  "Sec-Fetch-Mode": mode,
});
const json = { "Content-Type": "application/json" };
const bearer = { Authorization: "Bearer secret" };
const preflightOf = (method: string, from = APP) => ({
  ...origin(from),
  "Access-Control-Request-Method": method,
  "Access-Control-Request-Headers": "authorization,content-type",
});

type Row = [what: string, asked: Asked, status: number, allowed: string | null];

describe("a page elsewhere", () => {
  it.each<Row>([
    ["is refused without the setting", { headers: origin(APP) }, 403, null],
    [
      "posts nothing without the setting",
      { method: "POST", headers: { ...origin(APP), ...json } },
      403,
      null,
    ],
    ["reads, if it is listed", { setting: APP, headers: origin(APP) }, 200, APP],
    [
      "adds, if it is listed",
      { setting: APP, method: "POST", headers: { ...origin(APP), ...json } },
      201,
      APP,
    ],
    [
      "adds from the same site, if it is listed",
      {
        setting: "http://localhost:5173",
        method: "POST",
        headers: { ...origin("http://localhost:5173", "same-site"), ...json },
      },
      201,
      "http://localhost:5173",
    ],
    [
      "deletes, if it is listed",
      { setting: APP, method: "DELETE", path: `${TASKS}/n`, headers: origin(APP) },
      200,
      APP,
    ],
    [
      "posts nothing, if another is listed",
      { setting: APP, method: "POST", headers: { ...origin(EVIL), ...json } },
      403,
      null,
    ],
    ["reads nothing, if another is listed", { setting: APP, headers: origin(EVIL) }, 403, null],
    [
      "that lies about nothing but its site is refused",
      { setting: APP, method: "POST", headers: { "Sec-Fetch-Site": "cross-site", ...json } },
      403,
      null,
    ],
    [
      "sends no image's request, listed or not",
      { setting: APP, headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" } },
      403,
      null,
    ],
    ["that is sandboxed is refused", { setting: APP, headers: origin("null") }, 403, null],
    [
      "is refused by * where no token is set, and may read why",
      { setting: "*", headers: origin(APP) },
      403,
      "*",
    ],
    [
      "posts nothing by * where no token is set",
      { setting: "*", method: "POST", headers: { ...origin(EVIL), ...json } },
      403,
      "*",
    ],
    [
      "of a host that is not loopback needs a token",
      { setting: APP, host: "https://queues.example", headers: origin(APP) },
      401,
      APP,
    ],
    [
      "reads with the token, if it is listed",
      { setting: APP, token: "secret", headers: { ...origin(APP), ...bearer } },
      200,
      APP,
    ],
    [
      "adds with the token by *",
      {
        setting: "*",
        token: "secret",
        method: "POST",
        headers: { ...origin(EVIL), ...bearer, ...json },
      },
      201,
      "*",
    ],
    [
      "may read that its token is wrong",
      { setting: APP, token: "other", headers: { ...origin(APP), ...bearer } },
      401,
      APP,
    ],
    [
      "without a token may read so",
      { setting: APP, token: "secret", headers: origin(APP) },
      401,
      APP,
    ],
    [
      "that is not listed may read nothing with the token",
      { setting: APP, token: "secret", headers: { ...origin(EVIL), ...bearer } },
      200,
      null,
    ],
    ["reads Google's API", { setting: APP, path: CLOUD, headers: origin(APP) }, 200, APP],
    [
      "that is not listed has none of Google's API",
      { setting: APP, path: CLOUD, headers: origin(EVIL) },
      403,
      null,
    ],
    [
      "may read that a path is none",
      { setting: APP, path: "/_ah/api/nowhere", headers: origin(APP) },
      400,
      APP,
    ],
    [
      "may not read metrics",
      { setting: APP, path: "/_ah/metrics", headers: origin(APP) },
      200,
      null,
    ],
    ["has no console", { setting: APP, path: "/_ah/console", headers: origin(APP) }, 403, null],
    [
      "calls no handler",
      { setting: APP, method: "POST", path: "/_ah/queue/push", headers: origin(APP) },
      403,
      null,
    ],
    [
      "of this origin is as it was",
      { setting: APP, method: "POST", headers: { ...origin(HERE, "same-origin"), ...json } },
      201,
      null,
    ],
    [
      "that is none at all is as it was",
      { setting: APP, method: "POST", headers: json },
      201,
      null,
    ],
  ])("%s", async (_, asked, status, allowed) => {
    const response = await ask(asked);
    expect([response.status, response.headers.get("Access-Control-Allow-Origin")]).toEqual([
      status,
      allowed,
    ]);
    expect(response.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    const isApi = /^\/(_ah\/api|v2)/.test(asked.path ?? TASKS);
    const varies = isApi && asked.setting !== undefined && allowed !== "*";
    expect(response.headers.get("Vary")).toBe(varies ? "Origin" : null);
    if (asked.method === "POST" && status === 403) {
      expect((await queue("push").describe()).statistics.tasks).toBe(0);
    }
  });

  it("may read when to come again, and which methods there are", async () => {
    const response = await ask({ setting: APP, method: "PUT", path: TASKS, headers: origin(APP) });
    expect(response.headers.get("Allow")).toContain("POST");
    expect(response.headers.get("Access-Control-Expose-Headers")).toBe("Retry-After, Allow");
  });

  it("changes nothing by a console's session, listed or not", async () => {
    settings.TASKQUEUE_TOKEN = "secret";
    const login = await own.fetch(`${HERE}/_ah/console?key=secret`, { redirect: "manual" });
    const cookie = (login.headers.get("Set-Cookie") ?? "").split(";")[0] as string;
    expect(cookie).not.toBe("");
    const asked = {
      setting: APP,
      method: "POST",
      headers: { ...origin(APP, "same-site"), ...json, Cookie: cookie },
    };
    expect((await ask(asked)).status).toBe(403);
  });
});

describe("a preflight", () => {
  it.each<Row>([
    [
      "is answered before the token is asked for",
      { setting: APP, token: "secret", headers: preflightOf("POST") },
      204,
      APP,
    ],
    [
      "is answered where no token is set",
      { setting: APP, headers: preflightOf("DELETE") },
      204,
      APP,
    ],
    [
      "is answered on any host",
      { setting: APP, host: "https://queues.example", headers: preflightOf("PUT") },
      204,
      APP,
    ],
    [
      "is answered by *",
      { setting: "*", token: "secret", headers: preflightOf("POST", EVIL) },
      204,
      "*",
    ],
    [
      "is answered for Google's API",
      { setting: APP, token: "secret", path: CLOUD, headers: preflightOf("PATCH") },
      204,
      APP,
    ],
    ["is not, without the setting", { token: "secret", headers: preflightOf("POST") }, 401, null],
    [
      "is not, of one that is not listed",
      { setting: APP, token: "secret", headers: preflightOf("POST", EVIL) },
      401,
      null,
    ],
    [
      "is not, of one that is not listed where no token is set",
      { setting: APP, headers: preflightOf("POST", EVIL) },
      403,
      null,
    ],
    [
      "is none without its method",
      { setting: APP, token: "secret", headers: origin(APP) },
      401,
      APP,
    ],
    [
      "is not, for the console",
      { setting: APP, path: "/_ah/console", headers: preflightOf("POST") },
      405,
      null,
    ],
    [
      "is not, for a handler",
      { setting: APP, path: "/_ah/queue/push", headers: preflightOf("POST") },
      403,
      null,
    ],
    [
      "is not, for metrics",
      { setting: APP, token: "secret", path: "/_ah/metrics", headers: preflightOf("GET") },
      401,
      null,
    ],
  ])("%s", async (_, asked, status, allowed) => {
    const response = await ask({ ...asked, method: "OPTIONS" });
    expect([response.status, response.headers.get("Access-Control-Allow-Origin")]).toEqual([
      status,
      allowed,
    ]);
    if (status !== 204) return;
    const { headers } = response;
    expect(headers.get("Access-Control-Allow-Methods")).toBe("GET, HEAD, POST, PUT, PATCH, DELETE");
    expect(headers.get("Access-Control-Allow-Headers")).toMatch(/^Authorization, Content-Type, /);
    expect(headers.get("Access-Control-Max-Age")).toBe("7200");
    expect(headers.get("Access-Control-Allow-Credentials")).toBeNull();
  });

  it("of the Worker's own paths is the Worker's own", async () => {
    await ask({ setting: APP, method: "OPTIONS", path: "/mine", headers: preflightOf("POST") });
    expect(received.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
      "OPTIONS /mine",
    ]);
  });
});
