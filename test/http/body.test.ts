// What comes in is what is stored, byte by byte, or it is refused with what is wrong with it: by every door
// that reads a body.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BOX } from "../support/box.ts";
import { type Answered, gzip, hex, nested, send, toHex } from "../support/bytes.ts";
import { createQueue, PLACE, queueName } from "../support/cloud-tasks.ts";
import { freshStart, pass, queue } from "../support/time.ts";
import { handlers } from "../support/worker.ts";

const settings = env as { TASKQUEUE_TOKEN?: string; TASKQUEUE_ALLOW_HOSTS?: string };
const ADD = "/_ah/api/queues/push/tasks";
const JSON_TYPE = { "Content-Type": "application/json" };

beforeEach(freshStart);

/** What the handler of the queue "push" is sent: its bytes, and the headers that describe them. */
async function delivered(): Promise<
  { bytes: string; type: string | null; encoding: string | null }[]
> {
  const seen: { bytes: string; type: string | null; encoding: string | null }[] = [];
  handlers.set("/_ah/queue/push", async (request) => {
    const { headers } = request;
    const bytes = toHex(new Uint8Array(await request.arrayBuffer()));
    seen.push({
      bytes,
      type: headers.get("Content-Type"),
      encoding: headers.get("Content-Encoding"),
    });
    return new Response("ok");
  });
  await pass("push", 0);
  return seen;
}

const LATIN = "63 61 66 e9 3b 31 30 80";
const MARK = "ef bb bf 61 2c 62";

/** Content-Type, bytes, and whether they are text to whoever looks. */
const RAW: [type: string, bytes: string, isText: boolean][] = [
  ["text/csv; charset=iso-8859-1", LATIN, false],
  ["text/csv", MARK, true],
  ["text/plain", LATIN, false],
  ["text/plain;charset=UTF-8", "63 61 66 c3 a9", true],
  ['text/plain; charset="utf-8"', "f0 9f 98 80 0a", true],
  ["Text/HTML", "3c 62 3e", true],
  ["text/plain; charset=utf-16le", "68 00 69 00", false],
  ["text/plain; charset=iso-8859-1", "c3 a9", false],
  ["text/plain", "61 00 62", true],
  ["text/plain", "ed a0 80", false],
  ["text/plain", "c0 af", false],
  ["text/plain", "ff fe 68 00", false],
  ["text/xml", "ef bb bf ef bb bf 3c", true],
  ["application/xml; charset=iso-8859-1", "3c e9 3e", false],
  ["application/octet-stream", "00 ff 0d 0a", false],
  ["application/vnd.api+json", "7b 22 61 22 3a e9 7d", false],
  ["multipart/form-data; boundary=x", "2d 2d 78 e9", false],
  ["image/png", "89 50 4e 47", false],
];

it.each(RAW)(
  "a body of %s: %s is the payload as it is, by every door",
  async (type, bytes, isText) => {
    const sent = hex(bytes);
    const base64 = btoa(String.fromCharCode(...sent));
    const text = new TextDecoder("utf-8", { ignoreBOM: true, fatal: false }).decode(sent);
    const shown = isText ? { payload: text } : { payloadBase64: base64 };
    const headers = { "Content-Type": type };

    // The task's view, and what the handler gets.
    expect((await send("POST", `${ADD}?name=raw`, sent, headers)).status).toBe(201);
    const { body } = await send("GET", `${ADD}/raw`, undefined);
    expect(body).toMatchObject({ ...shown, headers });
    expect(Object.keys(body).filter((field) => field.startsWith("payload"))).toHaveLength(1);
    expect(await delivered()).toEqual([{ bytes, type, encoding: null }]);

    // A pull queue's lease.
    const pull = "/_ah/api/queues/pull/tasks?name=raw";
    expect((await send("POST", pull, sent, headers)).status).toBe(201);
    const [leased] = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
    expect(leased).toMatchObject(shown);

    // Google's door.
    await createQueue("q", { httpTarget: { uriOverride: { host: "example.com" } } });
    const at = `/v2beta3/${queueName("q")}/tasks/raw`;
    expect((await send("POST", `${at}:buffer`, sent, headers)).status).toBe(200);
    const view = await send("GET", `${at}?responseView=FULL`, undefined);
    expect(view.body.httpRequest).toMatchObject({ body: base64, headers });
  },
);

