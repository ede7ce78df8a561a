// A Worker with no more of the library than it asks for, in workerd as it is.
import { describe, expect, it } from "vitest";
import { until } from "../../scripts/until.ts";
import { compiledFiles } from "../../src/core/config/files.ts";
import { readQueueYaml } from "../../src/core/config/queue-yaml.ts";
import { runtimeOf } from "./runtime.ts";

const COMPILED = JSON.stringify(
  compiledFiles(readQueueYaml("queue: [{name: mail, rate: 100/s}, {name: inbox, mode: pull}]")),
);

/** A Worker that adds a task at /add, runs those of "mail", and shows at /ran what ran. */
function worker(doors: string): string {
  return `
import { createTaskQueues, ${doors ? `${doors},` : ""} readTask } from "./src/slim.ts";
const queues = createTaskQueues({ config: ${COMPILED}, doors: [${doors}] });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
const ran = [];
export default queues.serve({
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/_ah/queue/mail") {
      ran.push((await readTask(request)).payload);
      return new Response();
    }
    if (pathname === "/add") return Response.json(await queues.get(env, "mail").add({ payload: "x" }));
    if (pathname === "/ran") return Response.json(ran);
    return new Response("the Worker's own", { status: 418 });
  },
});`;
}

const PATHS = ["/_ah/api/queues/mail", "/_ah/console", "/v2/projects/p/locations/l/queues/mail"];

describe.each([
  ["without doors", "", [418, 418, 418]],
  ["with the JSON API", "api", [200, 418, 418]],
  ["with the console", "api, console", [200, 200, 418]],
  ["with Cloud Tasks' API", "cloudTasks", [418, 418, 200]],
])("a Worker %s", (_, doors, statuses) => {
  it("runs its tasks, serves what it opened, and lets nobody reach a handler", async () => {
    const url = await runtimeOf(worker(doors));
    const status = async (path: string, init?: RequestInit) =>
      (await fetch(new URL(path, url), init)).status;
    expect(await status("/add")).toBe(200);
    await until("the task ran", 10, async () => {
      const ran = await (await fetch(new URL("/ran", url))).json();
      return JSON.stringify(ran) === '["x"]';
    });
    expect(await Promise.all(PATHS.map((path) => status(path)))).toEqual(statuses);
    expect(await status("/_ah/queue/mail", { method: "POST" })).toBe(403);
    const forged = { headers: { "X-AppEngine-QueueName": "mail" } };
    expect(await status("/else", forged)).toBe(418);
  });
});

const RECURRING = JSON.stringify(
  compiledFiles(readQueueYaml("queue:"), {
    cron: [{ url: "/hourly", schedule: "every 1 hours" }],
  }),
);

/** A Worker with parts, that calls a function later at /add, and shows at /ran what ran. */
function workerOf(parts: string, config: string, door = "api"): string {
  return `
import { createTaskQueues, ${parts ? `${parts},` : ""} ${door} } from "./src/slim.ts";
const queues = createTaskQueues({ config: ${config}, doors: [${door}], parts: [${parts}] });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
const ran = [];
const note = (it) => void ran.push(it);
let [defer, fault] = [undefined, ""];
try {
  ({ defer } = queues.deferred({ note }));
} catch (error) {
  fault = error.message;
}
export default queues.serve({
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/hourly") ran.push("hourly");
    if (pathname === "/fault") return new Response(fault);
    if (pathname === "/ran") return Response.json(ran);
    if (pathname === "/define") {
      return Response.json(await queues.get(env, "made").define({ rate: "3/s" }).catch((it) => it.code));
    }
    if (pathname === "/defer") await defer(note, new Date(0));
    return new Response();
  },
});`;
}

const SHARDED = JSON.stringify(
  compiledFiles(
    readQueueYaml("queue: [{name: mail, rate: 100/s, bucket_size: 20, extensions: {shards: 4}}]"),
  ),
);

