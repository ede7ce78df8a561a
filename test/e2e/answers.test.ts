// What servers answer, byte by byte: the status decides, whatever the body does.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { onWorkerd, type Server } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { runningServer, temporaryDir } from "./support.ts";

type Answer = (socket: Socket) => void;

interface Target {
  host: string;
  /** When each path was first asked for (ms since 1970), and how often. */
  asked: Map<string, { at: number; count: number }>;
}

/** A server that answers the path `/<name>` with the bytes of that name. */
async function rawServer(answers: Record<string, Answer>): Promise<Target> {
  const asked: Target["asked"] = new Map();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", (data) => {
      const name = decodeURIComponent(/ \/(\S*)/.exec(data.toString())?.[1] ?? "");
      const seen = asked.get(name);
      asked.set(name, { at: seen?.at ?? Date.now(), count: (seen?.count ?? 0) + 1 });
      answers[name]?.(socket);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function head(status: string, ...headers: string[]): string {
  return `HTTP/1.1 ${status}\r\n${headers.map((line) => `${line}\r\n`).join("")}Connection: close\r\n\r\n`;
}

/** An answer of these parts, the connection closed after the last. */
const all =
  (...parts: (string | Buffer)[]): Answer =>
  (socket) => {
    for (const part of parts) socket.write(part);
    socket.end();
  };

/** A whole answer with a body of known length. */
const whole = (status: string, body: string | Buffer = "", ...headers: string[]): Answer =>
  all(head(status, ...headers, `Content-Length: ${body.length}`), body);

/** Sends `chunk` again and again, as long as the other side reads. */
const endless =
  (status: string, chunk: Buffer, everyMs: number): Answer =>
  (socket) => {
    socket.write(head(status));
    const timer = setInterval(() => socket.writableNeedDrain || socket.write(chunk), everyMs);
    socket.on("close", () => clearInterval(timer));
  };

/** Headers, then nothing. */
const silent =
  (status: string, ...headers: string[]): Answer =>
  (socket) =>
    void socket.write(head(status, "Content-Length: 100", ...headers));

const reset =
  (...parts: string[]): Answer =>
  (socket) => {
    for (const part of parts) socket.write(part);
    setTimeout(() => socket.resetAndDestroy(), 50);
  };

/** An interim answer, and a little later the next. */
const interim =
  (status: string, next: Answer): Answer =>
  (socket) => {
    socket.write(`HTTP/1.1 ${status}\r\nLink: </x>; rel=preload\r\n\r\n`);
    setTimeout(() => next(socket), 100);
  };

const chunked = (...chunks: string[]) =>
  `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("")}`;
const CHUNKED = "Transfer-Encoding: chunked";
const encoded = (name: string) => `Content-Encoding: ${name}`;
const MUCH = Buffer.alloc(65_536, "x");

/** Status and error of the attempt; a text is looked for in the error, undefined is none. */
const ANSWERS: [name: string, answer: Answer, status: number | undefined, error?: string][] = [
  // An encoding, and nothing in it, or nothing of it.
  ["gzip-empty", whole("200 OK", "", encoded("gzip")), 200],
  ["br-empty", whole("200 OK", "", encoded("br")), 200],
  ["deflate-empty", whole("200 OK", "", encoded("deflate")), 200],
  ["zstd-empty", whole("200 OK", "", encoded("zstd")), 200],
  ["gzip-chunked-empty", all(head("200 OK", CHUNKED, encoded("gzip")), "0\r\n\r\n"), 200],
  ["gzip-garbage", whole("200 OK", "no gzip", encoded("gzip")), 200],
  ["br-garbage", whole("200 OK", "no br", encoded("br")), 200],
  [
    "gzip-truncated",
    whole("201 Made", gzipSync("x".repeat(99)).subarray(0, 15), encoded("gzip")),
    201,
  ],
  ["gzip-204", all(head("204 None", encoded("gzip"))), 204],
  [
    "gzip-500-empty",
    whole("500 X", "", encoded("gzip")),
    500,
    "the body cannot be read: TypeError",
  ],
  [
    "br-500-garbage",
    whole("500 X", "no br", encoded("br")),
    500,
    "the body cannot be read: TypeError",
  ],
  [
    "gzip-503-later",
    whole("503 X", "no", encoded("gzip"), "Retry-After: 3000"),
    503,
    "cannot be read",
  ],
  ["gzip-500-good", whole("500 X", gzipSync("why"), encoded("gzip")), 500, "why"],
  ["br-500-good", whole("500 X", brotliCompressSync("why"), encoded("br")), 500, "why"],
  ["deflate-500", whole("500 X", deflateSync("why"), encoded("deflate")), 500],
  ["unknown-500", whole("500 X", "why", encoded("rot13")), 500, "why"],
  [
    "gzip-bomb",
    whole("500 X", gzipSync(Buffer.alloc(50_000_000, "x")), encoded("gzip")),
    500,
    "xxx",
  ],
  // Bodies that break off, or never do.
  ["short", all(head("200 OK", "Content-Length: 100"), "only this"), 200],
  ["short-500", all(head("500 X", "Content-Length: 100"), "only this"), 500, "only this"],
  ["long-500", all(head("500 X", "Content-Length: 3"), "why and more"), 500, "why"],
  ["reset", reset(head("200 OK", "Content-Length: 100"), "some"), 200],
  ["reset-500", reset(head("500 X", "Content-Length: 100"), "some"), 500, "some"],
  ["reset-503", reset(head("503 X", "Content-Length: 100")), 503, "the body cannot be read: Error"],
  ["bad-chunk", all(head("200 OK", CHUNKED), "zz\r\nabc\r\n"), 200],
  ["half-chunked-500", all(head("500 X", CHUNKED), chunked("why")), 500, "why"],
  ["silent", silent("200 OK"), 200],
  ["silent-gzip", silent("200 OK", encoded("gzip")), 200],
  ["silent-500", silent("500 X"), 500],
  ["endless", endless("200 OK", MUCH, 1), 200],
  ["endless-500", endless("500 X", MUCH, 1), 500, "xxx"],
  ["dripping", endless("200 OK", Buffer.from("x"), 100), 200],
  ["dripping-500", endless("500 X", Buffer.from("x"), 20), 500, "xxx"],
  ["100-MB", whole("200 OK", Buffer.alloc(100_000_000)), 200],
  // Interim answers, and what follows them.
  ["103-200", interim("103 Early Hints", whole("200 OK")), 200],
  [
    "100-103-500",
    interim("100 Continue", interim("103 Early Hints", whole("500 X", "why"))),
    500,
    "why",
  ],
  ["103-503", interim("103 Early Hints", whole("503 X", "busy", "Retry-After: 3")), 503, "busy"],
  [
    "103-302",
    interim("103 Early Hints", whole("302 X", "", "Location: /x")),
    302,
    "this one leads to /x",
  ],
  [
    "103-chunked",
    interim("103 Early Hints", all(head("200 OK", CHUNKED), chunked("ok"), "0\r\n\r\n")),
    200,
  ],
  ["103-reset", interim("103 Early Hints", reset()), undefined, "Network connection lost"],
  [
    "103-nothing",
    interim("103 Early Hints", all()),
    undefined,
    // workerd since 1.20261102 reads interim answers itself, and says this of a connection that ends behind one.
    "Network connection lost",
  ],
  [
    "101",
    all("HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    101,
    "101 is no final answer",
  ],
  // Statuses.
  // An interim answer that is not registered; what follows is none either.
  ["199", whole("199 X"), undefined, "Network connection lost"],
  ["202", whole("202 X"), 202],
  ["205", whole("205 X"), 205],
  ["206", whole("206 X", "part", "Content-Range: bytes 0-3/9"), 206],
  ["226", whole("226 X"), 226],
  ["299", whole("299 X"), 299],
  ["300", whole("300 X", "choose"), 300, "choose"],
  [
    "302",
    whole("302 X", "", "Location: /a b"),
    302,
    "redirects are not followed; this one leads to /a b",
  ],
  ["303", whole("303 X"), 303, "redirects are not followed"],
  ["304", all(head("304 X")), 304, "304 (not modified) is no success"],
  ["399", whole("399 X", "odd"), 399, "odd"],
  ["418", whole("418 X", "teapot"), 418, "teapot"],
  ["499", whole("499 X"), 499],
  ["599", whole("599 X", "odd"), 599, "odd"],
  ["600", whole("600 X", "odd"), 600, "odd"],
  ["999", whole("999 X", "odd"), 999, "odd"],
];

async function serverFor(target: Target, entry: object): Promise<Server> {
  const command = onWorkerd({ vars: [`TASKQUEUE_ALLOW_HOSTS:${target.host}`] });
  const server = await runningServer({ stateDir: temporaryDir(), command });
  const { status } = await server.fetch("/_ah/api/queues/out", {
    ...{ method: "PUT", headers: { "Content-Type": "application/json" } },
    body: JSON.stringify({ name: "out", rate: "500/s", bucket_size: 100, ...entry }),
  });
  expect(status).toBe(200);
  return server;
}

async function send(server: Server, target: Target, names: string[], more = {}): Promise<void> {
  const tasks = names.map((name) => ({
    ...{ name: `t-${name}`, url: `http://${target.host}/${name}`, retry: { limit: 0 }, ...more },
  }));
  const { status } = await server.fetch("/_ah/api/queues/out/tasks", {
    ...{ method: "POST", headers: { "Content-Type": "application/json" } },
    body: JSON.stringify({ tasks }),
  });
  expect(status).toBe(200);
}

interface Ended {
  state: string;
  result?: unknown;
  executionCount?: number;
  lastAttempt?: { startedAt: string; endedAt: string; status?: number; error?: string };
}

async function ended(server: Server, name: string, seconds = 30): Promise<Ended> {
  let task: Ended | undefined;
  await until(`${name} ended`, seconds, async () => {
    task = await server.json<Ended>(`/_ah/api/queues/out/tasks/t-${name}`);
    return task.state === "done" || task.state === "failed";
  });
  return task as Ended;
}

const took = ({ lastAttempt }: Ended) =>
  Date.parse(lastAttempt?.endedAt ?? "") - Date.parse(lastAttempt?.startedAt ?? "");

it("the status of an answer stands, whatever its body is, and the slot is free at once", async () => {
  const target = await rawServer(Object.fromEntries(ANSWERS));
  const server = await serverFor(target, { extensions: { keep_failed: "1d" } });
  await send(
    server,
    target,
    ANSWERS.map(([name]) => name),
  );
  for (const [name, , status, error] of ANSWERS) {
    const task = await ended(server, name);
    const is2xx = status !== undefined && status >= 200 && status <= 299;
    expect([name, task.state, task.lastAttempt?.status]).toEqual([
      ...[name, is2xx ? "done" : "failed", status],
    ]);
    if (error === undefined && is2xx)
      expect([name, task.lastAttempt?.error]).toEqual([name, undefined]);
    if (error !== undefined)
      expect([name, task.lastAttempt?.error]).toEqual([name, expect.stringContaining(error)]);
    expect([name, took(task) < 4000]).toEqual([name, true]);
    expect([name, target.asked.get(name)?.count]).toEqual([name, 1]);
  }
});

it("a body that is a result has ten seconds, and one that cannot be read is none", async () => {
  const KEPT: [name: string, answer: Answer, result: unknown, error?: string][] = [
    ["good", whole("200 OK", "fine", "Content-Type: text/plain"), "fine"],
    [
      "gzip-good",
      whole("200 OK", gzipSync("fine"), encoded("gzip"), "Content-Type: text/plain"),
      "fine",
    ],
    ["empty", whole("200 OK"), ""],
    [
      "gzip-empty",
      whole("200 OK", "", encoded("gzip")),
      undefined,
      "the result was not kept: its body cannot be read: TypeError: Gzip",
    ],
    [
      "br-garbage",
      whole("200 OK", "no", encoded("br")),
      undefined,
      "the result was not kept: its body cannot be read: TypeError: Brotli",
    ],
    [
      "reset",
      reset(head("200 OK", "Content-Length: 9"), "some"),
      undefined,
      "the result was not kept: its body cannot be read: Error",
    ],
    [
      "too-long",
      whole("200 OK", Buffer.alloc(65_537)),
      undefined,
      "the result of 65537 bytes was not kept: 65536 is the most",
    ],
    ["100-MB", whole("200 OK", Buffer.alloc(100_000_000)), undefined, "the result of more than 1"],
    ["endless", endless("200 OK", MUCH, 1), undefined, "the result of more than 1"],
    [
      "dripping",
      endless("200 OK", Buffer.from("x"), 100),
      undefined,
      "the result was not kept: its body did not end within 10 s",
    ],
    [
      "silent",
      silent("200 OK"),
      undefined,
      "the result was not kept: its body did not end within 10 s",
    ],
    ["204", all(head("204 None")), undefined],
    [
      "103-200",
      interim("103 Early Hints", whole("200 OK", "fine", "Content-Type: text/plain")),
      "fine",
    ],
    [
      "103-chunked",
      interim("103 X", all(head("200 OK", CHUNKED), chunked("ok"))),
      undefined,
      // Cut off before its last chunk.
      "its body cannot be read: Error",
    ],
  ];
  const target = await rawServer(Object.fromEntries(KEPT));
  const server = await serverFor(target, { extensions: { keep_results: true } });
  await send(
    server,
    target,
    KEPT.map(([name]) => name),
  );
  for (const [name, , result, error] of KEPT) {
    const task = await ended(server, name);
    expect([name, task.state, task.result]).toEqual([name, "done", result]);
    expect([name, task.lastAttempt?.error]).toEqual([
      name,
      error && expect.stringContaining(error),
    ]);
    expect([name, took(task) < 13_000]).toEqual([name, true]);
  }
});

describe("what an answer's headers say", () => {
  it("counts though its body cannot be read", async () => {
    const target = await rawServer({
      later: whole("503 X", "no", encoded("gzip"), "Retry-After: 3000"),
      final: whole("500 X", "", encoded("br"), "X-TaskQueue-Retry: no"),
      again: whole("500 X", "no", encoded("gzip")),
    });
    const server = await serverFor(target, {
      ...{ retry_parameters: { min_backoff_seconds: 1 }, extensions: { keep_failed: "1d" } },
    });
    await send(server, target, ["later", "final", "again"], { retry: { minBackoff: 1 } });
    expect(await ended(server, "final")).toMatchObject({ state: "failed", executionCount: 1 });
    await until("a second attempt", 20, () => (target.asked.get("again")?.count ?? 0) > 1);
    const later = await server.json<{ nextAttemptAt: string; executionCount: number }>(
      "/_ah/api/queues/out/tasks/t-later",
    );
    expect(later.executionCount).toBe(1);
    expect(Date.parse(later.nextAttemptAt) - Date.now()).toBeGreaterThan(2_900_000);
  });
});

it("bodies without an end hold no slot: with one, the next task is called at once", async () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const target = await rawServer(Object.fromEntries(names.map((name) => [name, silent("200 OK")])));
  const server = await serverFor(target, { max_concurrent_requests: 1 });
  await send(server, target, names);
  for (const name of names) await ended(server, name);
  const times = [...target.asked.values()].map(({ at }) => at);
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(8000);
});
