// The headers of a task, through every door that takes them, to the Worker's own handlers and to servers outside.

import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { QueueSettings } from "../../../src/objects/settings.ts";
import { BOX } from "../../support/box.ts";
import { cloud, createQueue, queueName } from "../../support/cloud-tasks.ts";
import { call } from "../../support/http.ts";
import { crash, freshStart, groupObject, objectOf, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { received } from "../../support/worker.ts";

const settings = env as QueueSettings;
const own = (exports as unknown as { default: Fetcher }).default;

type Given = Record<string, string | string[]>;

beforeEach(async () => {
  await freshStart();
  settings.TASKQUEUE_ALLOW_HOSTS = "localhost";
  await crash();
  await fetch(`${BOX}/clear/`);
});

afterEach(() => {
  delete settings.TASKQUEUE_ALLOW_HOSTS;
});

interface Added {
  name: string;
  url: string;
  headers: Given;
}

/** The message of a refusal. */
type Door = (task: Added) => Promise<string | undefined>;

const said = ([status, answer]: [number, Record<string, unknown>]) =>
  status < 300 ? undefined : (answer.error as { message: string }).message;

const inQuery = ({ headers, ...options }: Added) => {
  const query = new URLSearchParams({ ...options });
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) query.append(`header.${name}`, value);
  }
  return `/_ah/api/queues/push/tasks?${query}`;
};

const posted = async (path: string, init: RequestInit) => {
  const response = await own.fetch(`http://127.0.0.1${path}`, { method: "POST", ...init });
  return said([response.status, await response.json()]);
};

const bytes = (text: string) => new TextEncoder().encode(text);

const DOORS: Record<string, Door> = {
  client: (task) =>
    queue("push")
      .add(task)
      .then(
        () => undefined,
        (error: Error) => error.message,
      ),
  JSON: async (task) => said(await call("POST", "/queues/push/tasks", task)),
  batch: async (task) => said(await call("POST", "/queues/push/tasks", { tasks: [task] })),
  form: (task) => posted(inQuery(task), { body: new URLSearchParams({ a: "1" }) }),
  "raw body": (task) => posted(inQuery(task), { body: bytes("x") }),
  group: async (task) => {
    const name = `g-${task.name}`;
    objectOf(groupObject(name));
    return said(await call("POST", "/groups", { name, tasks: [{ queue: "push", ...task }] }));
  },
};

/** What the handlers and the server get by path, once that are `count`: names in lower case. */
async function arrived(
  count = 1,
  groups: string[] = [],
): Promise<Map<string, Record<string, string>>> {
  const all = new Map<string, Record<string, string>>();
  await work(["push", ...groups.map(groupObject)], async () => {
    for (const { url, headers } of received) all.set(url.pathname, Object.fromEntries(headers));
    const arrivals = await (await fetch(`${BOX}/arrived/`)).json<Arrival[]>();
    for (const { url, headers } of arrivals) all.set(url, headers);
    return all.size >= count;
  });
  return all;
}

interface Arrival {
  url: string;
  headers: Record<string, string>;
}

const TARGETS: Record<string, string> = { "own handlers": "", "a server": BOX };

/** What is sent of each; undefined is nothing. */
const SENT: [name: string, given: Given, sent: Record<string, string | undefined>][] = [
  ["two spellings are one header", { "X-A": "1", "x-a": "2" }, { "x-a": "1, 2" }],
  ["a list is joined by commas", { "X-A": ["1", "2"] }, { "x-a": "1, 2" }],
  ["an empty value is sent", { "X-A": "" }, { "x-a": "" }],
  ["cookies are joined by semicolons", { Cookie: ["a=1", "b=2"] }, { cookie: "a=1; b=2" }],
  ["so are those in two spellings", { Cookie: "a=1", cookie: "b=2" }, { cookie: "a=1; b=2" }],
  [
    "a type twice is one",
    { "Content-Type": "a/b", "content-type": "a/b" },
    { "content-type": "a/b" },
  ],
  [
    "one authorization twice is one",
    { Authorization: ["Basic x", "Basic x"] },
    { authorization: "Basic x" },
  ],
  ["a host is the url's", { Host: "elsewhere.example" }, {}],
  ["a length is the body's", { "Content-Length": "999", "X-A": "1" }, { "x-a": "1" }],
  ["a referer is left out", { Referer: "http://x/" }, { referer: undefined }],
  [
    "reserved ones are the queue's",
    {
      "x-appengine-queuename": "evil",
      "X-CloudTasks-QueueName": "evil",
      "X-Google-A": "1",
      "X-TaskQueue-Group": "evil",
    },
    {
      "x-appengine-queuename": "push",
      "x-cloudtasks-queuename": undefined,
      "x-google-a": undefined,
    },
  ],
  [
    "a user agent is put in front",
    { "User-Agent": "mine" },
    { "user-agent": "mine AppEngine-Google; (+http://code.google.com/appengine)" },
  ],
  ["a property's name is a name", { constructor: "1" }, { constructor: "1" }],
];

