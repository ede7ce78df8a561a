// Who may do what: every route of every router for tokens of each role, and for tokens of some queues.
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROLES, type Role } from "../../src/core/tokens.ts";
import { CLOUD_TASKS_ROLES } from "../../src/http/cloud-tasks/roles.ts";
import { cloudTasksRoutes } from "../../src/http/cloud-tasks/router.ts";
import { API_ROLES } from "../../src/http/native/roles.ts";
import { apiRoutes } from "../../src/http/native/router.ts";
import { deploy } from "../support/cron.ts";
import { freshStart, queue } from "../support/time.ts";

const settings = env as { TASKQUEUE_TOKENS?: unknown; TASKQUEUE_TOKEN?: string };
const own = (exports as unknown as { default: Fetcher }).default;
const HOST = "https://q.example.com";

const TOKENS = [
  ...ROLES.map((role) => ({ name: `the-${role}`, secret: `secret-${role}`, role })),
  ...ROLES.map((role) => ({
    ...{ name: `some-${role}`, secret: `some-${role}`, role },
    queues: ["pull", "two-*"],
  })),
];

beforeEach(async () => {
  await freshStart();
  settings.TASKQUEUE_TOKENS = JSON.stringify(TOKENS);
});
afterEach(() => {
  delete settings.TASKQUEUE_TOKENS;
  delete settings.TASKQUEUE_TOKEN;
});

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
  body: any;
}

async function ask(secret: string, method: string, path: string, body?: object): Promise<Answer> {
  const init: RequestInit = { method, headers: { Authorization: `Bearer ${secret}` } };
  if (body) init.body = JSON.stringify(body);
  const response = await own.fetch(HOST + path, init);
  if (response.headers.get("Content-Type") === "text/event-stream") {
    await response.body?.cancel();
    return { status: response.status, body: {} };
  }
  const text = await response.text();
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  return { status: response.status, body: isJson ? JSON.parse(text) : {} };
}

/** A request to the route, of this queue where it has one. */
function requestTo(route: string, of = "pull"): [method: string, path: string] {
  const [method = "", form = ""] = route.split(" ");
  const path = form
    .replace(":queue", of)
    .replace(":project", "p")
    .replace(":location", "l")
    .replace(/:\w+/g, "n")
    .replace(/\/~(\w+)$/, ":$1");
  return [method, path.startsWith("/projects") ? `/v2${path}` : path];
}

const ROUTES: [string, Role | undefined][] = [
  ...apiRoutes().map((route): [string, Role | undefined] => [route, API_ROLES[route]]),
  ...cloudTasksRoutes().map((route): [string, Role | undefined] => [
    route,
    CLOUD_TASKS_ROLES[route],
  ]),
];

describe("every route", () => {
  it("has its decision, and each decision a route", () => {
    expect(ROUTES.filter(([, role]) => role === undefined)).toEqual([]);
    const decided = [...Object.keys(API_ROLES), ...Object.keys(CLOUD_TASKS_ROLES)];
    expect(decided.sort()).toEqual(ROUTES.map(([route]) => route).sort());
    // What changes something is never for who may only read; a plan has a body, and changes nothing.
    const changing = ROUTES.filter(([route]) => !/^GET |\/plan$/.test(route));
    expect(changing.filter(([, role]) => role === "read")).toEqual([]);
  });

  it.each(ROUTES)("%s is for %s and those above", async (route, needed) => {
    const [method, path] = requestTo(route);
    for (const role of ROLES) {
      const { status, body } = await ask(
        `secret-${role}`,
        method,
        path,
        method === "GET" ? undefined : {},
      );
      const may = ROLES.indexOf(role) >= ROLES.indexOf(needed as Role);
      if (may) expect([role, status]).not.toEqual([role, 403]);
      else
        expect([role, status, body.error.code ?? body.error.status]).toEqual([
          role,
          403,
          expect.anything(),
        ]);
      if (!may) expect(JSON.stringify(body)).toMatch(/PERMISSION_DENIED/);
      expect(status).not.toBe(401);
    }
  });

  it.each(ROUTES.filter(([route]) => route.includes(":queue")))(
    "%s is refused for a queue that is not the token's",
    async (route) => {
      // Places have queues of their own; without a project at home those are of the same names.
      const [method, path] = requestTo(route, "push");
      const at = path.startsWith("/v2") ? path : path;
      const { status, body } = await ask("some-admin", method, at, bodyFor(route));
      if (NO_QUEUE.some((one) => route.endsWith(one))) return;
      expect([status, JSON.stringify(body)]).toEqual([
        403,
        expect.stringContaining("PERMISSION_DENIED"),
      ]);
      expect(body.error.message).toContain("some-admin");
    },
  );
});

