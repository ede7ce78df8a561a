// Paths, methods and queries that are nearly right: what a route does not have is refused, and a HEAD is its GET.
import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { freshStart, queue } from "../../support/time.ts";
import worker, { group } from "../../support/worker.ts";

beforeEach(freshStart);

const ORIGIN = "http://127.0.0.1:8787";
const own = (exports as unknown as { default: Fetcher }).default;

// In this isolate: hundreds of requests are made here.
function fetchAt(path: string, init?: RequestInit): Promise<Response> {
  const request = new Request(ORIGIN + path, init) as never;
  return worker.fetch(request, env, createExecutionContext()) as Promise<Response>;
}

async function refusalAt(path: string, method = "GET", body?: BodyInit) {
  const response = await fetchAt(`/_ah/api${path}`, { method, ...(body && { body }) });
  const { error } = (await response.json()) as { error?: { code: string; message: string } };
  const { status, headers } = response;
  return { status, code: error?.code, message: error?.message, allow: headers.get("Allow") };
}

const READING = [
  "/_ah/api/queues",
  "/_ah/api/queues/push",
  "/_ah/api/queues/push/tasks",
  "/_ah/api/queues/push/tasks/n1",
  "/_ah/api/queues/push/tasks/nobody",
  "/_ah/api/queues/push/tasks?limit=x",
  "/_ah/api/queues/push/tombstones",
  "/_ah/api/queues/push/history",
  "/_ah/api/queues/nowhere",
  "/_ah/api/groups/g",
  "/_ah/api/groups/g/results",
  "/_ah/api/cron",
  "/_ah/api/nothing",
  "/_ah/oidc/.well-known/openid-configuration",
  "/_ah/oidc/jwks",
  "/_ah/oidc/nothing",
  "/_ah/console",
  "/_ah/console/queues/push",
  "/_ah/console/login",
  "/_ah/console/assets/nothing.js",
];

describe("HEAD", () => {
  it.each(READING)("%s is its GET without a body", async (path) => {
    await queue("push").add({ name: "n1", countdown: 60 });
    await queue("push").group({ name: "g", tasks: [{}] });
    const get = await own.fetch(ORIGIN + path, { redirect: "manual" });
    const head = await own.fetch(ORIGIN + path, { method: "HEAD", redirect: "manual" });
    const { byteLength } = await get.arrayBuffer();
    expect(head.status).toBe(get.status);
    expect((await head.arrayBuffer()).byteLength).toBe(0);
    const length = path.startsWith("/_ah/console") ? null : `${byteLength}`;
    const expected: Record<string, string> = Object.fromEntries(get.headers);
    if (length !== null) expected["content-length"] = length;
    expect(Object.fromEntries(head.headers)).toMatchObject(expected);
  });

  it.each([
    ...["/_ah/api/events", "/_ah/api/events?queue=push", "/_ah/api/groups/g/events"],
    "/_ah/api/queues/push/events",
  ])("%s ends at once", async (path) => {
    await queue("push").group({ name: "g", tasks: [{ countdown: 60 }] });
    const head = await own.fetch(ORIGIN + path, { method: "HEAD" });
    expect([head.status, head.headers.get("Content-Type")]).toEqual([200, "text/event-stream"]);
    expect(await head.text()).toBe("");
  });

  it.each(["/_ah/api/queues/push:pause", "/_ah/api/queues/push/tasks:lease"])(
    "of a verb, %s, is no GET",
    async (path) => {
      expect((await fetchAt(path, { method: "HEAD" })).status).toBe(400);
    },
  );
});

