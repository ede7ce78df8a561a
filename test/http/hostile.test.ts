// Requests with texts of any length, and with values that cannot be made a text: every door answers with a refusal
// of a size of its own.
import { exports } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { MAX_MESSAGE } from "../../src/core/errors.ts";
import { PLACE } from "../support/cloud-tasks.ts";
import { freshStart } from "../support/time.ts";

const own = (exports as unknown as { default: Fetcher }).default;

beforeEach(freshStart);

async function refusalOf(method: string, path: string, init: RequestInit = {}) {
  const response = await own.fetch(`http://127.0.0.1:8787${path}`, { method, ...init });
  const { error } = (await response.json()) as { error: { message: string } };
  return { status: response.status, message: error.message };
}

const API = "/_ah/api";
const GOOGLE = `/v2/${PLACE}`;
const JSON_TYPE = { "Content-Type": "application/json" };

const LONG = "x".repeat(20_000);

it.each<[method: string, path: string, body?: object]>([
  ["GET", `${API}/${LONG}`],
  ["GET", `${API}/queues/${LONG}`],
  ["GET", `${API}/queues/push/tasks/${LONG}`],
  ["POST", `${API}/queues/push:${LONG}`],
  ["POST", `${API}/cron/${LONG}:run`],
  ["GET", `${API}/groups/${LONG}/${LONG}`],
  ["GET", `${API}/queues/push/tasks?${LONG}=1`],
  ["GET", `${API}/queues/push/tasks?cursor=${LONG}`],
  ["POST", `${API}/queues/push/tasks`, { [LONG]: 1 }],
  ["POST", `${API}/queues/push/tasks`, { url: `/${LONG}` }],
  ["POST", `${API}/queues/push/tasks`, { headers: { [`${LONG}é`]: "1" } }],
  ["PUT", `${API}/queues/made`, Object.fromEntries([..."abcdefghij"].map((it) => [it + LONG, 1]))],
  ["PUT", `${API}/queues/made`, { rate: "5/s", extensions: { failed_queue: LONG } }],
  ["POST", `${GOOGLE}/${LONG}`],
  ["POST", `${GOOGLE}/queues`, { [LONG]: 1 }],
  ["POST", `${GOOGLE}/queues/push/tasks`, { task: { httpRequest: { [LONG]: 1 } } }],
  ["GET", `${GOOGLE}/queues?fields=${LONG}`],
  ["GET", `${GOOGLE}/queues?filter=${LONG}`],
  ["GET", `${GOOGLE}/queues/push?readMask=${LONG}`],
  ["GET", `/_ah/oidc/${LONG}`],
  ["GET", `/_ah/api%zz/${LONG}`],
])("a long text is cut in what is said of it: %s %#", async (method, path, body) => {
  const init = body ? { headers: JSON_TYPE, body: JSON.stringify(body) } : {};
  const { status, message } = await refusalOf(method, path, init);
  expect([400, 404]).toContain(status);
  expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE);
});

/** JSON that throws where it is put in a text, or compared with one. */
const UNPRINTABLE = { toString: 1, valueOf: 1 };
const NESTED = [[UNPRINTABLE]];
const http = (request: object) => ({ task: { httpRequest: { url: "https://a.b/", ...request } } });

it.each<[method: string, path: string, body: object]>([
  ...["name", "url", "method", "countdown", "eta", "target", "tag", "dispatchDeadline"].flatMap(
    (field): [string, string, object][] => [
      ["POST", `${API}/queues/push/tasks`, { [field]: UNPRINTABLE }],
      ["POST", `${API}/queues/push/tasks?${field}=1`, { [field]: UNPRINTABLE }],
      ["POST", `${API}/queues/push/tasks?${field}=1`, { [field]: NESTED }],
    ],
  ),
  ["POST", `${API}/queues/push/tasks?header.A=1`, { headers: { A: NESTED } }],
  ["POST", `${API}/queues/push/tasks`, { params: { a: UNPRINTABLE } }],
  ["POST", `${API}/queues/push/tasks`, { retry: { limit: UNPRINTABLE } }],
  ["POST", `${API}/queues/push/tasks`, { tasks: [UNPRINTABLE, NESTED] }],
  ["POST", `${API}/queues/push/tasks:delete`, { names: NESTED }],
  ["POST", `${API}/queues/push/tasks/a:reschedule`, { countdown: NESTED }],
  ["POST", `${API}/queues/pull/tasks:lease`, { leaseSeconds: UNPRINTABLE, maxTasks: 1 }],
  ["POST", `${API}/queues/pull/tasks:ack`, { leases: [{ name: NESTED, lease: UNPRINTABLE }] }],
  ["POST", `${API}/groups`, { name: NESTED, tasks: [] }],
  ["POST", `${API}/groups`, { tasks: [{ queue: UNPRINTABLE }] }],
  ["PUT", `${API}/queues/made`, { rate: UNPRINTABLE }],
  ["PUT", `${API}/queues/made`, { mode: NESTED }],
  ["POST", `${GOOGLE}/queues/push/tasks`, http({ httpMethod: UNPRINTABLE })],
  ["POST", `${GOOGLE}/queues/push/tasks`, http({ httpMethod: NESTED })],
  ["POST", `${GOOGLE}/queues/push/tasks`, http({ body: UNPRINTABLE })],
  ["POST", `${GOOGLE}/queues/push/tasks`, { ...http({}), responseView: UNPRINTABLE }],
  ["POST", `${GOOGLE}/queues/push/tasks`, { task: { scheduleTime: UNPRINTABLE } }],
  ["POST", `${GOOGLE}/queues/push/tasks/a:run`, { responseView: NESTED }],
  ["POST", `${GOOGLE}/queues`, { name: UNPRINTABLE }],
  ["POST", `${GOOGLE}/queues`, { state: UNPRINTABLE }],
  ["POST", `${GOOGLE}/queues`, { rateLimits: { maxBurstSize: NESTED } }],
  ["POST", `${GOOGLE}/queues`, { httpTarget: { uriOverride: { scheme: UNPRINTABLE } } }],
  ["POST", `${GOOGLE}/queues/push/tasks:batchDelete`, { names: NESTED }],
])("a value that is no text is refused as any other: %s %s %j", async (method, path, body) => {
  const init = { headers: JSON_TYPE, body: JSON.stringify(body) };
  const { status, message } = await refusalOf(method, path, init);
  expect([status, message]).toEqual([400, expect.stringMatching(/\S/)]);
});
