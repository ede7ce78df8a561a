// `:export` and `:import` over HTTP: the lines of a stream, going on behind a cursor, what is refused, line by line.
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { send } from "../../support/bytes.ts";
import { call, outside } from "../../support/http.ts";
import { populate, seeded } from "../../support/saved.ts";
import { freshStart, pass, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { group } from "../../support/worker.ts";

const settings = env as { TASKQUEUE_TOKENS?: unknown };

beforeEach(freshStart);

afterEach(() => {
  delete settings.TASKQUEUE_TOKENS;
});

const own = (exports as unknown as { default: Fetcher }).default;

type Line = Record<string, unknown> & { kind: string; digest: string; cursor: string };

async function exported(name: string, query = ""): Promise<{ text: string; lines: Line[] }> {
  const response = await outside(`/queues/${name}:export${query}`);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("application/x-ndjson");
  const text = new TextDecoder().decode(await response.arrayBuffer());
  expect(text.endsWith("\n")).toBe(true);
  return {
    text,
    lines: text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  };
}

const imported = (name: string, text: string, type = "application/x-ndjson") =>
  send("POST", `/_ah/api/queues/${name}:import`, text, { "Content-Type": type });

async function digestOf(before: string, text: string): Promise<string> {
  const bytes = new TextEncoder().encode(before + text);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

it("an export has a head, records, and an end with counts and a digest", async () => {
  await queue("push").add([{ name: "a", countdown: 5 }, { countdown: 6 }]);
  const { text, lines } = await exported("push");
  expect(lines.map(({ kind }) => kind)).toEqual(["export", "task", "task", "end"]);
  const [head, , , end] = lines;
  expect(head).toMatchObject({ format: 1, queue: "push", tasks: 2 });
  expect(head?.configuration).toMatchObject({ rate: "500/s", mode: "push" });
  expect(end?.counts).toEqual({ task: 2, failed: 0, name: 0 });
  const before = text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1);
  expect(end?.digest).toBe(await digestOf("", before));
});

it.each(["push", "four-shards"])(
  "of %s is gone on with behind any cursor, to the same end",
  async (name) => {
    await queue(name).add(Array(900).fill({ countdown: 100 }));
    await queue(name).add(
      Array.from({ length: 900 }, (_, i) => ({ name: `n-${i}`, countdown: 9 })),
    );
    const { text, lines } = await exported(name);
    const cursors = lines.filter(({ kind }) => kind === "cursor");
    expect(cursors.length).toBeGreaterThan(2);
    for (const { cursor } of cursors) {
      const rest = await exported(name, `?cursor=${cursor}`);
      expect(text.endsWith(rest.text)).toBe(true);
    }
  },
);

it("what was exported is imported, and nothing the second time", async () => {
  await populate("slow-retry", seeded(21), 200);
  const { text, lines } = await exported("slow-retry");
  const records = lines.filter(({ kind }) => ["task", "failed", "name"].includes(kind)).length;
  const { status, body } = await imported("push", text);
  expect(status).toBe(200);
  expect(body).toMatchObject({ imported: records, skipped: 0, refused: 0 });
  expect(body.results[0]).toEqual({ line: 1, outcome: "passed" });
  expect((await imported("push", text, "text/plain")).body).toMatchObject({
    ...{ imported: 0, skipped: records, refused: 0 },
  });
});

const TASK = {
  ...{ kind: "task", name: "n", named: true, key: 3360935096320000, due: 2524608000000 },
  ...{ createdAt: 2524608000000, spec: {}, body: "b" },
  progress: { retryCount: 0, executionCount: 0, attempts: [] },
};
const NAME = {
  ...{ kind: "name", name: "n", state: "done", createdAt: 1, endedAt: 2, nameUntil: 3524608000000 },
  progress: TASK.progress,
};

const GROUP = {
  ...{ kind: "group", name: "g", queue: "push", made: 1924992000000, onFailure: "all" },
  ...{ state: "running", open: false, total: 1, first: { index: 0, batch: 0 }, batches: 1 },
  queues: ["push"],
};
const DONE = { index: 0, queue: "push", state: "done" };
const SUBTASKS = {
  ...{ kind: "subtasks", name: "g", queue: "push", made: 1924992000000, queues: ["push"] },
  subtasks: [DONE],
};

describe("a line is refused", () => {
  it.each<[object | string, string]>([
    ["{", "line: found"],
    ["7", "line: found"],
    [`${"[".repeat(600)}${"]".repeat(600)}`, "line: found"],
    [{}, "kind: found undefined"],
    [{ ...TASK, kind: "toString" }, "kind: found"],
    [{ ...TASK, name: "no name" }, "name: found"],
    [{ ...TASK, name: 7 }, "name: found 7"],
    [{ ...TASK, colour: "red" }, "colour: found"],
    [{ ...TASK, key: -1 }, "key: found -1"],
    [{ ...TASK, key: 1.5 }, "key: found 1.5"],
    [{ ...TASK, key: undefined }, "key: missing"],
    [{ ...TASK, createdAt: 1e20 }, "createdAt: found"],
    [{ ...TASK, spec: [] }, "spec: found"],
    [{ ...TASK, spec: { colour: "red" } }, "spec.colour: found"],
    [{ ...TASK, spec: { headers: { a: "b" } } }, "spec.headers: found"],
    [{ ...TASK, spec: { url: "http://127.0.0.1/x" } }, "cannot be called"],
    [{ ...TASK, spec: { url: "ftp://x/" } }, "cannot be called"],
    [{ ...TASK, progress: {} }, "retryCount: missing"],
    [{ ...TASK, progress: { ...TASK.progress, retryCount: -1 } }, "progress.retryCount: found"],
    [{ ...TASK, progress: { ...TASK.progress, attempts: [{ x: 1 }] } }, "progress.attempts: found"],
    [{ ...TASK, progress: { ...TASK.progress, begun: {} } }, "progress.begun: found"],
    [{ ...TASK, body: 7 }, "body: found 7"],
    [{ ...TASK, bodyBase64: "AA==" }, "bodyBase64: found"],
    [{ ...TASK, body: undefined, bodyBase64: "?" }, "bodyBase64: found"],
    [{ ...TASK, next: { due: 1 } }, "createdAt: missing"],
    [{ ...NAME, state: "running" }, "state: found"],
    [{ ...NAME, result: { type: 7 } }, "result: found"],
    [{ ...NAME, nameUntil: undefined }, "nameUntil: missing"],
    [{ ...GROUP, made: -1 }, "made: found -1"],
    [{ ...GROUP, state: "well" }, "state: found"],
    [{ ...GROUP, state: "done" }, "endedAt: missing"],
    [{ ...GROUP, queues: [7] }, "queues: found"],
    [{ ...GROUP, first: { index: 0 } }, "first: found"],
    [{ ...GROUP, first: undefined }, "first: missing"],
    [{ ...GROUP, numbered: [[0, 1, 2]] }, "numbered: found"],
    [{ ...GROUP, onFailure: "some" }, "onFailure: found"],
    [{ ...GROUP, name: "no name" }, "group: found"],
    [{ ...GROUP, master: { queue: "push", name: "m" } }, "masterMadeAt: found"],
    [{ ...GROUP, then: { queue: "push", task: {} } }, "then: found"],
    [{ ...GROUP, then: { queue: "no queue", task: { name: "t" } } }, "queue: found"],
    [{ ...GROUP, batch: { number: 0, queue: "push", indexes: [0], tasks: [] } }, "batch: found"],
    [{ ...GROUP, colour: "red" }, "colour: found"],
    [{ ...SUBTASKS, subtasks: [{ index: 0, queue: "push", state: "open" }] }, "subtasks: found"],
    [{ ...SUBTASKS, subtasks: [{ ...DONE, result: { type: 7 } }] }, "subtasks: found"],
    [{ ...SUBTASKS, subtasks: undefined }, "subtasks: missing"],
  ])("%j", async (line, message) => {
    const text = typeof line === "string" ? line : JSON.stringify(line);
    const { status, body } = await imported("push", `${JSON.stringify(NAME)}\n\n${text}\n`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ imported: 1, refused: 1, results: [{ line: 1 }, { line: 3 }] });
    expect(body.results[1].error.message).toContain(message);
  });
});