describe("a method that a path is not for", () => {
  it.each([
    ["POST", "/queues", "GET, HEAD"],
    ["DELETE", "/queues", "GET, HEAD"],
    ["OPTIONS", "/queues", "GET, HEAD"],
    ["PATCH", "/queues/push", "GET, HEAD, PUT, DELETE"],
    ["POST", "/queues/push", "GET, HEAD, PUT, DELETE"],
    ["PUT", "/queues/push/tasks", "POST, GET, HEAD"],
    ["DELETE", "/queues/push/tasks", "POST, GET, HEAD"],
    ["OPTIONS", "/queues/push/tasks", "POST, GET, HEAD"],
    ["PUT", "/queues/push/tasks/x", "GET, HEAD, DELETE"],
    ["POST", "/queues/push/tasks/x", "GET, HEAD, DELETE"],
    ["GET", "/queues/push:pause", "POST"],
    ["DELETE", "/queues/push:purge", "POST"],
    ["PUT", "/queues/push:purge", "POST"],
    ["GET", "/queues/push/tasks:lease", "POST"],
    ["DELETE", "/queues/push/tasks:delete", "POST"],
    ["GET", "/queues/push/tasks/x:run", "POST"],
    ["POST", "/queues/push/tombstones", "GET, HEAD"],
    ["GET", "/queues/push/tombstones/x", "DELETE"],
    ["POST", "/queues/push/history", "GET, HEAD"],
    ["POST", "/events", "GET, HEAD"],
    ["GET", "/groups", "POST"],
    ["DELETE", "/groups/g", "GET, HEAD"],
    ["GET", "/groups/g:cancel", "POST"],
    ["POST", "/cron", "GET, HEAD"],
    ["GET", "/cron/x:run", "POST"],
  ])("%s %s is 400, with Allow: %s", async (method, path, allow) => {
    expect(await refusalAt(path, method)).toEqual({
      ...{ status: 400, code: "INVALID_REQUEST", allow },
      message: `path: the API has no ${method} /_ah/api${path}`,
    });
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])(
    "%s of the identity's documents is 400 as well",
    async (method) => {
      const response = await fetchAt("/_ah/oidc/jwks", { method });
      expect([response.status, response.headers.get("Allow")]).toEqual([400, "GET, HEAD"]);
      expect(await response.json()).toMatchObject({ error: { code: "INVALID_REQUEST" } });
    },
  );

  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])(
    "%s of the console is 405",
    async (method) => {
      expect((await fetchAt("/_ah/console", { method })).status).toBe(405);
    },
  );
});

describe("a path", () => {
  it.each([
    ["GET", "/queues/"],
    ["GET", "/queues/push/"],
    ["GET", "/queues/push/tasks/"],
    ["POST", "/queues/push/tasks/"],
    ["GET", "/cron/"],
  ])("%s %s may end in a slash", async (method, path) => {
    expect((await refusalAt(path, method)).status).toBeLessThan(300);
  });

  it.each([
    ["GET", "/nothing"],
    ["GET", ""],
    ["GET", "/"],
    ["GET", "/queue/push"],
    ["GET", "/queues/push/task"],
    ["GET", "/queues/push/tasks/a/b"],
    ["GET", "/QUEUES"],
    ["GET", "/queues/push/tasks//"],
    ["GET", "/queues/push//tasks"],
    ["GET", "//queues"],
    ["POST", "/queues/push/tasks//:run"],
    ["POST", "/queues/push/tasks/:run"],
    ["POST", "/queues/push:explode"],
    ["POST", "/queues/push/tasks:explode"],
    ["POST", "/queues/push/tasks/x:explode"],
    ["DELETE", "/queues/push/tasks/"],
    ["DELETE", "/queues/push/tombstones/"],
    ["GET", "/queues/push/tasks/%zz"],
    ["GET", "/queues/%c3%28"],
  ])("%s %s is 400", async (method, path) => {
    const { status, code } = await refusalAt(path, method);
    expect([status, code]).toEqual([400, "INVALID_REQUEST"]);
  });

  it("that ends in a slash removes no queue: a name may have been left out", async () => {
    await queue("own").define({ rate: "1/s" });
    for (const path of ["/queues/own/", "/queues/own//", "/queues/own/tasks/.."]) {
      expect((await refusalAt(path, "DELETE")).status).toBe(400);
    }
    expect((await queue("own").describe()).name).toBe("own");
  });
});

const ROUTES: [method: string, path: string, body?: object][] = [
  ["GET", "/queues"],
  ["GET", "/queues/push"],
  ["PUT", "/queues/own", { rate: "1/s" }],
  ["DELETE", "/queues/push"],
  ["POST", "/queues/push:pause"],
  ["POST", "/queues/push:resume"],
  ["POST", "/queues/push:purge"],
  ["POST", "/queues/push/tasks"],
  ["GET", "/queues/push/tasks"],
  ["GET", "/queues/push/tasks/x"],
  ["DELETE", "/queues/push/tasks/x"],
  ["POST", "/queues/push/tasks/x:run"],
  ["POST", "/queues/push/tasks/x:reschedule", { countdown: 1 }],
  ["POST", "/queues/pull/tasks/x:modifyLease", { lease: "y", leaseSeconds: 1 }],
  ["POST", "/queues/pull/tasks/x:fail", { lease: "y" }],
  ["POST", "/queues/push/tasks:delete", { names: ["x"] }],
  ["POST", "/queues/pull/tasks:lease", { leaseSeconds: 1, maxTasks: 1 }],
  ["POST", "/queues/pull/tasks:ack", { leases: [] }],
  ["POST", "/queues/push/tasks:redrive", { all: true }],
  ["GET", "/queues/push/tombstones"],
  ["DELETE", "/queues/push/tombstones/x"],
  ["GET", "/queues/push/history"],
  ["GET", "/queues/push/events"],
  ["GET", "/audit"],
  ["GET", "/events"],
  ["POST", "/groups", { tasks: [] }],
  ["GET", "/groups/g"],
  ["GET", "/groups/g/events"],
  ["GET", "/groups/g/results"],
  ["POST", "/groups/g/tasks", { tasks: [] }],
  ["POST", "/groups/g:close"],
  ["POST", "/groups/g:cancel"],
  ["GET", "/cron"],
  ["POST", "/cron/x:run"],
  ["POST", "/cron/x:pause"],
  ["POST", "/cron/x:resume"],
];

