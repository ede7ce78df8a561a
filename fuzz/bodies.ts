// Valid bodies, by route. Of Google's API they are made from the tables of its messages, so every field is tried.
import {
  BATCH_CREATE,
  BATCH_DELETE,
  CHANGE_LEASE,
  CREATE_TASK,
  LEASE_TASKS,
  QUEUE,
  RUN_TASK,
} from "../src/core/cloud-tasks/messages.ts";
import type { Field, Message } from "../src/core/cloud-tasks/proto-json.ts";
import {
  groupName,
  KEYS,
  LOCATIONS,
  MADE,
  PROJECTS,
  PULL,
  PUSH,
  queueName,
  SEEN,
  taskName,
} from "./names.ts";
import type { Random } from "./random.ts";
import { CANARY, hostileNumber, hostileText, hostileValue } from "./values.ts";

type Make = (r: Random) => unknown;

/** Of the routes that read a body; the others are given one all the same, now and then. */
export const BODIES: Readonly<Record<string, Make>> = {
  "PUT /_ah/api/queues/:queue": queueEntry,
  "PUT /_ah/api/queues/:queue/keys/:key": keyLimits,
  "POST /_ah/api/queues/:queue/tasks": (r) => (r.chance(0.7) ? newTask(r) : batch(r)),
  "POST /_ah/api/queues/:queue/~import": savedRecord,
  "POST /_ah/api/plan": (r) => ({
    queue: r.chance(0.5)
      ? `queue: [{name: ${r.pick(["push", "made"])}, rate: 5/s}]`
      : hostileText(r),
    ...(r.chance(0.3) && { cron: hostileText(r) }),
  }),
  "POST /_ah/api/queues/:queue/tasks/~delete": (r) => ({ names: names(r) }),
  "POST /_ah/api/queues/:queue/tasks/~lease": lease,
  "POST /_ah/api/queues/:queue/tasks/~ack": (r) => ({ leases: r.some(3, () => token(r)) }),
  "POST /_ah/api/queues/:queue/tasks/:name/~modifyLease": (r) => ({
    lease: SEEN.lease,
    leaseSeconds: r.pick([0, 1, 60, 604_800]),
  }),
  "POST /_ah/api/queues/:queue/tasks/:name/~fail": () => ({ lease: SEEN.lease, error: "no" }),
  "POST /_ah/api/queues/:queue/tasks/~redrive": (r) =>
    r.pick<object>([
      { all: true },
      { names: names(r) },
      { all: true, rate: r.pick(["5/s", "1/m", "none"]) },
      { all: true, fingerprint: "0123456789abcdef" },
    ]),
  "POST /_ah/api/queues/:queue/tasks/:name/~reschedule": (r) =>
    r.chance(0.5) ? { countdown: r.int(1000) } : { eta: instant(r) },
  "POST /_ah/api/groups": group,
  "POST /_ah/api/groups/:name/tasks": (r) => ({ tasks: r.some(3, () => groupTask(r)) }),
  "POST /projects/:project/locations/:location/queues": (r) =>
    r.chance(0.5) ? cloudQueue(r) : message(QUEUE, r, 0.3),
  "PATCH /projects/:project/locations/:location/queues/:queue": (r) =>
    r.chance(0.5) ? cloudQueue(r) : message(QUEUE, r, 0.3),
  "PATCH /projects/:project/locations/:location/cmekConfig": (r) => ({ kmsKey: hostileText(r) }),
  "POST /projects/:project/locations/:location/queues/:queue/~setIamPolicy": (r) => ({
    policy: { version: 1, bindings: [{ role: "roles/viewer", members: [hostileText(r)] }] },
  }),
  "POST /projects/:project/locations/:location/queues/:queue/~getIamPolicy": () => ({}),
  "POST /projects/:project/locations/:location/queues/:queue/~testIamPermissions": (r) => ({
    permissions: r.some(3, () => hostileText(r)),
  }),
  "POST /projects/:project/locations/:location/queues/:queue/tasks": (r) =>
    r.chance(0.5) ? { task: cloudTask(r) } : message(CREATE_TASK, r, 0.5),
  "POST /projects/:project/locations/:location/queues/:queue/tasks/~batchCreate": (r) =>
    r.chance(0.5)
      ? { requests: r.some(4, () => ({ task: cloudTask(r) })) }
      : message(BATCH_CREATE, r, 0.4),
  "POST /projects/:project/locations/:location/queues/:queue/tasks/~batchDelete": (r) =>
    r.chance(0.5) ? { names: r.some(3, () => resource(r)) } : message(BATCH_DELETE, r, 0.8),
  "POST /projects/:project/locations/:location/queues/:queue/tasks/~buffer": (r) => hostileValue(r),
  "POST /projects/:project/locations/:location/queues/:queue/tasks/:task/~buffer": (r) =>
    hostileValue(r),
  "POST /projects/:project/locations/:location/queues/:queue/tasks/~lease": (r) =>
    r.chance(0.7)
      ? { maxTasks: 1 + r.int(5), leaseDuration: "60s", responseView: "FULL" }
      : message(LEASE_TASKS, r, 0.7),
  "POST /projects/:project/locations/:location/queues/:queue/tasks/:task/~run": (r) =>
    message(RUN_TASK, r, 0.3),
  "POST /projects/:project/locations/:location/queues/:queue/tasks/:task/~acknowledge": changeLease,
  "POST /projects/:project/locations/:location/queues/:queue/tasks/:task/~renewLease": changeLease,
  "POST /projects/:project/locations/:location/queues/:queue/tasks/:task/~cancelLease": changeLease,
};