/** Doors that want JSON, and a body each takes. */
const JSON_DOORS: [name: string, method: string, path: string, body: string][] = [
  ["adding a task", "POST", ADD, '{"payload":"?"}'],
  ["adding a batch", "POST", ADD, '{"tasks":[{"payload":"?"}]}'],
  ["making a group", "POST", "/_ah/api/groups", '{"tasks":[{"queue":"push","payload":"?"}]}'],
  [
    "adding to a group",
    "POST",
    "/_ah/api/groups/g/tasks",
    '{"tasks":[{"queue":"push","payload":"?"}]}',
  ],
  ["defining a queue", "PUT", "/_ah/api/queues/mine", '{"rate":"5/s","target":"?"}'],
  ["deleting tasks", "POST", `${ADD}:delete`, '{"names":["?"]}'],
  ["redriving tasks", "POST", `${ADD}:redrive`, '{"names":["?"]}'],
  ["rescheduling a task", "POST", `${ADD}/n1:reschedule`, '{"countdown":"?"}'],
  [
    "leasing",
    "POST",
    "/_ah/api/queues/pull/tasks:lease",
    '{"leaseSeconds":1,"maxTasks":1,"tag":"?"}',
  ],
  [
    "acknowledging",
    "POST",
    "/_ah/api/queues/pull/tasks:ack",
    '{"leases":[{"name":"?","lease":"x"}]}',
  ],
  [
    "changing a lease",
    "POST",
    "/_ah/api/queues/pull/tasks/n1:modifyLease",
    '{"lease":"?","leaseSeconds":0}',
  ],
  [
    "Google's tasks",
    "POST",
    `/v2/${queueName("q")}/tasks`,
    '{"task":{"httpRequest":{"url":"http://a.b/?"}}}',
  ],
  ["Google's queues", "POST", `/v2/${PLACE}/queues`, '{"name":"?"}'],
];

describe.each(JSON_DOORS)("JSON for %s", (_, method, path, body) => {
  beforeEach(async () => {
    if (path.includes("/groups/g/"))
      await send("POST", "/_ah/api/groups", '{"name":"g","open":true}', JSON_TYPE);
    if (path.includes("/queues/q/")) await createQueue("q");
  });

  const [before = "", after = ""] = body.split("?");
  const withBytes = (bytes: string) =>
    new Uint8Array([
      ...new TextEncoder().encode(before),
      ...hex(bytes),
      ...new TextEncoder().encode(after),
    ]);
  const answer = (
    content: BodyInit,
    headers: Record<string, string> = JSON_TYPE,
  ): Promise<Answered> => send(method, path, content, headers);
  const REFUSED = path.startsWith("/v2") ? "INVALID_ARGUMENT" : "INVALID_REQUEST";

  it("is refused with bytes that are not UTF-8 in it, and says where", async () => {
    for (const [bytes, found] of [
      ["e9", "0xe9"],
      ["c3", "0x"],
      ["ff fe", "0xff"],
      ["ed a0 80", "0xed"],
      ["c0 80", "0xc0"],
      ["f5 80 80 80", "0xf5"],
      ["61 80", "0x80"],
    ] as const) {
      const { status, code, message } = await answer(withBytes(bytes));
      expect([status, code]).toEqual([400, REFUSED]);
      expect(message).toContain("not UTF-8");
      expect(message).toContain(found);
      const at = Number(/at byte (\d+)/.exec(message)?.[1]) - before.length;
      expect(at).toBeGreaterThanOrEqual(0);
      expect(at).toBeLessThanOrEqual(4);
    }
  });

  it("is refused in another charset", async () => {
    for (const charset of ["iso-8859-1", "utf-16", "windows-1252", "shift_jis"]) {
      const type = { "Content-Type": `application/json; charset=${charset}` };
      const { status, code, message } = await answer(body, type);
      expect([status, code]).toEqual([400, REFUSED]);
      expect(message).toContain(charset);
    }
  });

  it("is refused with any other Content-Encoding", async () => {
    for (const encoding of ["deflate", "br", "compress", "gzip, gzip", "nonsense"]) {
      const { status, message } = await answer(body, {
        ...JSON_TYPE,
        "Content-Encoding": encoding,
      });
      expect([status, message]).toEqual([400, expect.stringContaining(encoding)]);
    }
  });

  it("is read packed as gzip, as it is without", async () => {
    const plain = await answer(`{"nonsense":1}`);
    for (const encoding of ["gzip", "x-gzip", "GZIP", "identity, gzip"]) {
      const packed = await answer(await gzip(`{"nonsense":1}`), {
        ...JSON_TYPE,
        "Content-Encoding": encoding,
      });
      expect(packed).toEqual(plain);
    }
    expect(plain.message).toContain("nonsense");
  });

  it("is refused when it is not gzip though it says so", async () => {
    const whole = await gzip(body);
    for (const bytes of [hex("01 02 03"), whole.slice(0, -4), new Uint8Array([...whole, 1])]) {
      const { status, message } = await answer(bytes, { ...JSON_TYPE, "Content-Encoding": "gzip" });
      expect([status, message]).toEqual([400, expect.stringContaining("gzip")]);
    }
  });

  it("is refused above 30 MiB: announced, counted, and unpacked", async () => {
    const big = `{"nonsense":"${"x".repeat(31_457_280)}"}`;
    const packed = await gzip(big);
    const stream = () => new Response(big).body as ReadableStream;
    for (const [content, headers] of [
      [big, JSON_TYPE],
      [stream(), JSON_TYPE],
      [packed, { ...JSON_TYPE, "Content-Encoding": "gzip" }],
    ] as [BodyInit, Record<string, string>][]) {
      const { status, code, message } = await answer(content, headers);
      expect([status, code]).toEqual(
        path.startsWith("/v2") ? [400, REFUSED] : [413, "TASK_TOO_LARGE"],
      );
      expect(message).toContain("31457280");
    }
  });

  it("is refused when it nests more than 500 levels deep", async () => {
    for (const levels of [500, 501, 4000, 100_000]) {
      const { status, code, message } = await answer(`{"nonsense":${nested(levels)}}`);
      expect([status, code]).toEqual([400, REFUSED]);
      expect(message).toContain("500 levels");
    }
  });

  it("is read down to 500 levels, and with brackets in its text", async () => {
    for (const content of [
      `{"nonsense":${nested(499)}}`,
      JSON.stringify({ nonsense: '[{"\\"'.repeat(600) }),
    ]) {
      const { status, message } = await answer(content);
      expect([status, message]).toEqual([400, expect.stringContaining("nonsense")]);
    }
  });

  it("is refused when it is no object", async () => {
    for (const content of ["[]", "[1]", "null", "true", "3", '"x"']) {
      const { status, code } = await answer(content);
      expect([status, code]).toEqual([400, REFUSED]);
    }
  });
});