describe("an option in the query", () => {
  it.each(ROUTES)("that %s %s does not have is refused by its name", async (method, path, body) => {
    for (const option of ["colour=red", "Limit=1", "cursor%20=x"]) {
      const query = `${path}?${option}`;
      const { status, code, message } = await refusalAt(
        query,
        method,
        body && JSON.stringify(body),
      );
      expect([status, code, message]).toEqual([
        ...[
          400,
          "INVALID_REQUEST",
          expect.stringContaining(decodeURIComponent(option.split("=")[0] ?? "")),
        ],
      ]);
    }
    expect(await queue("push").list()).toEqual({ tasks: [] });
  });

  it.each([
    ["DELETE", "/queues/pull/tasks/p?lease=a&lease=b"],
    ["DELETE", "/queues/pull/tasks/p?lease=&lease="],
    ["GET", "/queues/push/tasks?state=due&state=due"],
    ["GET", "/queues/push/tasks?limit=1&limit=1"],
    ["GET", "/queues/push/tombstones?prefix=a&prefix=b"],
    ["GET", "/queues/push/history?span=15m&span=6h"],
    ["GET", "/groups/g/results?cursor=a&cursor=b"],
  ])("that is there twice is refused: %s %s", async (method, path) => {
    await queue("pull").add({ name: "p", payload: "" });
    const { status, message } = await refusalAt(path, method);
    expect([status, message]).toEqual([400, expect.stringContaining("each option once")]);
    expect((await queue("pull").get("p")).state).toBe("due");
  });

  it.each(["key=x", "access_token=x", "key=x&key=y"])(
    "that is the caller's, %s, is none",
    async (query) => {
      for (const path of ["/queues/push", "/queues/push/history", "/cron"]) {
        expect((await refusalAt(`${path}?${query}`)).status).toBe(200);
      }
    },
  );

  it("key is one of a list of tasks, where no token is set", async () => {
    const tasks = "/queues/push/tasks";
    expect((await refusalAt(`${tasks}?key=x&access_token=y`)).status).toBe(200);
    expect((await refusalAt(`${tasks}?key=x&key=y`)).status).toBe(400);
  });

  it.each([
    "",
    "0",
    "-1",
    "1001",
    "1e2",
    "0x10",
    "%205",
    "5%20",
    "+5",
    "5.0",
    "1_0",
    "Infinity",
    "NaN",
    "x",
    "1,0",
  ])("limit=%s is no whole number from 1 to 1000, in any list", async (limit) => {
    await queue("push").group({ name: "g", tasks: [] });
    const lists = ["/queues/push/tasks", "/queues/push/tombstones", "/groups/g/results"];
    for (const path of lists) {
      const { status, message } = await refusalAt(`${path}?limit=${limit}`);
      expect([path, status, message]).toEqual([
        ...[
          path,
          400,
          expect.stringMatching(/^limit: found .* expected a whole number from 1 to 1000$/),
        ],
      ]);
    }
  });

  it.each(["1", "7", "007", "1000"])("limit=%s is one", async (limit) => {
    await queue("push").group({ name: "g", tasks: [] });
    for (const path of ["/queues/push/tasks", "/queues/push/tombstones", "/groups/g/results"]) {
      expect((await refusalAt(`${path}?limit=${limit}`)).status).toBe(200);
    }
  });

  it.each([
    "retry.limit=0x1",
    "retry.limit=",
    "retry.limit=x",
    "dispatchDeadline=0x20",
    "dispatchDeadline=",
    "dispatchDeadline=1e",
    "countdown=0x5",
    "countdown=Infinity",
    "countdown=",
    "retry.ageLimit=1h",
  ])("of a form, %s, is a decimal number or refused with what it was", async (option) => {
    const { status, message } = await refusalAt(`/queues/push/tasks?${option}`, "POST");
    const [name = "", value = ""] = option.split("=");
    expect([status, message]).toEqual([400, expect.stringContaining(`${name}: found "${value}"`)]);
  });
});