const LIMITED = JSON.stringify(
  compiledFiles(
    readQueueYaml(
      "queue: [{name: mail, rate: 100/s, bucket_size: 20, extensions: {limits: [stripe]}}]\nextensions: {limits: {stripe: {rate: 90/s, bucket_size: 10}}}",
    ),
  ),
);

/** A Worker that is given a file with what needs a part, a queue of four shards, or, where that is refused, another. */
function shardsWorker(part: string, config = SHARDED): string {
  return `
import { createTaskQueues, definitions${part && `, ${part}`} } from "./src/slim.ts";
const parts = [definitions${part && `, ${part}`}];
let [queues, fault] = [undefined, ""];
try {
  queues = createTaskQueues({ config: ${config}, parts });
} catch (error) {
  fault = String(error);
  queues = createTaskQueues({ config: ${COMPILED}, parts });
}
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
let ran = 0;
export default queues.serve({
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/_ah/queue/mail") ran++;
    if (pathname === "/fault") return new Response(fault);
    if (pathname === "/ran") return new Response(String(ran));
    if (pathname === "/add") await queues.get(env, "mail").add(Array.from({ length: 8 }, (_, i) => ({ name: "n" + i })));
    if (pathname === "/put") {
      const made = queues.get(env, "made").define({ rate: "3/s", extensions: { shards: 4 } });
      return new Response(await made.then((it) => it.extensions.shards, (it) => it.code + ": " + it.message));
    }
    return new Response();
  },
});`;
}

const KEYED = JSON.stringify(
  compiledFiles(
    readQueueYaml(
      "queue: [{name: mail, rate: 100/s, extensions: {keys: {max_concurrent_requests: 1}}}]",
    ),
  ),
);

/** A Worker that is given a queue with limits for keys, or, where that is refused, one without. */
function keysWorker(part: string): string {
  return `
import { createTaskQueues, definitions${part && `, ${part}`} } from "./src/slim.ts";
const parts = [definitions${part && `, ${part}`}];
let [queues, fault] = [undefined, ""];
try {
  queues = createTaskQueues({ config: ${KEYED}, parts });
} catch (error) {
  fault = String(error);
  queues = createTaskQueues({ config: ${COMPILED}, parts });
}
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
let ran = 0;
const said = (call) => call.then(() => "ok", (it) => it.code + ": " + it.message);
export default queues.serve({
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const mail = queues.get(env, "mail");
    if (pathname === "/_ah/queue/mail") ran++;
    if (pathname === "/fault") return new Response(fault);
    if (pathname === "/ran") return new Response(String(ran));
    if (pathname === "/key") return new Response(await said(mail.add([{ key: "a" }, { key: "a" }])));
    if (pathname === "/priority") return new Response(await said(mail.add({ priority: 2 })));
    if (pathname === "/plain") return new Response(await said(mail.add({})));
    if (pathname === "/put") {
      const extensions = { keys: { rate: "1/s" } };
      return new Response(await said(queues.get(env, "made").define({ rate: "3/s", extensions })));
    }
    return new Response();
  },
});`;
}

const BATCHED = JSON.stringify(
  compiledFiles(
    readQueueYaml("queue: [{name: mail, rate: 100/s, extensions: {batch: {size: 3}}}]"),
  ),
);

/** A Worker that is given a queue with batches, or, where that is refused, one without. */
function batchesWorker(part: string): string {
  return `
import { createTaskQueues, definitions, readBatch${part && `, ${part}`} } from "./src/slim.ts";
const parts = [definitions${part && `, ${part}`}];
let [queues, fault] = [undefined, ""];
try {
  queues = createTaskQueues({ config: ${BATCHED}, parts });
} catch (error) {
  fault = String(error);
  queues = createTaskQueues({ config: ${COMPILED}, parts });
}
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
let [ran, retried] = [0, false];
export default queues.serve({
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/_ah/queue/mail") {
      const { tasks, answer } = await readBatch(request);
      ran += tasks.length;
      const isFirst = !retried;
      retried = true;
      return answer(tasks.map(({ name }, i) => ({ name, status: isFirst && i === 0 ? 500 : 200 })));
    }
    if (pathname === "/fault") return new Response(fault);
    if (pathname === "/ran") return new Response(String(ran));
    if (pathname === "/add") await queues.get(env, "mail").add([{}, {}, {}]);
    if (pathname === "/put") {
      const made = queues.get(env, "made").define({ rate: "3/s", extensions: { batch: { size: 2 } } });
      return new Response(await made.then(() => "ok", (it) => it.code + ": " + it.message));
    }
    return new Response();
  },
});`;
}

