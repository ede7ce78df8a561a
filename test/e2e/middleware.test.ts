// The library as middleware of another router: paths as they are sent over a socket, and requests that pass the
// Worker twice because a header was taken from them.
import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { until } from "../../scripts/until.ts";
import { runtimeOf } from "./runtime.ts";

const APP = `
  import { Hono } from "hono";
  import { createTaskQueues } from "./src/index.ts";

  const queues = createTaskQueues({ config: "queue: [{ name: jobs, rate: 500/s }]" });
  export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

  const ran: string[] = [];
  const app = new Hono<{ Bindings: { TASKQUEUE_TOKEN?: string } }>();
  app.use(async ({ req, env, executionCtx }, next) => {
    return (await queues.fetch(req.raw, env, executionCtx as ExecutionContext)) ?? next();
  });
  app.all("/_ah/queue/:name", ({ req }) => {
    ran.push(req.url);
    return new Response("ran");
  });
  app.get("/ran", () => Response.json(ran));
  app.post("/mine", ({ req }) => new Response(req.header("x-appengine-queuename") ?? "clean"));
  export default app;
`;

/** The status of a request whose target is sent as it stands. */
async function statusOf(url: URL, target: string): Promise<number> {
  const socket = connect(Number(url.port), url.hostname);
  await once(socket, "connect");
  socket.write(`POST ${target} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 0\r\n`);
  socket.write("X-AppEngine-QueueName: jobs\r\nConnection: close\r\n\r\n");
  const [head] = await once(socket, "data");
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(`${head}`)?.[1]);
}

const ran = async (url: URL) => (await fetch(new URL("/ran", url))).json();

it("no spelling of a handler's path runs it from outside", async () => {
  const url = await runtimeOf(APP);
  for (const target of [
    ...["/_ah/queue/jobs", "/_ah/%71ueue/jobs", "/_ah/%71ueue/jobs%ff", "/%5fah/queue/x%ff"],
    ...["/_ah/%71ueue/%", "/_ah/%2571ueue/jobs", "/_ah/./queue/jobs", "/_ah/x/../queue/jobs"],
    ...["/_ah/x/%2e%2e/queue/jobs", "/_ah/x/..%2fqueue/jobs", "/_ah/queue/../queue/jobs"],
    ...["//_ah/queue/jobs", "/_ah//queue/jobs", "/_ah\\queue\\jobs", "\\_ah\\queue\\jobs"],
    ...["/_ah/queue;v=1/jobs", "/_ah/queue%2fjobs", "/_ah%2fqueue%2fjobs", "/_ah/queue/jobs%00"],
    ...["/_ah/queue/..", "/_ah/queue/%2e%2e", "/_ah/queue/jobs#x", "/_ah/queue/jobs?x"],
    ...[`${url.origin}/_ah/queue/jobs`, `${url.origin}/_ah/%71ueue/jobs%ff`, "/_AH/QUEUE/jobs"],
  ]) {
    const status = await statusOf(url, target);
    expect([target, status >= 400]).toEqual([target, true]);
  }
  expect(await ran(url)).toEqual([]);

  // The queue itself runs it.
  const added = await fetch(new URL("/_ah/api/queues/jobs/tasks", url), { method: "POST" });
  expect(added.status).toBe(201);
  await until("it ran", 10, async () => ((await ran(url)) as string[]).length === 1);
});

it("a request with a forged header passes once more without it, its body unread", async () => {
  const url = await runtimeOf(APP);
  const headers = { "X-AppEngine-QueueName": "evil", "Content-Type": "text/plain" };
  const post = async (bytes: number) => {
    const body = "x".repeat(bytes);
    const response = await fetch(new URL("/mine", url), { method: "POST", headers, body });
    return response.text();
  };
  const said: string[] = [];
  for (let i = 0; i < 500; i++) {
    said.push(await post([0, 1, 1000, 100_000][i % 4] as number).catch(() => "hung up"));
  }
  // workerd hangs up on who is still sending when it has answered, which is no harm to anybody else.
  expect(new Set(said.filter((it) => it !== "hung up"))).toEqual(new Set(["clean"]));
  expect(said.filter((it) => it === "clean").length).toBeGreaterThan(250);
  await until("an answer", 5, async () => (await post(1).catch(() => "")) === "clean");
});