const REFUSED: [given: Given, message: string][] = [
  [
    { "Content-Type": "a/b", "content-type": "c/d" },
    'headers.Content-Type: found ["a/b","c/d"], expected one value',
  ],
  [
    { "Content-Type": ["a/b", "c/d"] },
    'headers.Content-Type: found ["a/b","c/d"], expected one value',
  ],
  [{ authorization: "Bearer a", Authorization: "Bearer b" }, "headers.authorization: found"],
  [
    { Connection: "close" },
    'headers.Connection: found "close", expected none: it belongs to a connection',
  ],
  [{ "Transfer-Encoding": "chunked" }, "headers.Transfer-Encoding: found"],
  [{ upgrade: "websocket" }, "headers.upgrade: found"],
  [{ Expect: "100-continue" }, "headers.Expect: found"],
  [{ "Proxy-Authorization": "Basic x" }, "headers.Proxy-Authorization: found"],
  [{ TE: "trailers" }, "headers.TE: found"],
  [{ Trailer: "X" }, "headers.Trailer: found"],
  [{ "Keep-Alive": "timeout=5" }, "headers.Keep-Alive: found"],
  [{ "X A": "1" }, "headers.X A: found"],
  [{ "X-A": "1\r\nX-B: 2" }, "headers.X-A: found"],
  [{ "X-A": "€" }, "headers.X-A: found"],
];

describe.each(Object.entries(DOORS))("headers through %s", (door, add) => {
  it.each(Object.entries(TARGETS))("reach %s as the table says", async (_, origin) => {
    for (const [i, [row, headers]] of SENT.entries()) {
      expect([row, await add({ name: `t${i}`, url: `${origin}/h/${i}`, headers })]).toEqual([
        row,
        undefined,
      ]);
    }
    const all = await arrived(SENT.length, door === "group" ? SENT.map((_, i) => `g-t${i}`) : []);
    for (const [i, [row, , sent]] of SENT.entries()) {
      const headers = all.get(`/h/${i}`) ?? {};
      const those = Object.fromEntries(Object.keys(sent).map((name) => [name, headers[name]]));
      expect([row, those]).toEqual([row, sent]);
      expect(headers.host).not.toBe("elsewhere.example");
      expect(headers["content-length"]).not.toBe("999");
    }
  });

  it("are refused where the table says, and nothing is added", async () => {
    for (const [headers, message] of REFUSED) {
      expect(await add({ name: "t", url: "/h", headers })).toContain(message);
    }
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
  });
});

it("letters beyond ASCII are themselves to a handler, and UTF-8 to a server", async () => {
  const headers = { "X-A": "é" };
  await queue("push").add([{ url: "/h" }, { url: `${BOX}/out` }].map((it) => ({ ...it, headers })));
  const all = await arrived(2);
  expect(all.get("/h")?.["x-a"]).toBe("é");
  // Node reads headers as Latin-1.
  const arrivedAs = Uint8Array.from(all.get("/out")?.["x-a"] ?? "", (char) => char.charCodeAt(0));
  expect(new TextDecoder().decode(arrivedAs)).toBe("é");
});

