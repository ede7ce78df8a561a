// Answers of the Worker's own handlers whose body goes wrong, or on and on: the status stands.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { freshStart, pass, queue } from "../../support/time.ts";
import { handlers } from "../../support/worker.ts";

beforeEach(freshStart);

const bytes = (text: string) => new TextEncoder().encode(text);

/** A body that sends `chunks`, and then does `what`. */
function body(chunks: unknown[], what: "ends" | "throws" | "stays open"): ReadableStream {
  const rest = [...chunks];
  return new ReadableStream({
    async pull(controller) {
      const chunk = rest.shift();
      if (chunk !== undefined) controller.enqueue(chunk);
      else if (what === "throws") throw new Error("boom");
      else if (what === "ends") controller.close();
      else await scheduler.wait(3_600_000);
    },
  });
}

function endless(): ReadableStream {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(bytes("x".repeat(65_536))),
  });
}

async function gzipped(text: string): Promise<ArrayBuffer> {
  const stream = new Response(text).body as ReadableStream;
  return new Response(stream.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}

function read(): Response {
  const response = new Response("read already");
  void response.text();
  return response;
}

type Row = [
  name: string,
  status: number,
  answer: () => Response | Promise<Response>,
  error?: string,
];

const ANSWERS: Row[] = [
  ["a stream that throws", 200, () => new Response(body([bytes("a")], "throws"))],
  ["a stream that throws at once", 200, () => new Response(body([], "throws"))],
  ["a stream that stays open", 200, () => new Response(body([bytes("a")], "stays open"))],
  ["a stream without an end", 200, endlessly(200)],
  ["ten megabytes", 200, () => new Response("x".repeat(10_000_000))],
  ["a stream of text", 200, () => new Response(body(["text"], "ends"))],
  ["an encoding it has not", 200, () => new Response("plain", encoding("gzip"))],
  [
    "bytes it compressed itself",
    200,
    async () => new Response(await gzipped("a"), { ...encoding("gzip"), encodeBody: "manual" }),
  ],
  ["205", 205, () => new Response(null, { status: 205 })],
  [
    "a stream that throws, and no success",
    500,
    () => new Response(body([bytes("why")], "throws"), { status: 500 }),
    "why",
  ],
  [
    "nothing but a throw, and no success",
    500,
    () => new Response(body([], "throws"), { status: 500 }),
    "the body cannot be read: Error: boom",
  ],
  [
    "an open stream, and no success",
    500,
    () => new Response(body([bytes("why")], "stays open"), { status: 500 }),
    "why",
  ],
  ["a stream without an end, and no success", 500, endlessly(500), "xxx"],
  ["304", 304, () => new Response(null, { status: 304 }), "304 (not modified) is no success"],
  [
    "302",
    302,
    () => new Response(null, { status: 302, headers: { Location: "/x" } }),
    "redirects are not followed; this one leads to /x",
  ],
  ["599", 599, () => new Response("odd", { status: 599 }), "odd"],
];

function encoding(name: string): ResponseInit {
  return { headers: { "Content-Encoding": name } };
}

function endlessly(status: number): () => Response {
  return () => new Response(endless(), { status });
}

describe.each([
  ["the Worker itself", "push", ""],
  ["an entrypoint", "to-backend", "backend "],
])("answered by %s", (place, name, prefix) => {
  it.each(ANSWERS)("%s: %i stands", async (_, status, answer, error) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    handlers.set(`${prefix}/h`, answer);
    await queue(name).add({ name: "t", url: "/h", retry: { limit: 0 } });
    await pass(name, 1);
    const { state, lastAttempt, executionCount } = await queue(name).get("t");
    expect([state, lastAttempt?.status]).toEqual([status < 300 ? "done" : "failed", status]);
    if (error === undefined) expect(lastAttempt?.error).toBeUndefined();
    else if (place === "the Worker itself") expect(lastAttempt?.error).toContain(error);
    if (status >= 300) expect(executionCount).toBe(1);
    vi.restoreAllMocks();
  });
});

it("a handler that has read its own answer has answered", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  handlers.set("/h", read);
  await queue("push").add({ name: "t", url: "/h" });
  await pass("push", 1);
  expect((await queue("push").get("t")).lastAttempt).toMatchObject({ status: 200 });
  vi.restoreAllMocks();
});

describe("a body that is to be kept", () => {
  it.each<[name: string, answer: () => Response, result: unknown, error?: string]>([
    ["whole", () => new Response(body([bytes("a"), bytes("b")], "ends")), "ab"],
    [
      "broken",
      () => new Response(body([bytes("a")], "throws")),
      undefined,
      "the result was not kept: its body cannot be read: Error: boom",
    ],
    [
      "of text chunks",
      () => new Response(body(["a"], "ends")),
      undefined,
      "the result was not kept: its body cannot be read: TypeError",
    ],
    [
      "endless",
      () => new Response(endless()),
      undefined,
      "the result of more than 1114112 bytes was not kept: 65536 is the most",
    ],
    [
      "read already",
      read,
      undefined,
      "the result was not kept: its body cannot be read: TypeError",
    ],
  ])("%s", async (_, answer, result, error) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    handlers.set("/_ah/queue/results", answer);
    await queue("results").add({ name: "t" });
    await pass("results", 1);
    expect(await queue("results").result("t")).toEqual(result);
    const { state, lastAttempt } = await queue("results").get("t");
    expect([state, lastAttempt?.status]).toEqual(["done", 200]);
    if (error === undefined) expect(lastAttempt?.error).toBeUndefined();
    else expect(lastAttempt?.error).toContain(error);
    vi.restoreAllMocks();
  });
});

it("what a handler's stream throws is logged, though its task is done", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  handlers.set("/h", () => new Response(body([bytes("a")], "throws")));
  await queue("push").add({ name: "t", url: "/h" });
  await pass("push", 1);
  expect(logged.mock.calls.map(([what]) => what)).toContain(
    'the answer of task "t" on "push" threw',
  );
  vi.restoreAllMocks();
});

it("a handler that streams on when its task is done is not cut off", async () => {
  const seen: string[] = [];
  handlers.set("/h", (request) => {
    request.signal.addEventListener("abort", () => seen.push("aborted"));
    const slow = new ReadableStream({
      async start(controller) {
        for (let i = 0; i < 8; i++) {
          await scheduler.wait(60);
          controller.enqueue(bytes(`${i}`));
        }
        seen.push("sent");
        controller.close();
      },
      cancel: () => void seen.push("cancelled"),
    });
    return new Response(slow);
  });
  await queue("push").add({ name: "t", url: "/h" });
  await pass("push", 1);
  expect((await queue("push").get("t")).state).toBe("done");
  expect(seen).toEqual([]);
  await scheduler.wait(800);
  expect(seen).toEqual(["sent"]);
});