/** They answer the same of every queue, and look at none. */
const NO_QUEUE = ["~getIamPolicy", "~setIamPolicy", "~testIamPermissions"];

function bodyFor(route: string): object | undefined {
  if (route.startsWith("GET ") || route.startsWith("DELETE ")) return undefined;
  if (route.endsWith("~lease")) return { leaseSeconds: 60, maxTasks: 1, leaseDuration: "60s" };
  if (route.endsWith("/~fail")) return { lease: "x" };
  if (route.endsWith("/~modifyLease")) return { lease: "x", leaseSeconds: 5 };
  if (route.endsWith("/~ack")) return { leases: [] };
  if (route.endsWith("/~delete") || route.endsWith("/~redrive")) return { names: [] };
  return {};
}

const names = (list: { name: string }[]) => list.map(({ name }) => name);

const COSTS = "/_ah/api/costs";

describe("a token of some queues", () => {
  it("has its queues in lists, and no others", async () => {
    const { body } = await ask("some-read", "GET", "/_ah/api/queues");
    expect(names(body.queues)).toEqual(["pull", "two-at-once"]);
    const cloud = await ask("some-read", "GET", "/v2/projects/p/locations/l/queues");
    expect(names(cloud.body.queues ?? []).map((name) => name.split("/").at(-1))).toEqual([
      ...["pull", "two-at-once"],
    ]);
  });

  it("has their costs, and not those of the directory, which is of others too", async () => {
    await queue("push").add({});
    await queue("pull").add({ payload: "" });
    const [its, all] = await Promise.all(
      ["some-read", "secret-read"].map(async (secret) => (await ask(secret, "GET", COSTS)).body),
    );
    expect(names(its.queues)).toEqual(["pull", "two-at-once"]);
    expect(its).not.toHaveProperty("directory");
    const [pull, other] = its.queues;
    expect(its.total.rowsWritten).toBe(pull.rowsWritten + other.rowsWritten);
    expect(all.directory.requests).toBeGreaterThan(0);
  });

  it("hears of its queues alone", async () => {
    const headers = { Authorization: "Bearer some-read" };
    const response = await own.fetch(`${HOST}/_ah/api/events`, { headers });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    while (!text.includes("\n\n")) text += new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    const { queues } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "{}");
    expect(names(queues)).toEqual(["pull", "two-at-once"]);
    expect((await ask("some-read", "GET", "/_ah/api/events?queue=push")).status).toBe(403);
  });

  it.each<[string, object]>([
    ["a task", { name: "g", tasks: [{ queue: "two-at-once" }, { queue: "push" }] }],
    ["what follows", { name: "g", tasks: [{ queue: "two-at-once" }], then: { queue: "push" } }],
    ["its master", { name: "g", tasks: [], open: true, master: { queue: "push", name: "m" } }],
  ])("makes no group of which %s is on another queue", async (_, group) => {
    const { status, body } = await ask("some-operate", "POST", "/_ah/api/groups", group);
    expect([status, body.error.code]).toEqual([403, "PERMISSION_DENIED"]);
    expect((await ask("secret-read", "GET", "/_ah/api/groups/g")).status).toBe(404);
  });

  it("sees, and changes, no group that is on other queues too", async () => {
    const tasks = [
      { queue: "two-at-once", countdown: 600 },
      { queue: "push", countdown: 600 },
    ];
    await ask("secret-operate", "POST", "/_ah/api/groups", { name: "both", tasks, open: true });
    await ask("some-operate", "POST", "/_ah/api/groups", {
      name: "own",
      tasks: [tasks[0]],
      open: true,
    });
    for (const [method, rest, body] of [
      ["GET", ""],
      ["GET", "/results"],
      ["GET", "/events"],
      ["POST", ":close"],
      ["POST", ":cancel"],
      ["POST", "/tasks", { tasks: [tasks[0]] }],
    ] as [string, string, object?][]) {
      expect([
        rest,
        (await ask("some-admin", method, `/_ah/api/groups/both${rest}`, body)).status,
      ]).toEqual([rest, 403]);
    }
    const more = { tasks: [tasks[1]] };
    expect((await ask("some-admin", "POST", "/_ah/api/groups/own/tasks", more)).status).toBe(403);
    expect((await ask("some-admin", "POST", "/_ah/api/groups/own:cancel")).status).toBe(200);
  });

  it("has the recurring tasks of its queues", async () => {
    const entry = (name: string, of: string) =>
      `- { description: x, url: /x, schedule: every 1 hours, extensions: { name: ${name}, queue: ${of} } }`;
    await deploy(`cron:\n${entry("mine", "two-at-once")}\n${entry("other", "push")}`);
    expect(names((await ask("some-read", "GET", "/_ah/api/cron")).body.cron)).toEqual(["mine"]);
    for (const verb of ["run", "pause", "resume"]) {
      expect((await ask("some-operate", "POST", `/_ah/api/cron/other:${verb}`)).status).toBe(403);
      expect((await ask("some-operate", "POST", `/_ah/api/cron/mine:${verb}`)).status).toBe(200);
    }
  });
});

