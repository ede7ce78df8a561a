// Every field of every JSON body, with values of every type: what does not belong there is refused by its name, is
// never an internal error, and leaves nothing behind.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type ErrorCode, HTTP_STATUS } from "../../../src/core/errors.ts";
import { freshStart, queue } from "../../support/time.ts";
import worker from "../../support/worker.ts";

beforeEach(freshStart);

type Type = "null" | "boolean" | "number" | "string" | "list" | "object";

const VALUES: unknown[] = [
  ...[null, true, false, 0, -1, 0.5, 1e21, 1e308, 2 ** 60],
  ...["", "x", "a.b c", "\u0000", "\ud800", "ü".repeat(3000), "__proto__", "1", "true"],
  ...[[], [null], [[]], [1, "x"], Array.from({ length: 1001 }, () => "x")],
  ...[{}, { a: 1 }, { toString: 1 }, { length: 1 }, JSON.parse('{"__proto__": {"a": 1}}')],
];

function typeOf(value: unknown): Type {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  return typeof value as Type;
}

interface Endpoint {
  method: string;
  path: string;
  /** A body that is taken. */
  body: Record<string, unknown>;
  /** The types each field may have. */
  fields: Record<string, Type[]>;
}

const TASK: Record<string, Type[]> = {
  name: ["string"],
  url: ["string"],
  method: ["string"],
  params: ["object"],
  payload: ["null", "boolean", "number", "string", "list", "object"],
  payloadBase64: ["string"],
  headers: ["object"],
  countdown: ["number", "string"],
  eta: ["string"],
  target: ["string"],
  tag: ["string"],
  key: ["string"],
  priority: ["number"],
  dispatchDeadline: ["number"],
  retry: ["object"],
  oidcToken: ["object"],
  dialect: ["string"],
};

const ENDPOINTS: Endpoint[] = [
  { method: "POST", path: "/queues/stopped/tasks", body: {}, fields: TASK },
  { method: "POST", path: "/queues/pull/tasks", body: { payload: "" }, fields: TASK },
  {
    ...{ method: "POST", path: "/queues/stopped/tasks", body: { tasks: [] } },
    fields: { tasks: ["list"], atomic: ["boolean"] },
  },
  {
    ...{ method: "POST", path: "/queues/stopped/tasks:delete", body: {} },
    fields: { names: ["list"] },
  },
  {
    ...{ method: "POST", path: "/queues/stopped/tasks:redrive", body: {} },
    fields: { names: ["list"], all: ["boolean"] },
  },
  {
    ...{ method: "POST", path: "/queues/pull/tasks:lease" },
    body: { leaseSeconds: 1, maxTasks: 1 },
    fields: {
      leaseSeconds: ["number"],
      maxTasks: ["number"],
      tag: ["string"],
      oldestTag: ["boolean"],
    },
  },
  {
    ...{ method: "POST", path: "/queues/pull/tasks:lease" },
    body: { leaseSeconds: 1, maxTasks: 1 },
    fields: { waitSeconds: ["number"] },
  },
  { method: "POST", path: "/queues/pull/tasks:ack", body: {}, fields: { leases: ["list"] } },
  {
    ...{ method: "POST", path: "/queues/pull/tasks/x:modifyLease" },
    body: { lease: "x", leaseSeconds: 1 },
    fields: { lease: ["string"], leaseSeconds: ["number"] },
  },
  {
    ...{ method: "POST", path: "/queues/pull/tasks/x:fail", body: { lease: "x" } },
    fields: { lease: ["string"], error: ["string"] },
  },
  {
    ...{ method: "POST", path: "/queues/stopped/tasks/x:reschedule", body: {} },
    fields: { eta: ["string"], countdown: ["number", "string"] },
  },
  {
    ...{ method: "POST", path: "/groups", body: { tasks: [] } },
    fields: {
      name: ["string"],
      tasks: ["list"],
      then: ["object"],
      onFailure: ["number", "string"],
      master: ["object"],
      open: ["boolean"],
    },
  },
  { method: "POST", path: "/groups/g/tasks", body: {}, fields: { tasks: ["list"] } },
  {
    ...{ method: "PUT", path: "/queues/own", body: { rate: "1/s" } },
    fields: {
      name: ["string"],
      mode: ["string"],
      rate: ["number", "string"],
      bucket_size: ["number"],
      max_concurrent_requests: ["number"],
      target: ["string"],
      retry_parameters: ["object", "null"],
      acl: ["list", "null"],
      extensions: ["object", "null"],
    },
  },
];