describe("a raw body", () => {
  const raw = (query: string, type?: string) =>
    posted(`/_ah/api/queues/push/tasks?name=t&url=/h${query}`, {
      body: new TextEncoder().encode("x"),
      ...(type === undefined ? {} : { headers: { "Content-Type": type } }),
    });

  it.each<[query: string, type: string | undefined, sent: Record<string, string>]>([
    ["&header.X-A=1", "image/png", { "content-type": "image/png", "x-a": "1" }],
    ["&header.X-A=1&header.X-A=2", "image/png", { "x-a": "1, 2" }],
    ["&header.Content-Type=image/png", "image/png", { "content-type": "image/png" }],
    ["&header.content-type=image/png", "image/png", { "content-type": "image/png" }],
    ["&header.Content-Type=image/png", undefined, { "content-type": "image/png" }],
    ["", undefined, { "content-type": "application/octet-stream" }],
  ])("with %s and type %s is sent with both", async (query, type, sent) => {
    expect(await raw(query, type)).toBeUndefined();
    expect((await arrived()).get("/h")).toMatchObject(sent);
  });

  it.each(["Content-Type", "content-type"])(
    "whose type an option %s contradicts is refused",
    async (name) => {
      expect(await raw(`&header.${name}=a/b`, "image/png")).toMatch(
        /^headers\.content-type: found "a\/b" in the query and "image\/png" in the body, expected one/i,
      );
    },
  );
});

describe("headers through Cloud Tasks", () => {
  const url = `${BOX}/h`;
  const create = async (headers: object) =>
    cloud("POST", `/v2/${queueName("push")}/tasks`, {
      task: { httpRequest: { url, headers, body: btoa("x") } },
    });

  it.each<[object, Record<string, string | undefined>]>([
    [{ "X-A": "1", "x-a": "2" }, { "x-a": "1, 2" }],
    [{ "X-A": "" }, { "x-a": "" }],
    [{ cookie: "a=1", Cookie: "b=2" }, { cookie: "a=1; b=2" }],
    [{ "Content-Type": "a/b", "content-type": "a/b" }, { "content-type": "a/b" }],
    [{ "User-Agent": "mine" }, { "user-agent": "Google-Cloud-Tasks" }],
    [
      { Host: "x", "Content-Length": "9", "X-CloudTasks-QueueName": "x" },
      { "x-cloudtasks-queuename": "push" },
    ],
    [
      { "X-Google-A": "1", "X-AppEngine-A": "1" },
      { "x-google-a": undefined, "x-appengine-a": undefined },
    ],
  ])("%j arrive as %j", async (given, sent) => {
    expect((await create(given))[0]).toBe(200);
    const headers = (await arrived()).get("/h") ?? {};
    expect(Object.fromEntries(Object.keys(sent).map((name) => [name, headers[name]]))).toEqual(
      sent,
    );
  });

  it.each<[object, string]>([
    [{ "Content-Type": "a/b", "content-type": "c/d" }, "headers.Content-Type: found"],
    [{ Connection: "keep-alive" }, "headers.Connection: found"],
    [{ "transfer-encoding": "chunked" }, "headers.transfer-encoding: found"],
    [{ Expect: "100-continue" }, "headers.Expect: found"],
  ])("%j are refused", async (given, message) => {
    const [status, { error }] = await create(given);
    expect([status, error.status]).toEqual([400, "INVALID_ARGUMENT"]);
    expect(error.message).toContain(message);
  });

  it("a queue's override takes the place of every spelling, and is checked as they are", async () => {
    const overrides = (key: string, value: string) => ({
      httpTarget: { headerOverrides: [{ header: { key, value } }] },
    });
    await createQueue("with-type", overrides("content-type", "c/d"));
    await createQueue("with-upgrade", overrides("Upgrade", "h2c"));
    const add = (id: string) =>
      cloud("POST", `/v2/${queueName(id)}/tasks`, {
        task: { httpRequest: { url, headers: { "Content-Type": "a/b", "CONTENT-TYPE": "e/f" } } },
      });
    expect((await add("with-type"))[1].httpRequest.headers).toMatchObject({
      "content-type": "c/d",
    });
    expect((await add("with-upgrade"))[0]).toBe(400);
  });
});