it("a call has 1,000 records at most, and a queue that is there", async () => {
  const lines = Array.from({ length: 1001 }, (_, i) => JSON.stringify({ ...NAME, name: `n${i}` }));
  const { status, code } = await imported("push", lines.join("\n"));
  expect([status, code]).toEqual([400, "TOO_MANY_TASKS"]);
  expect((await imported("nope", JSON.stringify(NAME))).code).toBe("UNKNOWN_QUEUE");
  expect((await imported("push", lines.slice(1).join("\n"))).body.imported).toBe(1000);
});

it.each<[string, string, number]>([
  ["POST", "/queues/push:export", 400],
  ["GET", "/queues/push:import", 400],
  ["GET", "/queues/push:export?cursor=x", 400],
  ["GET", "/queues/push:export?colour=red", 400],
  ["GET", "/queues/nope:export", 404],
  ["GET", "/queues/push/tasks/n:export", 400],
])("%s %s is %i", async (method, path, expected) => {
  const [status] = await call(method, path);
  expect(status).toBe(expected);
});

it("a name that lives stays as it is", async () => {
  await queue("push").add({ name: "n", payload: "own", countdown: 100 });
  expect((await imported("push", JSON.stringify(TASK))).body).toMatchObject({ skipped: 1 });
  expect(await queue("push").get("n")).toMatchObject({ payload: "own" });
});