/** A Worker that adds a task by a rule at /add. */
function rulesWorker(part: string): string {
  return `
import { createTaskQueues${part && `, ${part}`} } from "./src/slim.ts";
const queues = createTaskQueues({ config: ${COMPILED}, parts: [${part}] });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
export default queues.serve({
  async fetch(request, env) {
    if (new URL(request.url).pathname !== "/add") return new Response();
    const added = queues.get(env, "mail").add({ name: "one", ifExists: "keep" });
    return new Response(await added.then((it) => it.outcome, (it) => it.code + ": " + it.message));
  },
});`;
}

describe("the parts of a Worker", () => {
  const call = async (url: URL, path: string, method = "GET") => {
    const answer = await fetch(new URL(path, url), { method });
    return [answer.status, await answer.text()] as const;
  };

  it("that left all out says so, and has no recurring tasks", async () => {
    const url = await runtimeOf(workerOf("", COMPILED));
    const [, fault] = await call(url, "/fault");
    expect(fault).toBe("deferred: left out of this Worker, expected parts: [deferred]");
    expect(await call(url, "/_ah/api/cron")).toEqual([200, '{"cron":[]}\n']);
    const [status, refusal] = await call(url, "/_ah/api/cron/x:run", "POST");
    expect([status, JSON.parse(refusal).error.code]).toEqual([404, "UNKNOWN_CRON"]);
  });

  it.each([
    ["none", "", "console", '"INVALID_REQUEST"'],
    ["definitions", "definitions", "console", '"rate":"3/s"'],
    ["the API's door", "", "api", '"rate":"3/s"'],
    ["Google's door", "", "cloudTasks", '"rate":"3/s"'],
  ])("with %s: a queue made while it runs", async (_, parts, door, said) => {
    const url = await runtimeOf(workerOf(parts, COMPILED, door));
    expect((await call(url, "/define"))[1]).toContain(said);
  });

  it("without shards: a queue of several is refused, where the Worker starts and while it runs", async () => {
    const url = await runtimeOf(shardsWorker(""));
    expect((await call(url, "/fault"))[1]).toBe(
      'TypeError: config: found extensions.shards: 4 of "mail", expected 1, or parts: [shards] beside it, which has more',
    );
    const [status, text] = await call(url, "/put");
    expect([status, text]).toEqual([
      200,
      'INVALID_REQUEST: queue: found extensions.shards: 4 of "made", expected 1, or parts: [shards] beside it, which has more',
    ]);
  });

  it("without batches: a queue with some is refused, where the Worker starts and while it runs", async () => {
    const url = await runtimeOf(batchesWorker(""));
    const beside = "expected none, or parts: [batches] beside it, which makes such calls";
    expect((await call(url, "/fault"))[1]).toBe(
      `TypeError: config: found extensions.batch of "mail", ${beside}`,
    );
    expect((await call(url, "/put"))[1]).toBe(
      `INVALID_REQUEST: queue: found extensions.batch of "made", ${beside}`,
    );
  });

  it("with batches: a call has several tasks, and its answer is read of each", async () => {
    const url = await runtimeOf(batchesWorker("batches"));
    expect((await call(url, "/fault"))[1]).toBe("");
    expect((await call(url, "/put"))[1]).toBe("ok");
    await call(url, "/add");
    await until("they ran", 20, async () => (await call(url, "/ran"))[1] === "4");
  });

  it("without keys: limits for keys are refused where the Worker starts and while it runs, and so are tasks with them", async () => {
    const url = await runtimeOf(keysWorker(""));
    const beside = "expected none, or parts: [keys] beside it, which has them";
    expect((await call(url, "/fault"))[1]).toBe(
      `TypeError: config: found extensions.keys of "mail", ${beside}`,
    );
    expect((await call(url, "/put"))[1]).toBe(
      `INVALID_REQUEST: queue: found extensions.keys of "made", ${beside}`,
    );
    const inWorker = "expected none, or parts: [keys] in the Worker, which has lines for tasks";
    expect((await call(url, "/key"))[1]).toContain(`key: found "a", ${inWorker}`);
    expect((await call(url, "/priority"))[1]).toContain(`priority: found 2, ${inWorker}`);
    expect((await call(url, "/plain"))[1]).toBe("ok");
    await until("it ran", 20, async () => (await call(url, "/ran"))[1] === "1");
  });

  it("with keys: tasks with keys and priorities run", async () => {
    const url = await runtimeOf(keysWorker("keys"));
    expect((await call(url, "/fault"))[1]).toBe("");
    for (const path of ["/put", "/key", "/priority"]) expect((await call(url, path))[1]).toBe("ok");
    await until("they ran", 20, async () => (await call(url, "/ran"))[1] === "3");
  });

  it("without limits: a file that has some is refused where the Worker starts", async () => {
    const url = await runtimeOf(shardsWorker("", LIMITED));
    expect((await call(url, "/fault"))[1]).toBe(
      'TypeError: config: found extensions.limits with "stripe", expected none, or parts: [limits] beside it, which has them',
    );
  });

  it("with limits: a queue that draws from one runs its tasks", async () => {
    const url = await runtimeOf(shardsWorker("limits", LIMITED));
    expect((await call(url, "/fault"))[1]).toBe("");
    await call(url, "/add");
    await until("they ran", 20, async () => (await call(url, "/ran"))[1] === "8");
  });

  it("without rules: a task with one is refused; with them it is added by it", async () => {
    expect((await call(await runtimeOf(rulesWorker("")), "/add"))[1]).toContain(
      'INVALID_REQUEST: ifExists: found "keep", expected none, or parts: [rules] in the Worker, which goes by it',
    );
    expect((await call(await runtimeOf(rulesWorker("rules")), "/add"))[1]).toBe("added");
  });

  it("with shards: a queue of several runs its tasks", async () => {
    const url = await runtimeOf(shardsWorker("shards"));
    expect((await call(url, "/fault"))[1]).toBe("");
    expect((await call(url, "/put"))[1]).toBe("4");
    await call(url, "/add");
    await until("they ran", 20, async () => (await call(url, "/ran"))[1] === "8");
  });

  it("run recurring tasks and deferred calls where they are asked for", async () => {
    const url = await runtimeOf(workerOf("cron, deferred", RECURRING));
    expect(await call(url, "/fault")).toEqual([200, ""]);
    expect((await call(url, "/_ah/api/cron/hourly:run", "POST"))[0]).toBe(200);
    await until("it ran", 10, async () => (await call(url, "/ran"))[1] === '["hourly"]');
    await call(url, "/defer");
    const both = '["hourly","1970-01-01T00:00:00.000Z"]';
    await until("the call ran", 10, async () => (await call(url, "/ran"))[1] === both);
  });
});

const FILES = JSON.stringify(
  compiledFiles(readQueueYaml("queue: [{name: mail, rate: 7/s}]"), {
    cron: [{ url: "/hourly", schedule: "every 1 hours" }],
  }),
);

/** A Worker of the main entry, given compiled files. */
const MAIN = `
import { createTaskQueues } from "./src/index.ts";
const queues = createTaskQueues({ config: ${FILES} });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
export default queues.serve({ fetch: () => new Response() });`;

describe("the main entry", () => {
  it("takes compiled files, recurring tasks inside", async () => {
    const url = await runtimeOf(MAIN);
    const json = async (path: string) => (await fetch(new URL(path, url))).json();
    expect(await json("/_ah/api/queues/mail")).toMatchObject({ name: "mail", rate: "7/s" });
    expect(await json("/_ah/api/cron")).toMatchObject({ cron: [{ name: "hourly" }] });
  });
});
