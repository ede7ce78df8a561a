// Names that can be none, in every place where one stands: the path, a body, the TypeScript client.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import { call } from "../../support/http.ts";
import { freshStart, queue } from "../../support/time.ts";
import { get, group } from "../../support/worker.ts";

beforeEach(freshStart);

type Answer = [status: number, code: string | undefined, message: string | undefined];

async function answerTo(method: string, path: string, body?: object): Promise<Answer> {
  const [status, { error }] = await call(method, path, body);
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  return [status, code, message];
}

const BAD_QUEUES = [
  ...["bad name", "a_b", "a.b", "ü", "日本", "a\nb", "a\u0000b", "a:b", "~", "%", "a+b", "*"],
  ...["q".repeat(101), "q".repeat(1000), "/", "a//b", "/a", "a/", "a_b/c", "😀"],
];

const QUEUE_CALLS: [method: string, path: string, body?: object][] = [
  ["GET", ""],
  ["PUT", "", { rate: "1/s" }],
  ["DELETE", ""],
  ["POST", ":pause"],
  ["POST", ":resume"],
  ["POST", ":purge"],
  ["POST", "/tasks", {}],
  ["POST", "/tasks", { tasks: [{}] }],
  ["GET", "/tasks"],
  ["GET", "/tasks/x"],
  ["DELETE", "/tasks/x"],
  ["DELETE", "/tasks/x?lease=y"],
  ["POST", "/tasks/x:run"],
  ["POST", "/tasks/x:reschedule", { countdown: 1 }],
  ["POST", "/tasks/x:modifyLease", { lease: "y", leaseSeconds: 1 }],
  ["POST", "/tasks/x:fail", { lease: "y" }],
  ["POST", "/tasks:delete", { names: ["x"] }],
  ["POST", "/tasks:lease", { leaseSeconds: 1, maxTasks: 1 }],
  ["POST", "/tasks:ack", { leases: [{ name: "x", lease: "y" }] }],
  ["POST", "/tasks:redrive", { all: true }],
  ["GET", "/tombstones"],
  ["DELETE", "/tombstones/x"],
  ["GET", "/history"],
];

