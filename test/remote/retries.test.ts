// When a call is repeated: a table of verbs against what can happen on the way. The network is a list of what each
// try meets.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type CallOptions,
  connect,
  NoAnswerError,
  type RemoteQueue,
  TaskAlreadyExistsError,
  TaskLeaseExpiredError,
  TombstonedTaskError,
} from "../../src/remote/index.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2050, 0, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});

type Met = (init: RequestInit, url: string) => Response | Promise<Response>;

const broken: Met = () => {
  throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } });
};
const status =
  (code: number, headers: Record<string, string> = {}, body = "<html>"): Met =>
  () =>
    new Response(body, { status: code, headers });
const says =
  (body: unknown, code = 200): Met =>
  () =>
    Response.json(body, { status: code });
const refuses = (code: string, http: number, details?: object) =>
  says({ error: { code, message: `${code} it is`, details } }, http);
/** The server reads, does its work, and the answer breaks off. */
const cutOff: Met = () => new Response('   {"tasks": [', { status: 200 });
const spaces: Met = () => new Response("     ", { status: 200 });
const internal = says({ error: { code: "INTERNAL", message: "internal error" } }, 500);
const hangs: Met = (init) =>
  new Promise((_, reject) => {
    init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
  });

interface Asked {
  method: string;
  path: string;
  body: Record<string, unknown> | undefined;
  at: number;
}

/** A queue whose i-th request meets the i-th of these; the last goes on for ever. */
function queueThat(...meets: Met[]) {
  const asked: Asked[] = [];
  const began = Date.now();
  const queues = connect({
    url: "https://queues.example",
    token: "t",
    fetch: async (url, init) => {
      const text = init.body ? new TextDecoder().decode(init.body as Uint8Array) : undefined;
      const { pathname, search } = new URL(url);
      asked.push({
        method: init.method ?? "",
        path: pathname.replace("/_ah/api", "") + search,
        body: text === undefined ? undefined : JSON.parse(text),
        at: (Date.now() - began) / 1000,
      });
      return (meets[asked.length - 1] ?? (meets.at(-1) as Met))(init, url);
    },
  });
  return { queue: queues.get("q"), queues, asked };
}

/** What the promise comes to while time flies. */
async function come<T>(work: Promise<T>): Promise<{ value: T } | { error: Error }> {
  const settled = work.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  await vi.advanceTimersByTimeAsync(600_000);
  return settled;
}

const TASK = { queue: "q", name: "n", state: "due", createdAt: "2050-01-01T00:00:00.000Z" };
type Verb = (queue: RemoteQueue, options: CallOptions) => Promise<unknown>;

const REPEATED: [string, Verb][] = [
  ["add", (q, o) => q.add({}, o)],
  ["add of a chosen name", (q, o) => q.add({ name: "n" }, o)],
  ["get", (q, o) => q.get("n", o)],
  ["list", (q, o) => q.list({}, o)],
  ["delete", (q, o) => q.delete(["n"], o)],
  ["lease", (q, o) => q.lease({ leaseSeconds: 1, maxTasks: 1 }, o)],
  ["modifyLease", (q, o) => q.modifyLease({ name: "n", lease: "a-1" }, 5, o)],
  ["fail", (q, o) => q.fail({ name: "n", lease: "a-1" }, "no", o)],
  ["acknowledge", (q, o) => q.acknowledge([{ name: "n", lease: "a-1" }], o)],
  ["reschedule", (q, o) => q.reschedule("n", { countdown: 1 }, o)],
  ["tombstones", (q, o) => q.tombstones({}, o)],
  ["release", (q, o) => q.release("n", o)],
  ["pause", (q, o) => q.pause(o)],
  ["resume", (q, o) => q.resume(o)],
  ["define", (q, o) => q.define({ rate: "1/s" }, o)],
  ["remove", (q, o) => q.remove(o)],
  ["describe", (q, o) => q.describe(o)],
  ["history", (q, o) => q.history("6h", o)],
];

const ONCE: [string, Verb][] = [
  ["add that must not be repeated", (q, o) => q.add({}, { ...o, idempotent: false })],
  ["add of several likewise", (q, o) => q.add([{}, {}], { ...o, idempotent: false })],
  ["run", (q, o) => q.run("n", o)],
  ["redrive", (q, o) => q.redrive(["n"], o)],
  ["redrive of all", (q, o) => q.redrive("all", o)],
  ["purge", (q, o) => q.purge(o)],
];

const LOST: [string, Met][] = [
  ["a broken connection", broken],
  ["an answer that breaks off", cutOff],
  ["an answer of spaces alone", spaces],
  ["an internal error", internal],
  ["a proxy's 502", status(502)],
  ["a proxy's 503", status(503)],
  ["a proxy's 504", status(504)],
  ["Cloudflare's 522", status(522)],
  ["silence", hangs],
];