const MAYBE: [field: string, make: Make][] = [
  ["name", taskName],
  ["url", (r) => r.pick(["/_ah/queue/fast", "/mine?x=1", "https://x.invalid/hook"])],
  ["method", (r) => r.pick(["POST", "PUT", "PATCH"])],
  ["params", (r) => ({ from: "1", to: ["2", hostileText(r)] })],
  ["payload", hostileValue],
  ["payloadBase64", (r) => r.bytes(r.int(40)).toString("base64")],
  ["headers", (r) => ({ "X-Team": "blue", "Content-Type": r.pick(["text/plain", "image/png"]) })],
  ["countdown", (r) => r.pick([0, 1, 1.5, "2", 2_592_000])],
  ["eta", instant],
  ["target", (r) => r.pick(["backend", "v1.backend", "none"])],
  ["tag", (r) => r.pick(["a", "b"])],
  ["key", (r) => r.pick([...KEYS, hostileText(r)])],
  ["priority", (r) => r.int(10)],
  ["expires", (r) => r.pick([1, 0.001, "60", 2_592_000])],
  ["ifExists", (r) => r.pick(["reject", "keep", "replace"])],
  ["debounce", (r) => ({ seconds: 1 + r.int(9), ...(r.chance(0.5) && { max: 10 + r.int(50) }) })],
  ["throttle", (r) => ({ seconds: 1 + r.int(9) })],
  ["dispatchDeadline", (r) => r.pick([15, 600, 86_400])],
  ["retry", (r) => ({ limit: r.int(3), minBackoff: 0.1, maxDoublings: r.int(5) })],
  ["oidcToken", () => ({ serviceAccountEmail: "a@b.c", audience: "x" })],
  ["dialect", (r) => r.pick(["cloudtasks", "cloudtasks-appengine"])],
];

function newTask(r: Random): Record<string, unknown> {
  // Two fields may exclude each other, so most tasks have few.
  const fields = r.some(r.chance(0.6) ? 1 : 3, () => r.pick(MAYBE));
  const named = r.chance(0.5) ? { name: taskName(r) } : {};
  return { ...named, ...Object.fromEntries(fields.map(([field, make]) => [field, make(r)])) };
}

function batch(r: Random): unknown {
  const tasks = r.some(5, () => newTask(r));
  return r.chance(0.2) ? { tasks, atomic: r.chance(0.5) } : { tasks };
}

function groupTask(r: Random): unknown {
  return { queue: queueName(r), ...newTask(r) };
}

function group(r: Random): unknown {
  return {
    name: groupName(r),
    tasks: r.some(3, () => groupTask(r)),
    ...(r.chance(0.3) && { then: groupTask(r) }),
    ...(r.chance(0.3) && { onFailure: r.pick(["all", "any", 0, 3]) }),
    ...(r.chance(0.2) && { master: { queue: r.pick(PUSH), name: taskName(r) } }),
    ...(r.chance(0.3) && { open: r.chance(0.5) }),
  };
}

function queueEntry(r: Random): unknown {
  if (r.chance(0.3)) return { mode: "pull", extensions: { tombstone_ttl: "60s" } };
  return {
    rate: r.pick(["5/s", "0/s", "500/s", "1.5/h"]),
    ...(r.chance(0.5) && { bucket_size: r.int(501) }),
    ...(r.chance(0.5) && { max_concurrent_requests: r.int(5001) }),
    ...(r.chance(0.5) && {
      retry_parameters: { task_retry_limit: r.int(3), task_age_limit: "1h" },
    }),
    ...(r.chance(0.5) && { extensions: { failed_queue: r.pick(PUSH), annotations: { a: [1] } } }),
    ...(r.chance(0.2) && {
      extensions: { keys: { ...keyLimits(r), per_key: { a: keyLimits(r) } } },
    }),
  };
}

function keyLimits(r: Random): object {
  return {
    ...(r.chance(0.5) && { rate: r.pick(["5/s", 0, "none"]), bucket_size: 1 + r.int(5) }),
    ...(r.chance(0.5) && { max_concurrent_requests: r.pick([1, 3, "none"]) }),
    ...(r.chance(0.5) && { weight: r.pick([0.01, 1, 100]) }),
  };
}

function lease(r: Random): unknown {
  return {
    leaseSeconds: r.pick([0, 1, 60]),
    maxTasks: 1 + r.int(5),
    ...(r.chance(0.2) && { tag: "a" }),
    ...(r.chance(0.2) && { oldestTag: true }),
    ...(r.chance(0.2) && { waitSeconds: r.pick([0, 0.05, 0.3, 60]) }),
  };
}