describe("a byte order mark", () => {
  it("in front of JSON is passed over", async () => {
    const body = new Uint8Array([...hex("ef bb bf"), ...new TextEncoder().encode('{"name":"n1"}')]);
    expect((await send("POST", ADD, body, JSON_TYPE)).status).toBe(201);
  });
});

describe("JSON packed with gzip", () => {
  it.each([
    ["/_ah/api/queues/push/tasks", "{}\n", 201],
    ["/_ah/api/queues/push/tasks", '{"tasks":[{},{}]}', 200],
    ["/_ah/api/groups", '{"tasks":[{"queue":"push"}]}', 201],
    [`/v2/${PLACE}/queues`, `{"name":"${queueName("q")}"}`, 200],
  ])("is taken by %s: %s", async (path, body, status) => {
    const headers = { ...JSON_TYPE, "Content-Encoding": "gzip" };
    expect((await send("POST", path, await gzip(body), headers)).status).toBe(status);
  });
});

describe("text that is half of a surrogate pair", () => {
  it.each<[string, object, string]>([
    ["push", { payload: "\ud800x" }, "payload"],
    ["push", { payload: "x\udfff" }, "payload"],
    ["push", { params: { a: "\ud83d" } }, "params.a"],
    ["push", { params: { a: ["ok", "\ude00"] } }, "params.a"],
    ["push", { params: { "\ud800": "a" } }, "params."],
    ["push", { url: "/x\ud800" }, "url"],
    ["push", { name: "n\ud800" }, "name"],
    ["push", { headers: { "X-A": "\ud800" } }, "headers.X-A"],
    ["push", { target: "\ud800" }, "target"],
    [
      "push",
      { oidcToken: { serviceAccountEmail: "a@b", audience: "\ud800" } },
      "oidcToken.audience",
    ],
    ["push", { oidcToken: { serviceAccountEmail: "\ud800@b" } }, "oidcToken.serviceAccountEmail"],
    ["pull", { payload: "a", tag: "\ud800" }, "tag"],
    ["pull", { payload: "\udc00" }, "payload"],
  ])("is refused by every way in: on %s, %j", async (name, task, field) => {
    const one = JSON.stringify(task);
    const group = JSON.stringify({ tasks: [{ queue: name, ...task }] });
    for (const [path, body] of [
      [`/_ah/api/queues/${name}/tasks`, one],
      [`/_ah/api/queues/${name}/tasks`, `{"tasks":[${one}]}`],
      ["/_ah/api/groups", group],
    ] as const) {
      const { status, message } = await send("POST", path, body, JSON_TYPE);
      expect([status, message]).toEqual([400, expect.stringContaining(field)]);
    }
    await expect(queue(name).add(task)).rejects.toMatchObject({ status: 400 });
  });

  it("inside a JSON payload stays what it is: JSON writes it with an escape", async () => {
    expect(
      (await send("POST", `${ADD}?name=n1`, '{"payload":{"a":"\\ud800"}}', JSON_TYPE)).status,
    ).toBe(201);
    expect((await queue("push").get("n1")).payload).toEqual({ a: "\ud800" });
    const [{ bytes } = { bytes: "" }] = await delivered();
    expect(new TextDecoder().decode(hex(bytes))).toBe('{"a":"\\ud800"}');
  });
});