it("a subtask whose group is not here runs, and nobody waits for its end", async () => {
  const line = { ...TASK, spec: { group: { name: "elsewhere", index: 0 } } };
  expect((await imported("push", JSON.stringify(line))).body).toMatchObject({ imported: 1 });
  await pass("push", 60);
  expect(await queue("push").get("n")).toMatchObject({ state: "done" });
});

describe("groups", () => {
  it("are counted as lines, and end as their subtasks say", async () => {
    const text = [GROUP, SUBTASKS, SUBTASKS].map((line) => JSON.stringify(line)).join("\n");
    expect((await imported("push", text)).body).toMatchObject({ imported: 2, skipped: 1 });
    const [status, body] = await call("GET", "/groups/g");
    expect([status, body]).toMatchObject([200, { state: "done", total: 1, done: 1 }]);
    const later = { ...GROUP, made: GROUP.made + 1, total: 9 };
    expect((await imported("push", JSON.stringify(later))).body).toMatchObject({ skipped: 1 });
  });

  it("of other queues are not for who may not use these", async () => {
    await queue("push").group({
      name: "wide",
      tasks: [{ queue: "push", countdown: 99 }, { queue: "paced" }],
    });
    await work(["push", "paced", "/groups/wide"], async () => {
      return (await group(env, "wide").progress()).done === 1;
    });
    const secret = "s".repeat(32);
    settings.TASKQUEUE_TOKENS = [{ name: "a", secret, role: "admin", queues: ["push"] }];
    const headers = { Authorization: `Bearer ${secret}` };
    const of = { ...GROUP, name: "other", queues: ["push", "paced"] };
    const path = "/_ah/api/queues/push";
    const { body } = await send("POST", `${path}:import`, JSON.stringify(of), headers);
    expect(body).toMatchObject({ refused: 1, results: [{ error: { code: "PERMISSION_DENIED" } }] });
    const exported = await own.fetch(`http://127.0.0.1:8787${path}:export`, { headers });
    const lines = (await exported.text()).trimEnd().split("\n");
    const kinds = lines.map((line) => JSON.parse(line).kind);
    expect(kinds).toEqual(expect.arrayContaining(["export", "task", "end"]));
    expect(kinds.filter((kind) => kind === "group" || kind === "subtasks")).toEqual([]);
  });
});