/** Fields of objects within: where they lie, and the types of each. */
const WITHIN: Endpoint[] = [
  ...(["limit", "ageLimit", "minBackoff", "maxBackoff", "maxDoublings"] as const).map((field) =>
    within("/queues/stopped/tasks", (value) => ({ retry: { [field]: value } }), field, ["number"]),
  ),
  within("/queues/stopped/tasks", (value) => ({ params: { a: value } }), "params.a", [
    ...(["string", "number", "boolean", "list"] as const),
  ]),
  within("/queues/stopped/tasks", (value) => ({ headers: { "X-A": value } }), "headers.X-A", [
    ...(["string", "list"] as const),
  ]),
  within(
    "/queues/stopped/tasks",
    (value) => ({ url: "https://example.com/", oidcToken: { serviceAccountEmail: value } }),
    "oidcToken",
    ["string"],
  ),
  ...(["rate", "bucket_size", "max_concurrent_requests", "weight", "per_key"] as const).map(
    (field) => ({
      ...within(
        "/queues/own",
        (value) => ({ rate: "1/s", extensions: { keys: { [field]: value } } }),
        `extensions.keys.${field}`,
        ["number", "string", ...(field === "per_key" ? (["object"] as const) : [])],
      ),
      method: "PUT",
    }),
  ),
  within("/queues/stopped/tasks", (value) => ({ tasks: [value] }), "task", ["object"]),
  within("/queues/stopped/tasks:delete", (value) => ({ names: [value] }), "names", ["string"]),
  within("/queues/stopped/tasks:redrive", (value) => ({ names: [value] }), "names", ["string"]),
  within("/queues/pull/tasks:ack", (value) => ({ leases: [value] }), "leases", ["object"]),
  within("/queues/pull/tasks:ack", (value) => ({ leases: [{ name: value, lease: "x" }] }), "name", [
    ...(["string"] as const),
  ]),
  within(
    "/queues/pull/tasks:ack",
    (value) => ({ leases: [{ name: "x", lease: value }] }),
    "lease",
    [...(["string"] as const)],
  ),
  within("/groups", (value) => ({ tasks: [value] }), "tasks[0]", ["object"]),
  within("/groups", (value) => ({ tasks: [{ queue: value }] }), "queue", ["string"]),
  within("/groups", (value) => ({ tasks: [{ queue: "stopped", name: value }] }), "name", [
    "string",
  ]),
  within("/groups", (value) => ({ tasks: [], then: { queue: value } }), "then.queue", ["string"]),
  within("/groups", (value) => ({ master: { queue: value, name: "x" } }), "master", ["string"]),
  within("/groups", (value) => ({ master: { queue: "push", name: value } }), "master", ["string"]),
];

function within(
  path: string,
  bodyOf: (value: unknown) => Record<string, unknown>,
  field: string,
  types: Type[],
): Endpoint & { bodyOf: (value: unknown) => Record<string, unknown> } {
  return { method: "POST", path, body: {}, fields: { [field]: types }, bodyOf };
}

async function send({ method, path }: Endpoint, body: unknown) {
  const init = {
    ...{ method, body: typeof body === "string" ? body : JSON.stringify(body) },
    headers: { "Content-Type": "application/json" },
  };
  const request = new Request(`http://127.0.0.1:8787/_ah/api${path}`, init) as never;
  const response = await worker.fetch(request, env, createExecutionContext());
  const { error } = (await response.json()) as { error?: { code: string; message: string } };
  return { status: response.status, code: error?.code, message: error?.message ?? "" };
}

/** A refusal of the closed set, short enough to read. */
function checkRefusal({ status, code = "", message }: Awaited<ReturnType<typeof send>>): void {
  expect(HTTP_STATUS[code as ErrorCode]).toBe(status);
  expect(message.length).toBeLessThan(1000);
}