describe("a form", () => {
  const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

  it.each([
    ["a=%E9", "a=%E9"],
    ["ok=1&b=%C3", "b=%C3"],
    ["%FF=1", "%FF=1"],
    ["a=%ED%A0%80", "a=%ED%A0%80"],
    ["a=%C0%AF", "a=%C0%AF"],
    ["a=%F0%9F%98", "a=%F0%9F%98"],
    ["a=%80", "a=%80"],
    ["a=%E9%20b", "a=%E9%20b"],
  ])("of %s is refused: not UTF-8", async (body, field) => {
    const { status, message } = await send("POST", ADD, body, FORM);
    expect([status, message]).toEqual([400, expect.stringContaining(`not UTF-8 (${field})`)]);
  });

  it("of raw bytes that are not UTF-8, of another charset or encoding is refused", async () => {
    expect((await send("POST", ADD, hex("61 3d e9"), FORM)).message).toContain("0xe9 at byte 2");
    const latin = { "Content-Type": `${FORM["Content-Type"]}; charset=iso-8859-1` };
    expect((await send("POST", ADD, "a=1", latin)).message).toContain("iso-8859-1");
    expect(
      (await send("POST", ADD, "a=1", { ...FORM, "Content-Encoding": "br" })).message,
    ).toContain("br");
  });

  it.each([
    ["a=%C3%A9&b=%f0%9f%98%80", { a: "é", b: "😀" }],
    ["a=100%&b=%zz&c=%", { a: "100%", b: "%zz", c: "%" }],
    ["a+b=c+d", { "a b": "c d" }],
    ["=x&y=", { "": "x", y: "" }],
    ["__proto__=1&constructor=2", { ["__proto__"]: "1", constructor: "2" }],
    ["a=1&a=2&a=1", { a: ["1", "2", "1"] }],
    [`a=${"%41".repeat(2000)}`, { a: "A".repeat(2000) }],
  ])("of %s is its fields", async (body, params) => {
    expect((await send("POST", `${ADD}?name=f`, body, FORM)).status).toBe(201);
    expect(Object.entries((await queue("push").get("f")).params ?? {})).toEqual(
      Object.entries(params),
    );
  });

  it("is read packed as gzip", async () => {
    const packed = { ...FORM, "Content-Encoding": "gzip" };
    expect((await send("POST", `${ADD}?name=f`, await gzip("a=1"), packed)).status).toBe(201);
    expect((await queue("push").get("f")).params).toEqual({ a: "1" });
  });
});