function names(r: Random): string[] {
  return r.some(4, () => taskName(r));
}

function token(r: Random): unknown {
  return { name: r.chance(0.7) ? SEEN.task : taskName(r), lease: SEEN.lease };
}

/** Long past, which means now, whenever the request is made. */
function instant(r: Random): string {
  return new Date(Date.UTC(2020, r.int(60), 1 + r.int(28))).toISOString();
}

function cloudTask(r: Random): unknown {
  const body = r.bytes(r.int(30)).toString("base64");
  const own = r.pick([
    { httpRequest: { url: "https://x.invalid/hook", httpMethod: "POST", body } },
    { appEngineHttpRequest: { relativeUri: "/_ah/queue/fast", body } },
    { pullMessage: { payload: body, tag: "a" } },
  ]);
  return { ...own, ...(r.chance(0.5) && { name: resource(r) }) };
}

function cloudQueue(r: Random): unknown {
  return {
    ...(r.chance(0.7) && { name: `projects/p/locations/l/queues/${r.pick(MADE)}` }),
    rateLimits: { maxDispatchesPerSecond: 1 + r.int(500), maxBurstSize: r.int(50) },
    ...(r.chance(0.3) && { retryConfig: { maxAttempts: 1 + r.int(5), minBackoff: "1s" } }),
    ...(r.chance(0.2) && { httpTarget: { uriOverride: { host: "x.invalid" } } }),
  };
}

function changeLease(r: Random): unknown {
  return {
    scheduleTime: SEEN.scheduleTime,
    leaseDuration: "30s",
    ...message(CHANGE_LEASE, r, 0.1),
  };
}

function resource(r: Random): string {
  const place = `projects/${r.pick(PROJECTS)}/locations/${r.pick(LOCATIONS)}`;
  return `${place}/queues/${r.pick([...PUSH, ...PULL])}/tasks/${taskName(r)}`;
}

/** Each field there with this chance. */
function message({ fields, aliases = {} }: Message, r: Random, chance: number): object {
  const names = [...Object.keys(fields), ...Object.keys(aliases)].filter(() => r.chance(chance));
  return Object.fromEntries(
    names.map((name) => [
      r.chance(0.1) ? snake(name) : name,
      fieldValue(name, (fields[name] ?? fields[aliases[name] as string]) as Field, r, chance),
    ]),
  );
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function fieldValue(name: string, field: Field, r: Random, chance: number): unknown {
  if (typeof field === "string") return scalar(name, field, r);
  if ("values" in field) return r.chance(0.2) ? r.int(9) : r.pick(field.values);
  if ("list" in field) return r.some(3, () => message(field.list, r, chance));
  return message(field.message, r, chance);
}

type Scalar = Extract<Field, string>;

function scalar(name: string, field: Scalar, r: Random): unknown {
  if (r.chance(0.05)) return hostileValue(r);
  const make: Record<Scalar, () => unknown> = {
    string: () => textOf(name, r),
    int32: () => r.pick([r.int(100), -1, hostileNumber(r)]),
    int64: () => `${r.int(65_536)}`,
    double: () => r.pick([r.next() * 500, "NaN", "Infinity", hostileNumber(r)]),
    bool: () => r.chance(0.5),
    bytes: () => r.bytes(r.int(20)).toString("base64"),
    timestamp: () => r.pick([instant(r), "2026-01-01T00:00:00.123456789Z"]),
    duration: () => r.pick(["15s", "0.1s", "3600s", "0s", "-1s", "315576000000s"]),
    strings: () => ({ "X-Team": "blue", [hostileText(r)]: hostileText(r) }),
    any: () => hostileValue(r),
  };
  return make[field]();
}

function textOf(name: string, r: Random): string {
  if (name === "url") return r.pick(["https://x.invalid/", `http://127.0.0.1:${CANARY}/`]);
  if (name === "relativeUri" || name === "relativeUrl") return r.pick(["/", "/mine", "x"]);
  if (name === "name" || name === "parent")
    return resource(r).replace(/\/tasks.*/, r.pick(["$&", ""]));
  if (name === "host") return r.pick(["x.invalid", "127.0.0.1", "localhost", "a.b.c"]);
  if (name === "filter") return r.pick(["tag=a", "tag_is_oldest", hostileText(r)]);
  return hostileText(r);
}

/** A line of an export. */
function savedRecord(r: Random): object {
  const progress = { retryCount: r.int(3), executionCount: 0, attempts: [] };
  const times = { createdAt: r.int(1e12), endedAt: r.int(1e12), nameUntil: 4e12 };
  const name = taskName(r);
  if (r.chance(0.4)) return { kind: "name", name, state: "done", ...times, progress };
  const task = { name, named: r.chance(0.5), createdAt: r.int(1e12), spec: {}, progress };
  return { kind: "task", ...task, key: r.int(2 ** 50), due: r.int(1e12), body: hostileText(r) };
}