async function isEmpty(): Promise<boolean> {
  const names = ["stopped", "pull"];
  const counts = names.map(async (name) => (await queue(name).describe()).statistics.tasks);
  return (await Promise.all(counts)).every((tasks) => tasks === 0);
}

const CASES = [
  ...ENDPOINTS.flatMap((endpoint) =>
    Object.entries(endpoint.fields).map(([field, types]) => ({
      ...{ endpoint, field, types, path: endpoint.path, method: endpoint.method },
      bodyOf: (value: unknown) => ({ ...endpoint.body, [field]: value }),
    })),
  ),
  ...WITHIN.map((endpoint) => {
    const [[field, types]] = Object.entries(endpoint.fields) as [[string, Type[]]];
    const { path, method, bodyOf } = endpoint as ReturnType<typeof within>;
    return { endpoint, field, types, path, method, bodyOf };
  }),
];

describe("a field of another type", () => {
  it.each(CASES)(
    "$method $path refuses $field by its name",
    async ({ endpoint, field, types, bodyOf }) => {
      for (const value of VALUES.filter((it) => !types.includes(typeOf(it)))) {
        const answer = await send(endpoint, bodyOf(value));
        checkRefusal(answer);
        expect([value, answer.status]).toEqual([value, 400]);
        expect(answer.message).toContain(field);
      }
      expect(await isEmpty()).toBe(true);
    },
  );

  it.each(CASES)(
    "$method $path: $field of its own type is taken, or refused",
    async ({ endpoint, field, types, bodyOf }) => {
      // A wait would be one.
      const values = field === "waitSeconds" ? [0, -1, 61] : VALUES;
      for (const value of values.filter((it) => types.includes(typeOf(it)))) {
        const answer = await send(endpoint, bodyOf(value));
        if (answer.status >= 300) checkRefusal(answer);
        expect([200, 201, 400, 404, 409, 413]).toContain(answer.status);
      }
    },
  );
});

describe("a field that a body does not have", () => {
  it.each(ENDPOINTS)("$method $path refuses it by its name", async (endpoint) => {
    for (const field of ["colour", "Name", "lease_seconds", "__proto__", "constructor", ""]) {
      const body = JSON.stringify({ ...endpoint.body, zz: 1 }).replace(
        '"zz"',
        JSON.stringify(field),
      );
      const answer = await send(endpoint, body);
      expect([field, answer.status]).toEqual([field, 400]);
      checkRefusal(answer);
      expect(answer.message).toContain(field);
    }
    expect(await isEmpty()).toBe(true);
  });

  it.each([
    ["/queues/stopped/tasks", { retry: { retries: 1 } }],
    ["/queues/stopped/tasks", { oidcToken: { serviceAccountEmail: "a@b", scope: "x" } }],
    ["/queues/pull/tasks:ack", { leases: [{ name: "x", lease: "y", state: "leased" }] }],
    ["/groups", { master: { queue: "push", name: "x", state: "running" } }],
    ["/groups", { tasks: [{ queue: "push", colour: "red" }] }],
    ["/groups", { tasks: [], then: { queue: "push", colour: "red" } }],
  ])("nor have the objects in it: %s %j", async (path, body) => {
    const answer = await send({ method: "POST", path, body: {}, fields: {} }, body);
    checkRefusal(answer);
    expect(answer.status).toBe(400);
  });
});

describe("a body that is no object", () => {
  it.each(ENDPOINTS)("$method $path refuses it", async (endpoint) => {
    for (const body of [
      "",
      " ",
      "null",
      "true",
      "1",
      '"x"',
      "[]",
      "[{}]",
      "{",
      "{oops}",
      "{'a': 1}",
      "NaN",
      "\ufeff",
    ]) {
      const answer = await send(endpoint, body);
      expect([body, answer.status, answer.code]).toEqual([body, 400, "INVALID_REQUEST"]);
      checkRefusal(answer);
    }
    expect(await isEmpty()).toBe(true);
  });
});
