import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { START } from "../../support/clock.ts";
import { freshStart, pass, queue } from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

const own = (exports as unknown as { default: Fetcher }).default;

/** Method, path and body in; status and JSON out. */
async function call(method: string, path: string, body?: unknown): Promise<[number, unknown]> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await own.fetch(`http://127.0.0.1:8787/_ah/api/queues${path}`, init);
  return [response.status, await response.json()];
}

function refusal(code: string, message = ""): unknown {
  return { error: expect.objectContaining({ code, message: expect.stringContaining(message) }) };
}

async function failOne(name: string): Promise<void> {
  handlers.set("/_ah/queue/one-retry", () => new Response(null, { status: 500 }));
  await queue("one-retry").add({ name, retry: { limit: 0 } });
  await pass("one-retry", 1);
  handlers.clear();
}

describe("POST tasks/{name}:run", () => {
  it("answers the task, which runs though the queue is paused and its ETA far off", async () => {
    await call("POST", "/push:pause");
    await queue("push").add({ name: "n1", countdown: 3600 });
    const [status, task] = await call("POST", "/push/tasks/n1:run");
    expect([status, task]).toEqual([200, expect.objectContaining({ name: "n1", state: "due" })]);
    await pass("push", 1);
    expect(received).toHaveLength(1);
  });

  it("runs a failed task", async () => {
    await failOne("n1");
    expect(await call("POST", "/one-retry/tasks/n1:run", {})).toEqual([
      ...[200, expect.objectContaining({ state: "due", retryCount: 0 })],
    ]);
    await pass("one-retry", 1);
    expect(await call("GET", "/one-retry/tasks/n1")).toMatchObject([200, { state: "done" }]);
  });

  it("refuses what it cannot run", async () => {
    await queue("pull").add({ name: "n1", payload: "" });
    await queue("push").add({ name: "ran" });
    await pass("push", 0);
    expect(await call("POST", "/pull/tasks/n1:run")).toEqual([400, refusal("WRONG_QUEUE_MODE")]);
    expect(await call("POST", "/push/tasks/no:run")).toEqual([404, refusal("UNKNOWN_TASK")]);
    expect(await call("POST", "/push/tasks/ran:run")).toEqual([
      ...[404, refusal("UNKNOWN_TASK", "it ran at 2050-01-01T00:00:00.000Z")],
    ]);
    expect(await call("POST", "/nowhere/tasks/n1:run")).toEqual([404, refusal("UNKNOWN_QUEUE")]);
  });
});

describe("POST tasks/{name}:reschedule", () => {
  it("gives a waiting task another time and answers with it", async () => {
    await queue("push").add({ name: "n1", countdown: 60 });
    const eta = new Date(START + 5000).toISOString();
    for (const time of [{ countdown: 5 }, { eta }]) {
      expect(await call("POST", "/push/tasks/n1:reschedule", time)).toEqual([
        ...[200, expect.objectContaining({ name: "n1", state: "scheduled", eta })],
      ]);
    }
    await pass("push", 5);
    expect(received).toHaveLength(1);
  });

  it.each([
    [{}, 400, "INVALID_REQUEST", "eta (an instant) or countdown"],
    [[], 400, "INVALID_REQUEST", "body: found [], expected a JSON object"],
    [{ when: 5 }, 400, "INVALID_REQUEST", '"when"'],
    [{ eta: null }, 400, "INVALID_ETA", "eta: found null"],
    [{ countdown: 2_592_001 }, 400, "INVALID_ETA", "countdown: found 2592001"],
    [undefined, 400, "INVALID_REQUEST", "a JSON object"],
  ])("refuses %j with %i %s", async (body, status, code, words) => {
    await queue("push").add({ name: "n1", countdown: 60 });
    expect(await call("POST", "/push/tasks/n1:reschedule", body)).toEqual([
      ...[status, refusal(code, words)],
    ]);
  });

  it("refuses a failed task, saying that it is one, and a task that is not there", async () => {
    await failOne("n1");
    expect(await call("POST", "/one-retry/tasks/n1:reschedule", { countdown: 5 })).toEqual([
      ...[400, refusal("INVALID_REQUEST", 'state: found "failed"')],
    ]);
    expect(await call("POST", "/one-retry/tasks/no:reschedule", { countdown: 5 })).toEqual([
      ...[404, refusal("UNKNOWN_TASK")],
    ]);
  });
});

describe("POST tasks:redrive", () => {
  it("brings failed tasks back by name", async () => {
    await failOne("n1");
    const names = ["n1", "no"];
    expect(await call("POST", "/one-retry/tasks:redrive", { names })).toEqual([
      200,
      {
        results: [
          { name: "n1", redriven: true },
          { name: "no", redriven: false },
        ],
      },
    ]);
    await pass("one-retry", 1);
    expect(await call("GET", "/one-retry/tasks/n1")).toMatchObject([200, { state: "done" }]);
  });

  it("brings all of them back", async () => {
    await failOne("n1");
    await failOne("n2");
    const all = { all: true };
    expect(await call("POST", "/one-retry/tasks:redrive", all)).toEqual([200, { redriven: 2 }]);
    expect(await call("POST", "/one-retry/tasks:redrive", all)).toEqual([200, { redriven: 0 }]);
  });

  it.each([
    [{}, "names: found"],
    [{ names: "n1" }, 'names: found "n1", expected a list of task names'],
    [{ names: [1] }, "names: found [1]"],
    [{ all: false }, "all: found false, expected true"],
    [{ all: true, names: ["n1"] }, "either names or all"],
  ])("refuses %j", async (body, words) => {
    expect(await call("POST", "/one-retry/tasks:redrive", body)).toEqual([
      ...[400, refusal("INVALID_REQUEST", words)],
    ]);
  });
});

describe("tombstones", () => {
  it("are listed by GET, in pages, with a prefix", async () => {
    await queue("push").add([{ name: "a-1" }, { name: "a-2" }, { name: "b" }]);
    await pass("push", 0);
    const [status, first] = (await call("GET", "/push/tombstones?prefix=a-&limit=1")) as [
      number,
      { tombstones: object[]; cursor: string },
    ];
    expect(status).toBe(200);
    const endedAt = new Date(START).toISOString();
    const expiresAt = new Date(START + 777_600_000).toISOString();
    expect(first.tombstones).toMatchObject([{ name: "a-1", state: "done", endedAt, expiresAt }]);
    const rest = await call("GET", `/push/tombstones?prefix=a-&limit=9&cursor=${first.cursor}`);
    expect(rest).toEqual([200, { tombstones: [expect.objectContaining({ name: "a-2" })] }]);
  });

  it.each(["limit=0", "limit=1001", "limit=x", "cursor=a.b", "state=done", "prefix=a&prefix=b"])(
    "refuse ?%s",
    async (query) => {
      expect(await call("GET", `/push/tombstones?${query}`)).toEqual([
        ...[400, refusal("INVALID_REQUEST")],
      ]);
    },
  );

  it("are released by DELETE, and the name can be added at once", async () => {
    await queue("push").add([{ name: "ran" }, { name: "live", countdown: 60 }]);
    await pass("push", 0);
    expect(await call("DELETE", "/push/tombstones/ran")).toEqual([
      ...[200, { name: "ran", released: true }],
    ]);
    for (const name of ["ran", "live", "no"]) {
      expect(await call("DELETE", `/push/tombstones/${name}`)).toEqual([
        ...[200, { name, released: false }],
      ]);
    }
    expect((await queue("push").add({ name: "ran" })).state).toBe("due");
  });
});