describe.each(LOST)("%s", (_, lost) => {
  it.each(REPEATED)("is tried again: %s", async (_, verb) => {
    const { queue, asked } = queueThat(lost, says({ ...TASK, tasks: [], results: [] }));
    expect(await come(verb(queue, {}))).toHaveProperty("value");
    expect(asked).toHaveLength(2);
    expect(asked[1]?.body).toEqual(asked[0]?.body);
  });

  it.each(ONCE)("is told, and not tried again: %s", async (_, verb) => {
    const { queue, asked } = queueThat(lost, says({ ...TASK, results: [] }));
    const { error } = (await come(verb(queue, {}))) as { error: NoAnswerError };
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(error.tries).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it("is given up after five more", async () => {
    const { queue, asked } = queueThat(lost);
    const { error } = (await come(queue.describe())) as { error: NoAnswerError };
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(error.message).toMatch(
      /^GET https:\/\/queues.example\/_ah\/api\/queues\/q: .*\(tried 6 times\)$/,
    );
    expect(asked).toHaveLength(6);
  });

  it("is told at once where no retries are wanted", async () => {
    const { queue, asked } = queueThat(lost);
    expect(await come(queue.describe({ retries: 0 }))).toHaveProperty("error");
    expect(asked).toHaveLength(1);
  });
});

describe("a 429 that is not the queues' own", () => {
  it.each([...REPEATED, ...ONCE])(
    "has changed nothing, so it is tried again: %s",
    async (_, verb) => {
      const { queue, asked } = queueThat(
        status(429, { "Retry-After": "7" }),
        says({ ...TASK, tasks: [], results: [] }),
      );
      expect(await come(verb(queue, {}))).toHaveProperty("value");
      expect(asked.map(({ at }) => at)).toEqual([0, 7]);
    },
  );
});

describe("at once and for good are told", () => {
  it.each<[string, Met, string]>([
    ["a refusal", refuses("UNKNOWN_QUEUE", 404), "UNKNOWN_QUEUE it is"],
    ["a full queue", refuses("QUEUE_FULL", 429), "QUEUE_FULL it is"],
    ["a wrong token", refuses("UNAUTHENTICATED", 401), "UNAUTHENTICATED it is"],
    [
      "a wrong token too many",
      refuses("UNAUTHENTICATED", 429, { retryAfter: 9 }),
      "UNAUTHENTICATED it is",
    ],
    ["a page that is not there", status(404), "answered 404, not as the API does"],
    ["a sign-in page in front", status(403), "answered 403, not as the API does"],
    [
      "JSON of somebody else",
      says({ error: "nope" }, 400),
      'answered 400, not as the API does: {"error":"nope"}',
    ],
    ["a code nobody knows", refuses("NEW_CODE", 400), "answered 400, not as the API does"],
    [
      "a redirect",
      status(301, { Location: "https://x.example/" }),
      "is redirected to https://x.example/",
    ],
    [
      "a wait too long",
      status(503, { "Retry-After": "3600" }),
      "answered 503, not as the API does",
    ],
  ])("%s", async (_, met, message) => {
    const { queue, asked } = queueThat(met);
    const { error } = (await come(queue.pause())) as { error: Error };
    expect(error.message).toContain(message);
    expect(asked).toHaveLength(1);
  });
});

describe("the pauses", () => {
  it("grow, half of them by chance", async () => {
    for (const chance of [0, 0.999]) {
      vi.spyOn(Math, "random").mockReturnValue(chance);
      const { queue, asked } = queueThat(broken);
      await come(queue.get("n"));
      const gaps = asked.slice(1).map(({ at }, i) => at - (asked[i] as Asked).at);
      const full = [0.2, 0.4, 0.8, 1.6, 3.2];
      for (const [i, gap] of gaps.entries()) {
        expect(gap).toBeCloseTo((full[i] as number) * (0.5 + chance / 2), 2);
      }
    }
  });

  it("end when the signal aborts, with its reason", async () => {
    const { queue, asked } = queueThat(broken);
    const controller = new AbortController();
    const work = come(queue.get("n", { signal: controller.signal }));
    controller.abort(new Error("enough"));
    expect(await work).toEqual({ error: new Error("enough") });
    expect(asked).toHaveLength(1);
  });
});

describe("an add whose answer was lost", () => {
  const OLD = { ...TASK, createdAt: "2049-12-31T00:00:00.000Z" };

  it("is there by a name of its own, the same in each try", async () => {
    const { queue, asked } = queueThat(broken, broken, says(TASK, 201));
    await come(queue.add({ payload: 1 }));
    const names = asked.map(({ body }) => body?.name);
    expect(names[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(names).size).toBe(1);
  });

  it.each<[string, string, Met, object]>([
    ["lives", "TASK_ALREADY_EXISTS", says(TASK), TASK],
    ["has run", "TOMBSTONED_TASK", says({ ...TASK, state: "done" }), { ...TASK, state: "done" }],
    ["is told late", "TASK_ALREADY_EXISTS", says(OLD), OLD],
  ])("counts as added where its task %s", async (_, code, found, task) => {
    const { queue, asked } = queueThat(cutOff, refuses(code, 409), found);
    expect(await come(queue.add({ payload: 1 }))).toEqual({ value: task });
    expect(asked[2]?.path).toBe(`/queues/q/tasks/${asked[0]?.body?.name}`);
  });

  it.each<[string, Met, boolean]>([
    ["was made just now", says(TASK), true],
    [
      "was made a minute before, as another clock has it",
      says({ ...TASK, createdAt: "2049-12-31T23:59:00.000Z" }),
      true,
    ],
    ["was made a day before", says(OLD), false],
    ["is gone", refuses("UNKNOWN_TASK", 404), false],
  ])("under a chosen name counts where that task %s", async (_, found, isOurs) => {
    const { queue } = queueThat(internal, refuses("TASK_ALREADY_EXISTS", 409), found);
    const came = await come(queue.add({ name: "n" }));
    if (isOurs) expect(came).toHaveProperty("value");
    else expect((came as { error: unknown }).error).toBeInstanceOf(TaskAlreadyExistsError);
  });

  it("is refused as ever where no try went before", async () => {
    const { queue, asked } = queueThat(refuses("TOMBSTONED_TASK", 409));
    const { error } = (await come(queue.add({ name: "n" }))) as { error: Error };
    expect(error).toBeInstanceOf(TombstonedTaskError);
    expect(asked).toHaveLength(1);
  });

  it("and one after a 429 too: that try changed nothing", async () => {
    const { queue, asked } = queueThat(status(429), refuses("TASK_ALREADY_EXISTS", 409));
    expect(await come(queue.add({ name: "n" }))).toHaveProperty("error");
    expect(asked).toHaveLength(2);
  });

  it("of several counts for each", async () => {
    const taken = { error: { code: "TASK_ALREADY_EXISTS", message: "taken" } };
    const results = [
      taken,
      { task: TASK },
      taken,
      { error: { code: "QUEUE_FULL", message: "full" } },
    ];
    const { queue, asked } = queueThat(broken, says({ results }), says(TASK), says(OLD));
    const { value } = (await come<unknown>(queue.add([{}, {}, { name: "chosen" }, {}]))) as {
      value: { task?: object; error?: Error }[];
    };
    expect(value.map(({ task, error }) => task ?? error?.name)).toEqual([
      TASK,
      TASK,
      "TaskAlreadyExistsError",
      "QueueFullError",
    ]);
    expect(asked).toHaveLength(4);
  });

  it("of all or none counts where all are there", async () => {
    const all = [{}, {}];
    const lost = [broken, refuses("TASK_ALREADY_EXISTS", 409)];
    const there = queueThat(...lost, says(TASK));
    expect(await come(there.queue.add(all, { atomic: true }))).toEqual({
      value: [{ task: TASK }, { task: TASK }],
    });
    const notThere = queueThat(...lost, says(TASK), refuses("UNKNOWN_TASK", 404));
    expect(await come(notThere.queue.add(all, { atomic: true }))).toHaveProperty("error");
  });
});

describe("what the try before has done", () => {
  const held = { name: "n", lease: "k2-3" };
  const expired = refuses("TASK_LEASE_EXPIRED", 409);
  const gone = { name: "n", acknowledged: false };

  it.each<[string, Met, boolean]>([
    ["the lease under another token", says({ ...TASK, state: "leased", lease: "k9-3" }), true],
    ["a lease of somebody else", says({ ...TASK, state: "leased", lease: "k9-4" }), false],
    ["one that ends alike", says({ ...TASK, state: "leased", lease: "k9-13" }), false],
    ["no lease", says({ ...TASK, state: "due" }), false],
  ])("to a lease is found: %s", async (_, found, isOurs) => {
    const { queue } = queueThat(broken, expired, found);
    const came = await come(queue.modifyLease(held, 60));
    if (isOurs) expect(came).toMatchObject({ value: { lease: "k9-3" } });
    else expect((came as { error: unknown }).error).toBeInstanceOf(TaskLeaseExpiredError);
  });

  it("gave the task up", async () => {
    const tombstone = refuses("TOMBSTONED_TASK", 409);
    const failed = queueThat(broken, tombstone, says({ ...TASK, state: "failed" }));
    expect(await come(failed.queue.fail(held, "no"))).toMatchObject({ value: { state: "failed" } });
    const done = queueThat(broken, tombstone, says({ ...TASK, state: "done" }));
    expect(await come(done.queue.fail(held, "no"))).toHaveProperty("error");
  });

  it("gave it back", async () => {
    const { queue } = queueThat(broken, expired, says({ ...TASK, state: "due" }));
    expect(await come(queue.modifyLease(held, 0))).toHaveProperty("value");
  });

  it.each<[string, object, boolean]>([
    ["is gone", { code: "UNKNOWN_TASK", message: "gone" }, true],
    ["is done", { code: "TOMBSTONED_TASK", message: "done", details: { state: "done" } }, true],
    [
      "was deleted",
      { code: "TOMBSTONED_TASK", message: "x", details: { state: "deleted" } },
      false,
    ],
    ["is another's", { code: "TASK_LEASE_EXPIRED", message: "x" }, false],
  ])("acknowledged a task that %s", async (_, error, isOver) => {
    const results = [{ ...gone, error }];
    const { queue } = queueThat(broken, says({ results }));
    const { value } = (await come(queue.acknowledge([held]))) as { value: object[] };
    expect(value[0]).toHaveProperty("acknowledged", isOver);
    const first = queueThat(says({ results }));
    expect(await come(first.queue.acknowledge([held]))).toEqual({ value: results });
  });

  it("removed the queue, and made the group", async () => {
    const removed = queueThat(broken, refuses("UNKNOWN_QUEUE", 404));
    expect(await come(removed.queue.remove())).toEqual({ value: undefined });
    const made = queueThat(broken, refuses("GROUP_ALREADY_EXISTS", 409));
    const { value } = (await come(made.queue.group({ tasks: [{}] }))) as {
      value: { name: string };
    };
    expect(value.name).toBe(made.asked[0]?.body?.name);
    const others = queueThat(refuses("GROUP_ALREADY_EXISTS", 409));
    expect(await come(others.queue.group({ name: "g", tasks: [{}] }))).toHaveProperty("error");
  });
});

describe("a client made wrongly", () => {
  it.each<[string, object, RegExp]>([
    ["no url", {}, /^url: found undefined, expected the address/],
    ["a host alone", { url: "your.worker" }, /^url: found "your.worker"/],
    ["another scheme", { url: "ftp://your.worker" }, /^url: /],
    ["a query", { url: "https://your.worker/?key=x" }, /^url: .*without a query or a user/],
    ["a fragment", { url: "https://your.worker/#x" }, /^url: /],
    ["a user", { url: "https://me@your.worker" }, /^url: /],
    [
      "a token with a line break",
      { url: "https://w.example", token: "abc\n" },
      /^token: found one with/,
    ],
    ["a token with an umlaut", { url: "https://w.example", token: "äbc" }, /^token: /],
    ["retries below none", { url: "https://w.example", retries: -1 }, /^retries: found -1/],
    ["retries of text", { url: "https://w.example", retries: "3" }, /^retries: found "3"/],
    ["a timeout of nothing", { url: "https://w.example", timeout: 0 }, /^timeout: found 0/],
    [
      "a timeout without end",
      { url: "https://w.example", timeout: Number.POSITIVE_INFINITY },
      /^timeout: /,
    ],
  ])("%s", (_, options, message) => {
    expect(() => connect(options as { url: string })).toThrow(message);
    try {
      connect(options as { url: string });
    } catch (error) {
      expect(String(error)).not.toContain("bc");
    }
  });

  it.each<[CallOptions, RegExp]>([
    [{ retries: -1 }, /^retries: found -1/],
    [{ retries: Number.NaN }, /^retries: found NaN/],
    [{ timeout: 0 }, /^timeout: found 0, expected seconds from 0.001 to 86400/],
    [{ timeout: 1e9 }, /^timeout: found 1000000000/],
    [{ timeout: "5" as unknown as number }, /^timeout: found "5"/],
  ])("or a call made so: %o", async (options, message) => {
    const { queue, asked } = queueThat(says({}));
    await expect(queue.describe(options)).rejects.toThrow(message);
    expect(asked).toEqual([]);
  });

  it.each([
    ["https://your.worker", "https://your.worker/_ah/api/queues/q"],
    ["https://your.worker/", "https://your.worker/_ah/api/queues/q"],
    ["https://your.worker/_ah/api/", "https://your.worker/_ah/api/queues/q"],
    ["http://127.0.0.1:8787", "http://127.0.0.1:8787/_ah/api/queues/q"],
    ["https://proxy.example/behind/", "https://proxy.example/behind/_ah/api/queues/q"],
  ])("and rightly: %s", async (url, asked) => {
    const seen: string[] = [];
    const answer = async (to: string) => {
      seen.push(to);
      return Response.json({});
    };
    await come(connect({ url, fetch: answer }).get("q").describe());
    expect(seen).toEqual([asked]);
  });
});
