// What cannot be sent to an object is refused by itself, with the class of its code: through a queue's handle
// and a group's. What leaves with it does.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { InvalidTaskError, TaskTooLargeError, TooManyTasksError } from "../../src/index.ts";
import { send } from "../support/bytes.ts";
import { freshStart, queue } from "../support/time.ts";
import { group } from "../support/worker.ts";

beforeEach(freshStart);

function deep(levels: number): unknown {
  let value: unknown = [];
  for (let i = 1; i < levels; i++) value = [value];
  return value;
}

function circle(): object {
  const one: Record<string, unknown> = {};
  one.other = { one };
  return { payload: one };
}

function wide(): object {
  let value: unknown = [];
  for (let i = 0; i < 100; i++) value = [value, value];
  return { payload: value };
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const MiB = 1024 * 1024;

/** Tasks nobody can send, and what their message names. */
const BAD: [string, () => object, string][] = [
  ["holds a symbol", () => ({ payload: Symbol("x") }), "payload: found a symbol"],
  ["holds a function", () => ({ payload: { when: () => 1 } }), "payload.when: found a function"],
  ["is of a class of its own", () => ({ payload: new (class Own {})() }), "an instance of Own"],
  ["has a null prototype", () => ({ payload: Object.create(null) }), "an object of no class"],
  ["holds a map, which has no JSON", () => ({ payload: new Map([[1, 2]]) }), "an instance of Map"],
  [
    "holds an error",
    () => ({ payload: { why: new Error("x") } }),
    "payload.why: found an instance",
  ],
  ["holds a request", () => ({ payload: new Request("http://x") }), "an instance of Request"],
  [
    "holds a url",
    () => ({ url: new URL("http://x/") as unknown as string }),
    "url: found an instance",
  ],
  ["nests 5,000 lists", () => ({ payload: deep(5000) }), "500 levels"],
  ["nests 500 lists in itself", () => ({ payload: deep(500) }), "500 levels"],
  ["goes round in a circle", circle, "500 levels"],
  ["is endless in width", wide, "31457280"],
  ["has an array of a thousand million", () => ({ payload: new Array(1e9) }), "31457280"],
  [
    "has a getter that throws",
    () => ({
      get payload() {
        throw new Error("boom");
      },
    }),
    "boom",
  ],
  ["holds a revoked proxy", () => ({ payload: revoked() }), "cannot be read"],
  ["is 40 MiB of text", () => ({ payload: { text: ["x".repeat(40 * MiB)] } }), "31457280"],
  ["is 31 MiB of bytes", () => ({ payload: new Uint8Array(31 * MiB) }), "31457280"],
  ["is 16 MiB of text of two bytes", () => ({ payload: "\u20ac".repeat(16 * MiB) }), "31457280"],
];

describe.each(BAD)("a task that %s", (_, bad, named) => {
  const refusal = expect.objectContaining({ message: expect.stringContaining(named) });

  it("is refused alone: adds begun beside it succeed", async () => {
    const handle = queue("stopped");
    const [good, wrong, batch, other] = await Promise.allSettled([
      handle.add({ name: "n1" }),
      handle.add(bad()),
      handle.add([{ name: "n2" }, bad()]),
      handle.add({ name: "n3" }),
    ]);
    expect(wrong).toMatchObject({ status: "rejected", reason: refusal });
    expect(batch).toMatchObject({ status: "rejected", reason: refusal });
    for (const { reason } of [wrong, batch] as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(named === "31457280" ? TaskTooLargeError : InvalidTaskError);
    }
    expect([good.status, other.status]).toEqual(["fulfilled", "fulfilled"]);
    expect((await handle.describe()).statistics.tasks).toBe(2);
  });

  it("is refused by a group, whose other adds succeed", async () => {
    const steps = await queue("stopped").group({ name: "g", open: true });
    const [good, wrong, other] = await Promise.allSettled([
      steps.add([{ queue: "stopped" }]),
      steps.add([{ queue: "stopped" }, { queue: "stopped", ...bad2(bad) } as object]),
      steps.add([{ queue: "stopped" }]),
    ]);
    expect(wrong).toMatchObject({ status: "rejected", reason: refusal });
    expect((wrong as PromiseRejectedResult).reason).toBeInstanceOf(InvalidTaskError);
    expect([good.status, other.status]).toEqual(["fulfilled", "fulfilled"]);
    expect((await group(env, "g").progress()).total).toBe(2);
    await expect(queue("stopped").group({ name: "g2", tasks: [bad()] })).rejects.toEqual(refusal);
    await expect(queue("stopped").group({ name: "g3", tasks: [], then: bad() })).rejects.toEqual(
      refusal,
    );
  });
});

/** The task with its getter, which spreading would call. */
function bad2(bad: () => object): object {
  const task = bad();
  const { get } = Object.getOwnPropertyDescriptor(task, "payload") ?? {};
  return get ? { payload: revoked2(get) } : task;
}

function revoked2(get: () => unknown): object {
  return Object.defineProperty({}, "a", { get, enumerable: true });
}

describe("what can be sent", () => {
  it.each<[string, () => unknown, unknown]>([
    ["499 lists", () => deep(499), deep(499)],
    ["a date", () => ({ at: new Date(0) }), { at: "1970-01-01T00:00:00.000Z" }],
    ["undefined fields", () => ({ a: undefined, b: 1 }), { b: 1 }],
    ["the same part twice", () => ((part) => [part, part])({ a: 1 }), [{ a: 1 }, { a: 1 }]],
    ["null", () => null, null],
    [
      "a field __proto__",
      () => JSON.parse('{"__proto__":{"a":1}}'),
      JSON.parse('{"__proto__":{"a":1}}'),
    ],
    ["half a surrogate pair in JSON", () => ["\ud800"], ["\ud800"]],
  ])("%s comes as it is", async (_, make, expected) => {
    await queue("stopped").add({ name: "n1", payload: make() });
    expect((await queue("stopped").get("n1")).payload).toEqual(expected);
  });

  it.each<[string, () => unknown]>([
    ["a buffer", () => new Uint8Array([1, 2, 3, 4]).buffer],
    ["bytes", () => new Uint8Array([1, 2, 3, 4])],
    ["a part of a buffer", () => new Uint8Array([0, 1, 2, 3, 4, 5]).subarray(1, 5)],
    ["numbers of two bytes", () => new Uint16Array([0x0201, 0x0403])],
    ["a view", () => new DataView(new Uint8Array([9, 1, 2, 3, 4]).buffer, 1)],
  ])("%s as a payload is its bytes, by a queue and by a group", async (_, make) => {
    await queue("stopped").add({ name: "n1", payload: make() });
    await queue("stopped").group({ name: "g", tasks: [{ name: "n2", payload: make() }] });
    const { work } = await import("../support/together.ts");
    await work(
      ["stopped", "/groups/g"],
      async () => (await queue("stopped").list()).tasks.length === 2,
    );
    for (const name of ["n1", "n2"]) {
      expect((await queue("stopped").get(name)).payloadBase64).toBe("AQIDBA==");
    }
  });

  it("20 MiB of text with one byte a character, on a pull queue", async () => {
    const tasks = Array.from({ length: 20 }, () => ({ payload: "x".repeat(MiB - 100) }));
    const results = await queue("pull").add(tasks);
    expect(results).toHaveLength(20);
  });
});

/** What a list is filtered by may be anything: it is compared. */
const FILTERS = new Set(["list tag", "list cursor", "list prefix"]);

describe("one call takes", () => {
  const names = (n: number) => Array.from({ length: n }, (_, i) => `n${i}`);
  const path = (verb: string) => `/_ah/api/queues/stopped/tasks:${verb}`;

  it.each(["delete", "redrive"] as const)(
    "1,000 names to %s and no more, by either door",
    async (verb) => {
      const handle = queue("stopped");
      const act = (list: string[]): Promise<unknown[]> =>
        verb === "delete" ? handle.delete(list) : handle.redrive(list);
      expect(await act(names(1000))).toHaveLength(1000);
      await expect(act(names(1001))).rejects.toThrow(TooManyTasksError);
      const over = (n: number) => send("POST", path(verb), JSON.stringify({ names: names(n) }));
      expect((await over(1000)).status).toBe(200);
      const { status, code, message } = await over(1001);
      expect([status, code]).toEqual([400, "TOO_MANY_TASKS"]);
      expect(message).toContain("1000");
    },
  );

  it("1,000 leases to acknowledge and no more, by either door", async () => {
    const leases = names(1001).map((name) => ({ name, lease: "x" }));
    await expect(queue("pull").acknowledge(leases)).rejects.toThrow("1000");
    expect(await queue("pull").acknowledge(leases.slice(1))).toHaveLength(1000);
    const body = JSON.stringify({ leases });
    const { status, message } = await send("POST", "/_ah/api/queues/pull/tasks:ack", body);
    expect([status, message]).toEqual([400, expect.stringContaining("1000")]);
  });

  it.each([true, "n1", { 0: "n1" }, [1], [null], undefined])(
    "names in a list: not %j",
    async (given) => {
      const wrong = given as unknown as string[];
      await expect(queue("stopped").delete(wrong)).rejects.toThrow(InvalidTaskError);
      const body = JSON.stringify({ names: given });
      expect((await send("POST", path("delete"), body)).status).toBe(400);
    },
  );

  it("names of 500 characters: one of 3 MB is refused by every method, and cut in the message", async () => {
    const long = "x".repeat(3_000_000);
    const handle = queue("stopped");
    const calls: [string, () => Promise<unknown>][] = [
      ["add", () => handle.add({ name: long })],
      ["get", () => handle.get(long)],
      ["delete", () => handle.delete([long])],
      ["redrive", () => handle.redrive([long])],
      ["run", () => handle.run(long)],
      ["reschedule", () => handle.reschedule(long, { countdown: 1 })],
      ["release", () => handle.release(long)],
      ["result", () => queue("results").result(long)],
      ["acknowledge", () => queue("pull").acknowledge([{ name: long, lease: "x" }])],
      ["modifyLease", () => queue("pull").modifyLease({ name: long, lease: "x" }, 1)],
      ["lease tag", () => queue("pull").lease({ leaseSeconds: 1, maxTasks: 1, tag: long })],
      ["list tag", () => queue("pull").list({ tag: long })],
      ["list prefix", () => handle.list({ prefix: long })],
      ["list cursor", () => handle.list({ cursor: long })],
      ["tombstones prefix", () => handle.tombstones({ prefix: long })],
      ["tombstones cursor", () => handle.tombstones({ cursor: long })],
      ["group name", () => handle.group({ name: long, tasks: [] })],
      ["tag", () => queue("pull").add({ payload: "x", tag: long })],
      ["url", () => handle.add({ url: `/${long}` })],
      ["target", () => handle.add({ target: long })],
      ["dialect", () => handle.add({ dialect: long as "cloudtasks" })],
      ["eta", () => handle.add({ eta: long })],
      ["unknown field", () => handle.add({ [long]: 1 } as object)],
    ];
    for (const [name, call] of calls) {
      const error = await call().then(
        () => undefined,
        (thrown: Error & { status?: number }) => thrown,
      );
      const expected = FILTERS.has(name) ? error?.status : 400;
      expect([name, error?.status, error && "status" in error]).toEqual([
        name,
        expected,
        error && true,
      ]);
      expect([name, (error?.message.length ?? 0) < 600]).toEqual([name, true]);
    }
  });
});

describe("a group's tasks", () => {
  it.each([true, 1, "x", {}, null, { length: 1 }])(
    "have to be a list: %j is refused",
    async (tasks) => {
      const body = JSON.stringify({ tasks });
      await send("POST", "/_ah/api/groups", '{"name":"g","open":true}');
      for (const path of ["/_ah/api/groups", "/_ah/api/groups/g/tasks"]) {
        const { status, code, message } = await send("POST", path, body);
        expect([status, code]).toEqual([400, "INVALID_REQUEST"]);
        expect(message).toContain("tasks");
      }
      await expect(group(env, "g").add(tasks as never)).rejects.toThrow(InvalidTaskError);
    },
  );

  it.each([[[true]], [["x"]], [[null]], [[[]]]])(
    "have to be objects: %j is refused",
    async (tasks) => {
      await send("POST", "/_ah/api/groups", '{"name":"g","open":true}');
      for (const path of ["/_ah/api/groups", "/_ah/api/groups/g/tasks"]) {
        const { status, message } = await send("POST", path, JSON.stringify({ tasks }));
        expect([status, message]).toEqual([400, expect.stringContaining("tasks[0]")]);
      }
      await expect(queue("stopped").group({ tasks: tasks as never })).rejects.toThrow(
        InvalidTaskError,
      );
    },
  );

  it("may have any date, and one that is none is refused by name", async () => {
    const eta = new Date(Number.NaN);
    await expect(queue("stopped").group({ tasks: [{ eta }] })).rejects.toMatchObject({
      code: "INVALID_ETA",
    });
  });
});