describe("a raw body with a Content-Encoding", () => {
  it.each([
    ["text/plain", "gzip"],
    ["application/octet-stream", "gzip"],
    ["application/xml", "br"],
    [undefined, "deflate"],
  ])(
    "keeps it (%s, %s), to the Worker's own handler and to another server",
    async (type, encoding) => {
      const bytes = await gzip("hi");
      const headers = { "Content-Encoding": encoding, ...(type && { "Content-Type": type }) };
      expect((await send("POST", `${ADD}?name=z`, bytes, headers)).status).toBe(201);
      expect(await queue("push").get("z")).toMatchObject({
        payloadBase64: btoa(String.fromCharCode(...bytes)),
        headers,
      });
      const kept = { bytes: toHex(bytes), type: type ?? "application/octet-stream", encoding };
      expect(await delivered()).toEqual([kept]);
    },
  );

  it("reaches another server as it is", async () => {
    const { host } = new URL(BOX);
    settings.TASKQUEUE_ALLOW_HOSTS = host;
    await fetch(`${BOX}/clear/`);
    const bytes = await gzip("hi");
    const headers = { "Content-Encoding": "gzip", "Content-Type": "text/plain" };
    await send("POST", `${ADD}?url=${BOX}/in`, bytes, headers);
    await pass("push", 0);
    const [arrival] = (await (await fetch(`${BOX}/arrived/`)).json()) as {
      headers: object;
      body: string;
    }[];
    delete settings.TASKQUEUE_ALLOW_HOSTS;
    expect(arrival?.headers).toMatchObject({
      "content-encoding": "gzip",
      "content-type": "text/plain",
      "content-length": `${bytes.length}`,
    });
    expect(arrival?.body).toBe(new TextDecoder().decode(bytes));
  });

  it("is refused by name on a pull queue, whose tasks have no headers", async () => {
    const headers = { "Content-Encoding": "gzip", "Content-Type": "text/plain" };
    const { status, message } = await send(
      "POST",
      "/_ah/api/queues/pull/tasks",
      await gzip("hi"),
      headers,
    );
    expect([status, message]).toEqual([400, expect.stringContaining("Content-Encoding")]);
  });
});

describe("who may not come in", () => {
  beforeEach(() => {
    settings.TASKQUEUE_TOKEN = "full-token";
  });

  afterEach(() => {
    delete settings.TASKQUEUE_TOKEN;
  });

  /** A body that says when it is read. */
  function watched(): { body: ReadableStream; pulls: () => number } {
    let pulls = 0;
    const pull = (controller: ReadableStreamDefaultController) => {
      pulls += 1;
      controller.enqueue(new Uint8Array(65_536));
      if (pulls === 1000) controller.close();
    };
    return { body: new ReadableStream({ pull }, { highWaterMark: 0 }), pulls: () => pulls };
  }

  it.each<[string, string, Record<string, string>]>([
    ["POST", ADD, JSON_TYPE],
    ["POST", ADD, {}],
    ["POST", "/_ah/api/groups", JSON_TYPE],
    ["PUT", "/_ah/api/queues/mine", JSON_TYPE],
    ["POST", `/v2/${queueName("q")}/tasks`, JSON_TYPE],
    [
      "POST",
      `/v2/${queueName("q")}/tasks`,
      { "X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded" },
    ],
    ["POST", `/v2/${queueName("q")}/tasks`, { "X-HTTP-Method-Override": "PATCH" }],
    ["POST", `/v2beta3/${queueName("q")}/tasks/n1:buffer`, {}],
  ])("%s %s %j costs nothing: the body is not read", async (method, path, headers) => {
    const { body, pulls } = watched();
    const { status } = await send(method, path, body, headers);
    expect(status).toBe(401);
    expect(pulls()).toBeLessThanOrEqual(1);
  });

  it("may send the console's form 16 KiB", async () => {
    const { body } = watched();
    const form = { "Content-Type": "application/x-www-form-urlencoded" };
    expect((await send("POST", "/_ah/console/login", body, form)).status).toBe(413);
    const announced = { ...form, "Content-Length": "16385" };
    expect((await send("POST", "/_ah/console/login", "x".repeat(16_385), announced)).status).toBe(
      413,
    );
    const { status, message } = await send("POST", "/_ah/console/login", hex("74 3d e9"), form);
    expect([status, message]).toEqual([400, expect.stringContaining("not UTF-8")]);
  });

  it("is told by the method that is meant: a read token may GET by override, and not DELETE", async () => {
    (settings as { TASKQUEUE_READ_TOKEN?: string }).TASKQUEUE_READ_TOKEN = "read-token";
    const headers = { Authorization: "Bearer read-token" };
    const as = (method: string) =>
      send("POST", `/v2/${PLACE}/queues`, "", { ...headers, "X-HTTP-Method-Override": method });
    expect((await as("GET")).status).toBe(200);
    expect((await as("DELETE")).status).toBe(403);
    delete (settings as { TASKQUEUE_READ_TOKEN?: string }).TASKQUEUE_READ_TOKEN;
  });
});
