// How answers end: with one line end, through every door, so that a terminal's prompt is on a line of its own.
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PLACE, queueName } from "../support/cloud-tasks.ts";
import { freshStart, queue } from "../support/time.ts";
import { handlers } from "../support/worker.ts";

const settings = env as Record<string, string | undefined>;
const own = (exports as unknown as { default: Fetcher }).default;

beforeEach(freshStart);
afterEach(() => {
  delete settings.TASKQUEUE_TOKEN;
});

const JSON_TYPE = { "Content-Type": "application/json" };

function ask(method: string, path: string, body?: string, headers: object = JSON_TYPE) {
  const init: RequestInit = { method, headers: { ...headers } as Record<string, string> };
  if (body !== undefined) init.body = body;
  return own.fetch(`http://127.0.0.1:8787${path}`, init);
}

/** The text of an answer without its end, which has to be one line end and no more. */
function withoutEnd(text: string): string {
  expect(text).toMatch(/[^\r\n]\n$/);
  return text.slice(0, -1);
}

type Row = [method: string, path: string, status: number, body?: string];

const API = "/_ah/api";
const NATIVE: Row[] = [
  ["GET", `${API}/queues`, 200],
  ["GET", `${API}/queues/push`, 200],
  ["PUT", `${API}/queues/made`, 200, '{"rate":"1/s"}'],
  ["PUT", `${API}/queues/push`, 409, "{}"],
  ["POST", `${API}/queues/push:pause`, 200],
  ["POST", `${API}/queues/push:purge`, 200],
  ["POST", `${API}/queues/push/tasks`, 201, "{}"],
  ["POST", `${API}/queues/push/tasks`, 200, '{"tasks":[{"name":"twin"},{"name":"kept"}]}'],
  ["POST", `${API}/queues/push/tasks`, 400, "{"],
  ["GET", `${API}/queues/push/tasks`, 200],
  ["GET", `${API}/queues/push/tasks/kept`, 200],
  ["GET", `${API}/queues/push/tasks/nobody`, 404],
  ["DELETE", `${API}/queues/push/tasks/kept`, 200],
  ["GET", `${API}/queues/push/tombstones`, 200],
  ["GET", `${API}/queues/push/history`, 200],
  ["POST", `${API}/queues/pull/tasks:lease`, 200, '{"leaseSeconds":1,"maxTasks":1}'],
  ["POST", `${API}/queues/pull/tasks:ack`, 200, '{"leases":[]}'],
  ["POST", `${API}/groups`, 400, '{"queue":"push"}'],
  ["POST", `${API}/groups`, 201, '{"tasks":[{"queue":"push"}]}'],
  ["GET", `${API}/groups/nobody`, 404],
  ["GET", `${API}/cron`, 200],
  ["GET", `${API}/nowhere`, 400],
  ["PATCH", `${API}/queues/push`, 400],
  ["GET", "/_ah/metrics", 200],
  ["GET", "/_ah/oidc/.well-known/openid-configuration", 404],
  ["POST", "/_ah/queue/push", 403],
  ["GET", "/_ah/%zz", 400],
];

const CLOUD: Row[] = [
  ["GET", `/v2/${PLACE}`, 200],
  ["GET", `/v2/${PLACE}/queues`, 200],
  ["POST", `/v2/${PLACE}/queues`, 200, `{"name":"${queueName("made")}"}`],
  ["GET", `/v2/${queueName("nobody")}`, 404],
  ["GET", `/v2/${PLACE}/queues?fields=nextPageToken`, 200],
  ["GET", `/v2/${PLACE}/queues?pageToken=maybe`, 400],
  ["POST", `/v2/${PLACE}/queues`, 400, "{"],
  ["POST", `/v2/${PLACE}/queues`, 400, '{"name":7}'],
  ["PATCH", `/v2/${PLACE}/queues`, 404],
  ["GET", `/v2beta3/${PLACE}/queues`, 200],
];

describe.each([
  ["of the native API and what is beside it", NATIVE],
  ["of Cloud Tasks' API", CLOUD],
])("answers %s end in one line end:", (_, rows) => {
  it.each(rows)("%s %s, %i %s", async (method, path, status, body) => {
    await queue("push").add({ name: "kept", countdown: 60 });
    const response = await ask(method, path, body);
    expect(response.status).toBe(status);
    withoutEnd(await response.text());
  });

  it.each(rows)("%s %s without the token, %i %s", async (method, path, _status, body) => {
    settings.TASKQUEUE_TOKEN = "open-sesame";
    const response = await ask(method, path, body);
    withoutEnd(await response.text());
  });
});

describe("what is not ours stays as it is:", () => {
  it("a preflight's answer is empty", async () => {
    const response = await ask("OPTIONS", `${API}/queues`, undefined, {
      Origin: "https://x.example",
    });
    expect(await response.text()).toMatch(/^$|[^\n]\n$/);
  });

  it.each(["", "\n", "text", "text\n", "text\n\n", '{"json":1}', "\r\n", " ", "ünï\n", "\u0000"])(
    "a payload of %j, leased and looked at",
    async (payload) => {
      await ask("POST", `${API}/queues/pull/tasks`, payload, { "Content-Type": "text/plain" });
      const leased = await ask(
        "POST",
        `${API}/queues/pull/tasks:lease`,
        '{"leaseSeconds":9,"maxTasks":1}',
      );
      const { tasks } = JSON.parse(withoutEnd(await leased.text()));
      expect(tasks[0].payload ?? "").toBe(payload);
    },
  );

  it.each(["", "\n", "text", "text\n", "text\n\n"])("a handler's answer of %j", async (text) => {
    handlers.set("/mine", () => new Response(text));
    expect(await (await ask("GET", "/mine")).text()).toBe(text);
  });
});

it("the answer of a lease that waits ends so too", async () => {
  const wanted = '{"leaseSeconds":9,"maxTasks":1,"waitSeconds":60}';
  const { body } = await ask("POST", `${API}/queues/pull/tasks:lease`, wanted);
  await queue("pull").add({ payload: "later" });
  const { tasks } = JSON.parse(withoutEnd(await new Response(body).text()));
  expect(tasks[0].payload).toBe("later");
});

it("a HEAD has the length of its GET's answer", async () => {
  const [get, head] = [await ask("GET", `${API}/cron`), await ask("HEAD", `${API}/cron`)];
  const { byteLength } = await get.arrayBuffer();
  expect(head.headers.get("Content-Length")).toBe(`${byteLength}`);
});