describe("a queue's name", () => {
  it.each(BAD_QUEUES)("%j is refused as INVALID_QUEUE_NAME", async (name) => {
    const at = `/queues/${encodeURIComponent(name)}`;
    for (const [method, path] of [
      ["POST", "/tasks"],
      ["GET", "/tasks"],
      ["PUT", ""],
    ] as const) {
      expect(await answerTo(method, at + path, method === "GET" ? undefined : {})).toEqual([
        ...[400, "INVALID_QUEUE_NAME"],
        expect.stringMatching(/^queue: found ".*, expected 1 to 100 letters, digits and hyphens$/s),
      ]);
    }
  });

  it.each(QUEUE_CALLS)("is looked at first by %s /queues/a.b%s", async (method, path, body) => {
    expect((await answerTo(method, `/queues/a.b${path}`, body)).slice(0, 2)).toEqual([
      ...[400, "INVALID_QUEUE_NAME"],
    ]);
  });

  it.each(QUEUE_CALLS.filter(([, path]) => path !== "" && !path.startsWith(":")))(
    "none at all: %s /queues/%s",
    async (method, path, body) => {
      expect(await answerTo(method, `/queues/${path}`, body)).toEqual([
        ...[400, "INVALID_QUEUE_NAME", expect.stringContaining('found ""')],
      ]);
    },
  );

  it.each(["a", "-", "0", "A-Z-0-9", "q".repeat(100), "acme/us-central1/mail"])(
    "%j can be one: it is only unknown",
    async (name) => {
      const at = `/queues/${encodeURIComponent(name)}`;
      expect((await answerTo("POST", `${at}/tasks`, {})).slice(0, 2)).toEqual([
        404,
        "UNKNOWN_QUEUE",
      ]);
    },
  );

  it.each(["bad name", "", "q".repeat(101), "a.b", "ü", "a//b", 5, null, undefined, {}, "x\n"])(
    "%j: the TypeScript client refuses each call with InvalidQueueNameError",
    async (name) => {
      const q = get(env, name as string);
      const calls = [
        () => q.add({}),
        () => q.add([{}]),
        () => q.get("x"),
        () => q.list(),
        () => q.delete(["x"]),
        () => q.lease({ leaseSeconds: 1, maxTasks: 1 }),
        () => q.acknowledge([{ name: "x", lease: "y" }]),
        () => q.modifyLease({ name: "x", lease: "y" }, 1),
        () => q.run("x"),
        () => q.reschedule("x", { countdown: 1 }),
        () => q.redrive(["x"]),
        () => q.redrive("all"),
        () => q.tombstones(),
        () => q.release("x"),
        () => q.result("x"),
        () => q.purge(),
        () => q.pause(),
        () => q.resume(),
        () => q.describe(),
        () => q.history(),
        () => q.config(),
        () => q.define({ rate: "1/s" }),
        () => q.remove(),
      ];
      for (const refused of calls) {
        await expect(refused(), String(refused)).rejects.toMatchObject({
          ...{ name: "InvalidQueueNameError", code: "INVALID_QUEUE_NAME", status: 400 },
        });
      }
    },
  );

  it("in a PUT's body is one too, and the queue's own", async () => {
    expect(await answerTo("PUT", "/queues/own", { name: "bad name", rate: "1/s" })).toEqual([
      ...[400, "INVALID_QUEUE_NAME", expect.stringContaining('name: found "bad name"')],
    ]);
    expect(await answerTo("PUT", "/queues/own", { name: "other", rate: "1/s" })).toEqual([
      ...[400, "INVALID_REQUEST", expect.stringContaining('name: found "other"')],
    ]);
    expect((await answerTo("GET", "/queues/own"))[0]).toBe(404);
  });

  it.each([
    "bad name",
    "a.b",
    "q".repeat(101),
    "ü",
    "",
    "a//b",
    " push",
    "push ",
    "push/",
    "\u0000",
  ])("%j as the queue of a group's subtask, of its last task and of its master", async (name) => {
    const groups = [
      [{ tasks: [{ queue: name }] }, "tasks: queue: found"],
      [{ tasks: [{ queue: "push" }, { queue: name }] }, "tasks: queue: found"],
      [{ tasks: [], then: { queue: name } }, "then.queue: found"],
      [{ master: { queue: name, name: "x" } }, "master.queue: found"],
    ] as const;
    for (const [body, words] of groups) {
      expect(await answerTo("POST", "/groups", body)).toEqual([
        ...[400, "INVALID_QUEUE_NAME", expect.stringContaining(words)],
      ]);
    }
  });

  it("of a master that no queue has is UNKNOWN_QUEUE, and makes no queue", async () => {
    const master = { queue: "nowhere", name: "x" };
    expect((await answerTo("POST", "/groups", { master })).slice(0, 2)).toEqual([
      ...[404, "UNKNOWN_QUEUE"],
    ]);
    expect((await answerTo("GET", "/queues/nowhere"))[0]).toBe(404);
  });
});

const BAD_TASKS = [
  ...["a.b", "a b", "ü", "日本", "a\nb", "\u0000", "a:b", "a/b", "%", "a+b", "😀"],
  ...["n".repeat(501), "n".repeat(5000), "x:run", "*", "a,b"],
];

describe("a task's name", () => {
  it.each(BAD_TASKS)("%j is refused as INVALID_TASK_NAME", async (name) => {
    const path = `/queues/push/tasks/${encodeURIComponent(name)}`;
    const answers = [
      await answerTo("GET", path),
      await answerTo("POST", "/queues/push/tasks", { name }),
    ];
    for (const answer of answers) {
      expect(answer.slice(0, 2)).toEqual([400, "INVALID_TASK_NAME"]);
    }
  });

  it.each<[method: string, path: string, body?: object]>([
    ["GET", "/push/tasks/a.b"],
    ["DELETE", "/push/tasks/a.b"],
    ["DELETE", "/pull/tasks/a.b?lease=x"],
    ["POST", "/push/tasks/a.b:run"],
    ["POST", "/push/tasks/a.b:reschedule", { countdown: 1 }],
    ["POST", "/pull/tasks/a.b:modifyLease", { lease: "x", leaseSeconds: 1 }],
    ["DELETE", "/push/tombstones/a.b"],
    ["POST", "/push/tasks", { name: "a.b" }],
    ["POST", "/push/tasks:delete", { names: ["ok", "a.b"] }],
    ["POST", "/push/tasks:redrive", { names: ["ok", "a.b"] }],
    ["POST", "/pull/tasks:ack", { leases: [{ name: "a.b", lease: "x" }] }],
  ])("is looked at by %s %s", async (method, path, body) => {
    expect((await answerTo(method, `/queues${path}`, body)).slice(0, 2)).toEqual([
      ...[400, "INVALID_TASK_NAME"],
    ]);
  });

  it.each(["a.b", "", "n".repeat(501), "a b", "x\n", 5, null, undefined, {}, ["x"]])(
    "%j: the TypeScript client refuses each call with InvalidTaskNameError",
    async (name) => {
      const given = name as string;
      const calls = [
        () => queue("push").get(given),
        () => queue("push").run(given),
        () => queue("push").reschedule(given, { countdown: 1 }),
        () => queue("push").release(given),
        () => queue("results").result(given),
        () => queue("pull").modifyLease({ name: given, lease: "x" }, 1),
        () => queue("pull").acknowledge([{ name: given, lease: "x" }]),
      ];
      for (const refused of calls) {
        await expect(refused(), String(refused)).rejects.toMatchObject({
          ...{ name: "InvalidTaskNameError", code: "INVALID_TASK_NAME" },
        });
      }
    },
  );

  it("of a group is one as well, in its path and when it is made", async () => {
    for (const name of ["a b", "a.b", "n".repeat(602)]) {
      const at = `/groups/${encodeURIComponent(name)}`;
      const calls: [method: string, path: string, body?: object][] = [
        ["GET", at],
        ["GET", `${at}/events`],
        ["GET", `${at}/results`],
        ["POST", `${at}:close`],
        ["POST", `${at}:cancel`],
        ["POST", `${at}/tasks`, { tasks: [] }],
        ["POST", "/groups", { name, tasks: [] }],
      ];
      for (const [method, path, body] of calls) {
        const answer = await answerTo(method, path, body);
        expect([path, ...answer.slice(0, 2)]).toEqual([path, 400, "INVALID_TASK_NAME"]);
      }
      await expect(group(env, name).progress()).rejects.toMatchObject({
        name: "InvalidTaskNameError",
      });
    }
    expect((await answerTo("GET", "/groups/acme%2Fus%2Fmail-x"))[1]).toBe("UNKNOWN_GROUP");
  });

  // Entries come from a file: there is no rule to break here, only a name that is not in it.
  it.each(["a b", "ü", "x".repeat(1000), "a.b", "%00"])(
    "of an entry of cron.yaml, %j, is unknown",
    async (name) => {
      expect((await answerTo("POST", `/cron/${encodeURIComponent(name)}:run`)).slice(0, 2)).toEqual(
        [...[404, "UNKNOWN_CRON"]],
      );
    },
  );
});

describe("names in one call", () => {
  it.each([
    [["a", "a"], "DUPLICATE_TASK_NAME"],
    [["b", "a", "b"], "DUPLICATE_TASK_NAME"],
    [["no", "no"], "DUPLICATE_TASK_NAME"],
    [["a", "a", "a.b"], "INVALID_TASK_NAME"],
    [["a", ""], "INVALID_TASK_NAME"],
    [["a", 1], "INVALID_REQUEST"],
    [["a", null], "INVALID_REQUEST"],
    ["a", "INVALID_REQUEST"],
    [{ 0: "a" }, "INVALID_REQUEST"],
    [null, "INVALID_REQUEST"],
    [undefined, "INVALID_REQUEST"],
    [Array.from({ length: 1001 }, (_, i) => `n${i}`), "TOO_MANY_TASKS"],
  ])("a delete of %j is refused as %s, and deletes nothing", async (names, code) => {
    await queue("stopped").add([{ name: "a" }, { name: "b" }]);
    const [status, said] = await answerTo("POST", "/queues/stopped/tasks:delete", { names });
    expect([status, said]).toEqual([400, code]);
    await expect(queue("stopped").delete(names as string[])).rejects.toMatchObject({ code });
    expect((await queue("stopped").describe()).statistics.tasks).toBe(2);
  });

  it("takes a thousand, each once, and none", async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `n${i}`);
    expect((await queue("stopped").delete(names)).length).toBe(1000);
    expect(await queue("stopped").delete([])).toEqual([]);
  });

  it("tells two by their letters alone", async () => {
    await queue("stopped").add([{ name: "a" }, { name: "A" }]);
    expect(await queue("stopped").delete(["a", "A"])).toEqual([
      { name: "a", deleted: true },
      { name: "A", deleted: true },
    ]);
  });

  it("a redrive of one twice brings it back once, and says so", async () => {
    const names = ["x", "x"];
    expect(await call("POST", "/queues/push/tasks:redrive", { names })).toEqual([
      200,
      {
        results: [
          { name: "x", redriven: false },
          { name: "x", redriven: false },
        ],
      },
    ]);
  });

  it("an acknowledgement with one lease twice is refused whole; with two leases each is answered", async () => {
    await queue("pull").add([
      { name: "a", payload: "" },
      { name: "b", payload: "" },
    ]);
    const request = { leaseSeconds: 60, maxTasks: 2 };
    clock.now += 1;
    const [a, b] = (await queue("pull").lease(request)).map(({ name, lease }) => ({ name, lease }));
    expect(
      (await answerTo("POST", "/queues/pull/tasks:ack", { leases: [a, b, a] })).slice(0, 2),
    ).toEqual([400, "DUPLICATE_TASK_NAME"]);
    expect((await queue("pull").get("a")).state).toBe("leased");
    const leases = [a, { ...a, lease: "stale" }, b];
    const [status, { results }] = await call("POST", "/queues/pull/tasks:ack", { leases });
    expect([status, (results as { acknowledged: boolean }[]).map((it) => it.acknowledged)]).toEqual(
      [200, [true, false, true]],
    );
  });
});