describe("a body where there is none", () => {
  const bodiless = ROUTES.filter(
    ([method, path, body]) => !body && method !== "GET" && !path.endsWith("/tasks"),
  );

  it.each(bodiless)("%s %s refuses one with fields, and does nothing", async (method, path) => {
    const { status, code, message } = await refusalAt(path, method, '{"lease":"x"}');
    expect([status, code, message]).toEqual([
      ...[400, "INVALID_REQUEST", 'body: found "lease", expected no fields'],
    ]);
    expect((await queue("push").describe()).state).toBe("running");
  });

  it.each(["{}", " ", "null", "[]", "x", "a=1", "{oops", "[[[["])(
    "%j has no fields, and is passed over",
    async (body) => {
      expect((await refusalAt("/queues/push:pause", "POST", body)).status).toBe(200);
    },
  );
});

// A page of one task each, and what its cursor is of no use for.
describe("a cursor", () => {
  async function prepare(): Promise<void> {
    for (const name of ["stopped", "pull", "one-retry"]) {
      await queue(name).add(["a1", "a2", "a3"].map((task) => ({ name: task, payload: "a" })));
    }
    await queue("one-retry").delete(["a1", "a2"]);
    await queue("stopped").delete(["a3"]);
    await queue("stopped").add([{ name: "b1" }, { name: "b2" }]);
    await queue("stopped").delete(["b2"]);
    // Cancelled before they reach their queue, all subtasks have ended.
    for (const name of ["g", "h"]) {
      await (await queue("push").group({ name, tasks: [{}, {}, {}] })).cancel();
    }
  }

  const LISTS = [
    "/queues/stopped/tasks?",
    "/queues/stopped/tasks?state=due",
    "/queues/stopped/tasks?prefix=a",
    "/queues/stopped/tasks?prefix=a&state=due",
    "/queues/stopped/tasks?text=a",
    "/queues/stopped/tasks?text=a&prefix=a",
    "/queues/pull/tasks?",
    "/queues/stopped/tombstones?",
    "/queues/one-retry/tombstones?",
    "/queues/one-retry/tombstones?prefix=a",
    "/groups/g/results?",
    "/groups/h/results?",
  ];

  it("goes on with the list that gave it out, and with no other", async () => {
    await prepare();
    const cursors: string[] = [];
    for (const list of LISTS) {
      const page = await (await fetchAt(`/_ah/api${list}&limit=1`)).json();
      const { cursor } = page as { cursor: string };
      expect(cursor, list).toMatch(/^[\w.~-]+$/);
      cursors.push(cursor);
    }
    for (const [index, cursor] of cursors.entries()) {
      for (const [other, list] of LISTS.entries()) {
        const { status } = await refusalAt(`${list}&limit=1&cursor=${cursor}`);
        expect([LISTS[index], list, status]).toEqual([
          LISTS[index],
          list,
          other === index ? 200 : 400,
        ]);
      }
    }
  });

  it.each([
    "",
    "x",
    "0",
    "-1",
    "5",
    "zzzz",
    "a1",
    "%21",
    "a1.",
    ".a1",
    "a1.1",
    "NaN",
    "1e3",
    "null",
    "..%2F",
  ])("%s is none that any list gave out", async (cursor) => {
    await prepare();
    for (const list of LISTS.filter((path) => path.endsWith("?"))) {
      const { status, code, message } = await refusalAt(`${list}cursor=${cursor}`);
      expect([list, status, code, message]).toEqual([
        ...[
          list,
          400,
          "INVALID_REQUEST",
          expect.stringMatching(/^cursor: found ".*", expected one that/),
        ],
      ]);
    }
  });

  it("of a group's results is a number to the TypeScript client, and has to be a whole one", async () => {
    await prepare();
    const { results, cursor } = await group(env, "g").resultPage(0, 1);
    expect([results.map(({ index }) => index), cursor]).toEqual([[1], "1"]);
    for (const after of [Number.NaN, 1.5, "x", null]) {
      await expect(group(env, "g").resultPage(after as number)).rejects.toMatchObject({
        code: "INVALID_REQUEST",
      });
    }
  });
});
