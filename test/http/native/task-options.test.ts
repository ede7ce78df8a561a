// Options of a task beside its body: each is honoured, or refused; none is dropped.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { send } from "../../support/bytes.ts";
import { START } from "../../support/clock.ts";
import { freshStart, queue } from "../../support/time.ts";

beforeEach(freshStart);

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";
const later = (seconds: number) => new Date(START + seconds * 1000).toISOString();

/** Adds to a queue: the answer, and the task as it is then. */
async function add(query: string, body: string, type: string, name = "push") {
  const headers: Record<string, string> = type === "" ? {} : { "Content-Type": type };
  return send("POST", `/_ah/api/queues/${name}/tasks?${query}`, body, headers);
}

/** Options in the query, and what the task is then. */
const OPTIONS: [query: string, task: object][] = [
  ["name=n1", { name: "n1" }],
  ["countdown=5", { eta: later(5) }],
  [`eta=${later(60)}`, { eta: later(60) }],
  ["url=/x", { url: "/x" }],
  ["method=put", { method: "PUT" }],
  ["target=backend", { target: "backend" }],
  ["dispatchDeadline=30", { dispatchDeadline: 30 }],
  ["key=acme&priority=0", { key: "acme", priority: 0 }],
  ["key=a%20%C3%BC%26&priority=9.0", { key: "a ü&", priority: 9 }],
  ["header.X-Team=blue&header.X-Two=2", { headers: { "X-Team": "blue", "X-Two": "2" } }],
  ["retry.limit=3&retry.ageLimit=60", { retry: { limit: 3, ageLimit: 60 } }],
  ["retry.limit=0", { retry: { limit: 0 } }],
  [
    "oidcToken.serviceAccountEmail=a@b&oidcToken.audience=x",
    { oidcToken: { serviceAccountEmail: "a@b", audience: "x" } },
  ],
  ["dialect=cloudtasks", { dialect: "cloudtasks" }],
  ["name=n1&countdown=5&header.X-A=%C3%A9", { name: "n1", eta: later(5), headers: { "X-A": "é" } }],
];

describe.each([
  ["JSON", JSON_TYPE, "{}"],
  ["JSON with other options", JSON_TYPE, '{"payload":{"a":1}}'],
  ["a form", FORM, "a=1"],
  ["text", "text/plain", "hi"],
  ["bytes", "application/octet-stream", "hi"],
  ["a body without a type", "", "hi"],
  ["no body", "", ""],
])("beside %s", (_, type, body) => {
  it("each option in the query holds", async () => {
    for (const [query, task] of OPTIONS) {
      // A form's fields would be the query of a PUT.
      const added = await add(query, body, type);
      expect([query, added.status, added.message]).toEqual([query, 201, ""]);
      const { headers, ...rest } = task as { headers?: object };
      expect(added.body).toMatchObject(rest);
      expect(added.body.headers ?? {}).toMatchObject(headers ?? {});
      await queue("push").delete([added.body.name]);
      await queue("push").release(added.body.name);
    }
  });

  it("what is no option is refused by its name, and so is one given twice", async () => {
    for (const [query, found] of [
      ["nam=n1", "nam"],
      ["Name=n1", "Name"],
      ["__proto__=x", "__proto__"],
      ["constructor=x", "constructor"],
      ["name=n1&name=n1", "name"],
      ["retry.limit=1&retry.limit=2", "retry.limit"],
      ["retry=3", "retry"],
      ["retry=3&retry.limit=3", "retry"],
      ["headers=x", "headers"],
      ["retry.nonsense=1", "nonsense"],
      ["retry.limit=", "retry.limit"],
      ["retry.limit=many", "many"],
      ["dispatchDeadline=soon", "soon"],
      ["priority=high", "high"],
      ["priority=", "priority"],
      ["priority=10", "priority"],
      ["key=", "key"],
      ["key=a&key=b", "key"],
      ["countdown=", "countdown"],
      ["atomic=true", "atomic"],
      ["tasks=x", "tasks"],
      ["params=x", "params"],
      ["tag=%E9", "not UTF-8"],
    ] as const) {
      const refused = await add(query, body, type);
      expect([query, refused.status, refused.message]).toEqual([
        query,
        400,
        expect.stringContaining(found),
      ]);
    }
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
  });
});