describe("a name with two secrets", () => {
  it("is the same caller by both, for the time of a change, also in a session", async () => {
    const one = { name: "ops", role: "operate" };
    settings.TASKQUEUE_TOKENS = [
      { ...one, secret: "old" },
      { ...one, secret: "new" },
    ];
    for (const secret of ["old", "new"]) {
      expect((await ask(secret, "POST", "/_ah/api/queues/pull:pause")).status).toBe(200);
    }
    const cookies = await Promise.all(["old", "new"].map(signIn));
    const status = async (cookie: string) =>
      (await own.fetch(`${HOST}/_ah/api/queues`, { headers: { Cookie: cookie } })).status;
    expect(await Promise.all(cookies.map(status))).toEqual([200, 200]);
    settings.TASKQUEUE_TOKENS = [{ ...one, secret: "new" }];
    expect((await ask("old", "GET", "/_ah/api/queues")).status).toBe(401);
    expect(await Promise.all(cookies.map(status))).toEqual([401, 200]);
  });

  it("shows its name and its role on the console", async () => {
    const cookie = await signIn("secret-operate");
    const page = await own.fetch(`${HOST}/_ah/console`, { headers: { Cookie: cookie } });
    expect(await page.text()).toContain('data-access="operate" data-name="the-operate"');
  });

  it("may change nothing from another page", async () => {
    const Cookie = await signIn("secret-operate");
    const headers = { Cookie, Origin: "https://evil.example" };
    const init = { method: "POST", headers };
    expect((await own.fetch(`${HOST}/_ah/api/queues/pull:pause`, init)).status).toBe(403);
    expect((await queue("pull").describe()).state).toBe("running");
  });
});

async function signIn(token: string): Promise<string> {
  const response = await own.fetch(`${HOST}/_ah/console/login`, {
    method: "POST",
    redirect: "manual",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ token }).toString(),
  });
  return response.headers.get("Set-Cookie")?.split(";")[0] ?? "";
}
