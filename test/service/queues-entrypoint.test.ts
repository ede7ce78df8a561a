// Another Worker's service binding: by RPC and by the client's fetch, without a token, with what its props allow.
import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { QueueHandle, TaskQueuesBinding } from "../../src/index.ts";
import { connect, PermissionDeniedError, TaskAlreadyExistsError } from "../../src/remote/index.ts";
import type { BoundVerbs } from "../../src/service/queues-entrypoint.ts";
import { freshStart, pass, queue } from "../support/time.ts";
import { handlers } from "../support/worker.ts";

beforeEach(freshStart);

interface Typed extends Record<string, unknown> {
  push: { to: string } | undefined;
  pull: { invoice: number };
}

/** What another Worker has at its binding. */
function binding(props: object = {}): TaskQueuesBinding<Typed> {
  const entrypoints = exports as unknown as {
    TaskQueuesEntrypoint: (options: { props: object }) => TaskQueuesBinding<Typed>;
  };
  return entrypoints.TaskQueuesEntrypoint({ props });
}

function client(props?: object, host = "https://queues") {
  const bound = binding(props);
  return connect<Typed>({ url: host, fetch: (url, init) => bound.fetch(url, init) });
}

// The verbs have the types they have inside.
const sameTypes = <P>(own: QueueHandle<P>): Omit<BoundVerbs<P>, "lease" | "result"> => own;