describe("an option in the query and in JSON", () => {
  it.each<[string, object]>([
    ["name=a", { name: "b" }],
    ["name=a", { name: null }],
    ["name=a", { name: ["a", "b"] }],
    ["countdown=5", { countdown: 6 }],
    [`eta=${later(5)}`, { eta: later(6) }],
    ["url=/x", { url: "/y" }],
    ["method=PUT", { method: "POST" }],
    ["target=backend", { target: "other" }],
    ["dispatchDeadline=30", { dispatchDeadline: 31 }],
    ["key=acme", { key: "other" }],
    ["key=acme", { key: ["acme", "other"] }],
    ["key=7", { key: null }],
    ["priority=1", { priority: 2 }],
    ["priority=1", { priority: null }],
    ["header.X-Team=blue", { headers: { "x-team": "red" } }],
    ["header.X-Team=blue", { headers: { "X-Team": ["blue", "red"] } }],
    ["retry.limit=3", { retry: { limit: 4 } }],
    ["retry.limit=3", { retry: 3 }],
    ["payload=x", { payload: "y" }],
    ["payload=%5Bobject%20Object%5D", { payload: {} }],
  ])("that do not agree are refused: ?%s with %j", async (query, body) => {
    const { status, code, message } = await add(query, JSON.stringify(body), JSON_TYPE);
    expect([status, code]).toEqual([400, "INVALID_REQUEST"]);
    expect(message).toMatch(/in the query and .* in the body/);
  });

  it.each<[string, object]>([
    ["name=a", { name: "a" }],
    ["countdown=5", { countdown: 5 }],
    ["countdown=5", { countdown: "5.0" }],
    [`eta=${later(5)}`, { eta: later(5).replace(".000Z", "Z") }],
    ["method=put", { method: "PUT" }],
    ["dispatchDeadline=30", { dispatchDeadline: 30 }],
    ["key=acme", { key: "acme" }],
    ["priority=1.0", { priority: 1 }],
    ["header.X-Team=blue", { headers: { "x-team": "blue" } }],
    ["header.X-Team=blue", { headers: { "X-Team": ["blue"] } }],
    ["header.X-A=1", { headers: { "X-B": "2" } }],
    ["retry.limit=3", { retry: { limit: 3, ageLimit: 60 } }],
    ["retry.limit=3", { retry: { ageLimit: 60 } }],
  ])("that agree are one: ?%s with %j", async (query, body) => {
    const added = await add(query, JSON.stringify(body), JSON_TYPE);
    expect([added.status, added.message]).toEqual([201, ""]);
    for (const headers of [added.body.headers ?? {}]) {
      const names = Object.keys(headers).map((name) => name.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("an ETA in one place and a countdown in the other are refused", async () => {
    const { status, message } = await add("countdown=5", `{"eta":"${later(5)}"}`, JSON_TYPE);
    expect([status, message]).toEqual([400, expect.stringContaining("not both")]);
  });

  it("a header for the body's type has to agree with the request's", async () => {
    const query = "header.Content-Type=text/html";
    expect((await add(query, "x", "text/plain")).status).toBe(400);
    expect((await add(query, "x", "text/html")).body.headers).toEqual({
      "Content-Type": "text/html",
    });
  });
});

describe("a batch", () => {
  it("takes no option in the query", async () => {
    for (const query of ["name=a", "countdown=5", "atomic=true", "retry.limit=3", "header.X-A=1"]) {
      const { status, message } = await add(query, '{"tasks":[{}]}', JSON_TYPE);
      expect([status, message]).toEqual([400, expect.stringContaining("beside tasks")]);
    }
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
  });
});

describe("the caller's token in the query", () => {
  const settings = env as { TASKQUEUE_TOKEN?: string };

  beforeEach(() => {
    settings.TASKQUEUE_TOKEN = "full-token";
  });

  afterEach(() => {
    delete settings.TASKQUEUE_TOKEN;
  });

  const bearer = { Authorization: "Bearer full-token" };

  it.each<[query: string, headers: Record<string, string>, key: string | undefined]>([
    ["key=acme", bearer, "acme"],
    ["key=acme", { "x-goog-api-key": "full-token" }, "acme"],
    ["key=full-token&key=acme", {}, "acme"],
    ["key=acme&access_token=full-token", {}, "acme"],
    ["access_token=full-token&key=acme", {}, "acme"],
    ["key=full-token", bearer, undefined],
    ["k%65y=full-token", {}, undefined],
    ["key=full-token&key=full-token", {}, undefined],
    ["access_token=full-token", bearer, undefined],
  ])("?%s beside %j makes the key %s", async (query, headers, key) => {
    for (const [type, body] of [
      [JSON_TYPE, '{"name":"n1"}'],
      [FORM, "a=1"],
      ["text/plain", "x"],
    ] as const) {
      const options = type === JSON_TYPE ? query : `${query}&name=n1`;
      const added = await send("POST", `/_ah/api/queues/push/tasks?${options}`, body, {
        ...headers,
        "Content-Type": type,
      });
      expect([type, added.status, added.message, added.body.key]).toEqual([type, 201, "", key]);
      await queue("push").delete(["n1"]);
      await queue("push").release("n1");
    }
  });

  it("?key=acme alone is a wrong token", async () => {
    expect((await add("key=acme", "a=1", FORM)).status).toBe(401);
    expect((await add("key=acme&key=full-token", "a=1", FORM)).status).toBe(401);
  });

  it.each(["key=full-token", "access_token=full-token", "key=full-token&access_token=full-token"])(
    "%s is an option of no request",
    async (token) => {
      for (const [type, body] of [
        [JSON_TYPE, "{}"],
        [JSON_TYPE, '{"tasks":[{}]}'],
        [FORM, "a=1"],
        ["text/plain", "x"],
      ] as const) {
        expect((await add(token, body, type)).status).toBeLessThan(300);
      }
      for (const path of ["tasks", "tombstones", "history"]) {
        const { status } = await send("GET", `/_ah/api/queues/push/${path}?${token}`, undefined);
        expect([path, status]).toEqual([path, 200]);
      }
    },
  );
});

describe("JSON under another name", () => {
  it.each([
    [FORM, '{"payload":1}'],
    [`${FORM}; charset=utf-8`, '{"payload":1}'],
    [FORM, '  {"name":"a", "payload":"x=1&y=2"}\n'],
    [FORM, "[1,2]"],
    [FORM, "{}"],
    [FORM, '{"tasks":[{}]}'],
    [FORM, '\ufeff{"payload":1}'],
    ["", '{"payload":1}'],
    ["", '{"tasks":[{}]}'],
    ["", "[]"],
  ])("as %s: %s is refused with the type to send", async (type, body) => {
    const { status, message } = await add("", body, type);
    expect(status).toBe(400);
    expect(message).toContain("-H 'content-type: application/json'");
  });

  it.each([
    [FORM, "{=1", { params: { "{": "1" } }],
    [FORM, '{"a":1', { params: { '{"a":1': "" } }],
    [FORM, "json=%7B%22payload%22%3A1%7D", { params: { json: '{"payload":1}' } }],
    ["text/plain;charset=UTF-8", '{"payload":1}', { payload: '{"payload":1}' }],
    ["text/json", '{"payload":1}', { payload: '{"payload":1}' }],
    ["application/octet-stream", '{"payload":1}', { payloadBase64: btoa('{"payload":1}') }],
    ["application/ld+json", '{"payload":1}', { payloadBase64: btoa('{"payload":1}') }],
    ["", "{not json}", { payloadBase64: btoa("{not json}") }],
    ["", "3", { payloadBase64: btoa("3") }],
  ])("as %s: %s is what its type says", async (type, body, shown) => {
    expect((await add("name=n1", body, type)).status).toBe(201);
    expect(await queue("push").get("n1")).toMatchObject(shown);
  });

  it.each(["", FORM, "text/plain;charset=UTF-8", "application/json"])(
    "as %s is read by what only takes JSON",
    async (type) => {
      const headers: Record<string, string> = type === "" ? {} : { "Content-Type": type };
      const post = async (path: string, body: string) =>
        (await send("POST", `/_ah/api/${path}`, body, headers)).status;
      expect(await post("queues/pull/tasks:lease", '{"leaseSeconds":1,"maxTasks":1}')).toBe(200);
      expect(await post("queues/push/tasks:delete", '{"names":["n1"]}')).toBe(200);
      expect(await post("groups", '{"tasks":[]}')).toBe(201);
      expect((await send("PUT", "/_ah/api/queues/mine", '{"rate":"5/s"}', headers)).status).toBe(
        200,
      );
    },
  );
});

describe("what is no option of another request", () => {
  it.each([
    ["tasks:delete", '{"names":[],"all":true}', "all"],
    ["tasks:redrive", '{"all":true,"pace":"5/s"}', "pace"],
    ["tasks:ack", '{"leases":[],"names":[]}', "names"],
    ["tasks/n1:modifyLease", '{"lease":"x","leaseSeconds":1,"seconds":1}', "seconds"],
    ["tasks:lease", '{"leaseSeconds":1,"maxTasks":1,"max":1}', "max"],
    ["tasks/n1:reschedule", '{"countdown":1,"in":1}', "in"],
  ])("is refused by %s %s", async (path, body, field) => {
    const name = path.includes("ack") || path.includes("ease") ? "pull" : "push";
    const { status, message } = await send("POST", `/_ah/api/queues/${name}/${path}`, body);
    expect([status, message]).toEqual([400, expect.stringContaining(`"${field}"`)]);
  });
});