async function thrownBy(work: () => PromiseLike<unknown>) {
  const error = await Promise.resolve(work()).then(
    () => "nothing was thrown",
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error & { code?: string; details?: unknown };
}

describe("by RPC", () => {
  it("a queue is used in one trip, or kept and disposed", async () => {
    const task = await binding()
      .get("push")
      .add({ payload: { to: "you" }, countdown: 60 });
    expect(task).toMatchObject({ queue: "push", state: "scheduled" });
    using push = await binding().get("push");
    expect(await push.get(task.name)).toMatchObject({ payload: { to: "you" } });
    expect((await push.list()).tasks).toHaveLength(1);
    expect(await push.delete([task.name])).toEqual([{ name: task.name, deleted: true }]);
    expect(sameTypes(queue("push")).add).toBeTypeOf("function");
  });

  it("every verb of a queue is there", async () => {
    handlers.set("/_ah/queue/results", () => Response.json({ sum: 3 }));
    const made = (binding() as unknown as TaskQueuesBinding).get("made");
    expect((await made.define({ rate: "500/s" })).name).toBe("made");
    expect((await made.pause()).state).toBe("paused");
    await made.add([{ name: "x" }, { name: "y" }], { atomic: true });
    expect((await made.reschedule("x", { countdown: 9 })).name).toBe("x");
    expect((await made.resume()).state).toBe("running");
    expect((await made.purge()).statistics.tasks).toBe(0);
    expect((await made.tombstones()).tombstones).toHaveLength(2);
    expect(await made.release("x")).toEqual({ name: "x", released: true });
    expect(await made.redrive("all")).toEqual({ redriven: 0 });
    expect(await made.redrive(["x"])).toEqual([{ name: "x", redriven: false }]);
    expect((await made.describe()).rate).toBe("500/s");
    expect((await made.history()).slotSeconds).toBe(10);
    await made.remove();

    const results = (binding() as unknown as TaskQueuesBinding).get("results");
    await results.add({ name: "r", countdown: 60 });
    expect((await results.run("r")).name).toBe("r");
    await pass("results", 0);
    expect(await results.result("r", { timeout: 1 })).toEqual({ sum: 3 });

    const pull = binding().get("pull");
    await pull.add({ name: "p", payload: { invoice: 1 } });
    const [task] = await pull.lease({ leaseSeconds: 5, maxTasks: 1, waitSeconds: 1 });
    const longer = await pull.modifyLease(task as { name: string }, 50);
    expect(await pull.acknowledge([longer])).toEqual([{ name: "p", acknowledged: true }]);
    await pull.add({ name: "q", payload: { invoice: 2 } });
    const [other] = await pull.lease({ leaseSeconds: 5, maxTasks: 1 });
    expect((await pull.fail(other as { name: string }, "no")).state).toBe("failed");
  });

  it.each<[string, (b: TaskQueuesBinding) => PromiseLike<unknown>, string, string]>([
    [
      "a queue that is not there",
      (b) => b.get("nowhere").describe(),
      "UNKNOWN_QUEUE",
      "UnknownQueueError",
    ],
    [
      "a queue's name that is none",
      (b) => b.get("a b").describe(),
      "INVALID_QUEUE_NAME",
      "InvalidQueueNameError",
    ],
    ["a task that is not there", (b) => b.get("push").get("x"), "UNKNOWN_TASK", "UnknownTaskError"],
    [
      "a task's name that is none",
      (b) => b.get("push").run("a/b"),
      "INVALID_TASK_NAME",
      "InvalidTaskNameError",
    ],
    [
      "a field nobody knows",
      (b) => b.get("push").add({ nmae: 1 } as object),
      "INVALID_REQUEST",
      "InvalidTaskError",
    ],
    [
      "an eta that is none",
      (b) => b.get("push").add({ eta: "soon" }),
      "INVALID_ETA",
      "InvalidEtaError",
    ],
    [
      "a lease of a push queue",
      (b) => b.get("push").lease({ leaseSeconds: 1, maxTasks: 1 }),
      "WRONG_QUEUE_MODE",
      "InvalidQueueModeError",
    ],
    [
      "a lease too long",
      (b) => b.get("pull").lease({ leaseSeconds: 1e9, maxTasks: 1 }),
      "INVALID_LEASE_TIME",
      "InvalidLeaseTimeError",
    ],
    ["a queue of the file", (b) => b.get("push").remove(), "QUEUE_IN_FILE", "QueueInFileError"],
    [
      "too many tasks",
      (b) => b.get("push").add(Array.from({ length: 1001 }, () => ({}))),
      "TOO_MANY_TASKS",
      "TooManyTasksError",
    ],
  ])("%s is refused with its code", async (_, call, code, name) => {
    const error = await thrownBy(() => call(binding() as unknown as TaskQueuesBinding));
    expect([error.code, error.name]).toEqual([code, name]);
  });

  it("a name that is taken says when it was", async () => {
    await binding().get("push").add({ name: "once" });
    await pass("push", 0);
    const error = await thrownBy(() => binding().get("push").add({ name: "once" }));
    expect(error).toMatchObject({ code: "TOMBSTONED_TASK", details: { state: "done" } });
    const [first] = await binding()
      .get("push")
      .add([{ name: "once" }]);
    expect(first?.error).toMatchObject({ code: "TOMBSTONED_TASK" });
  });
});

describe("by the client", () => {
  it("no token is asked for, whatever the host is called", async () => {
    for (const host of ["https://queues", "https://example.com", "http://10.0.0.1"]) {
      expect(await client({}, host).get("push").add({})).toMatchObject({ queue: "push" });
    }
  });

  it("errors are the classes", async () => {
    await client().get("push").add({ name: "once" });
    const again = client().get("push").add({ name: "once" });
    await expect(again).rejects.toBeInstanceOf(TaskAlreadyExistsError);
  });

  it("groups, recurring tasks and the list of queues are there", async () => {
    const group = await client()
      .get("push")
      .group({ name: "g", tasks: [{}] });
    expect((await client().group(group.name).progress()).total).toBe(1);
    expect(await client().cron().list()).toEqual([]);
    expect((await client().list()).queues.length).toBeGreaterThan(5);
  });

  it.each([
    "/",
    "/_ah/queue/push",
    "/_ah/console",
    "/v2/projects/p/locations/l/queues",
    "/_ah/apis",
    "/_ah/oidc",
  ])("%s is not behind the binding", async (path) => {
    const response = await binding().fetch(`https://queues${path}`);
    expect([response.status, ((await response.json()) as { error: object }).error]).toMatchObject([
      400,
      { code: "INVALID_REQUEST" },
    ]);
  });
});

describe("a binding with props", () => {
  const only = { queues: ["pull", "made"] };

  it("uses the queues it lists", async () => {
    expect(
      await binding(only)
        .get("pull")
        .add({ payload: { invoice: 1 } }),
    ).toMatchObject({ queue: "pull" });
    expect((await client(only).get("pull").describe()).name).toBe("pull");
    const events = await binding(only).fetch("https://q/_ah/api/events?queue=pull");
    expect(events.status).toBe(200);
    await events.body?.cancel();
  });

  it.each<[string, (props: object) => PromiseLike<unknown>]>([
    ["another queue", (p) => binding(p).get("push").add({})],
    ["another queue to keep", async (p) => (await binding(p).get("push")).describe()],
    ["another queue by fetch", (p) => client(p).get("push").add({})],
    ["another queue's tasks", (p) => client(p).get("push").list()],
    ["another queue, made anew", (p) => client(p).get("push").define({ rate: "1/s" })],
    ["the list of queues", (p) => client(p).list()],
    ["a group", (p) => client(p).group("g").progress()],
    [
      "a new group on its own queue",
      (p) =>
        client(p)
          .get("pull")
          .group({ tasks: [{}] }),
    ],
    [
      "a new group on another queue",
      (p) =>
        client(p)
          .get("pull")
          .group({ tasks: [{ queue: "push" }] }),
    ],
    ["recurring tasks", (p) => client(p).cron().list()],
    ["one to run", (p) => client(p).cron().run("x")],
  ])("is refused %s", async (_, call) => {
    const error = await thrownBy(() => call(only));
    expect(error).toMatchObject({ code: "PERMISSION_DENIED" });
    expect((await queue("push").describe()).statistics.tasks).toBe(0);
  });

  it.each([
    "/events",
    "/events?queue=push",
    "/queues/%70ush",
    "/queues/push/tasks/x",
    "/queues//push",
    "/queues/pull/../push",
  ])("is refused what is at %s", async (path) => {
    expect((await binding(only).fetch(`https://q/_ah/api${path}`)).status).toBeGreaterThanOrEqual(
      400,
    );
  });

  it.each([
    { queue: ["pull"] },
    { queues: "pull" },
    { queues: { pull: true } },
    { queues: null },
    { queues: ["pull"], role: "read" },
    { queues: [] },
    { Queues: ["pull"] },
  ])("that are none, %j, opens nothing", async (props) => {
    const byRpc = await thrownBy(() => binding(props).get("pull").describe());
    expect(byRpc).toMatchObject({ code: "PERMISSION_DENIED" });
    const byFetch = client(props).get("pull").describe();
    await expect(byFetch).rejects.toBeInstanceOf(PermissionDeniedError);
  });
});
