// The same tasks over four queues, as a group and not as one.
import { createTaskQueues } from "../../src/index.ts";
import queueYaml from "./groups.yaml";

const queues = createTaskQueues({ config: queueYaml });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

const QUEUES = ["a", "b", "c", "d"];
const BATCH = 1000;
const POLL_MS = 5;
const TOO_LONG_MS = 120_000;

let callsLeft = 0;
let onLastCall: () => void = () => {};

// The objects run in the isolate of the handler, so a variable counts its calls.
function handle(): Response {
  if (callsLeft > 0 && --callsLeft === 0) onLastCall();
  return Response.json({ counted: 1 });
}

function afterCalls(n: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  callsLeft = n;
  onLastCall = resolve;
  const timer = setTimeout(() => reject(new Error("some were never called")), TOO_LONG_MS);
  return promise.finally(() => clearTimeout(timer));
}

function tasksOf(n: number) {
  return Array.from({ length: n }, (_, i) => ({
    queue: QUEUES[i % QUEUES.length] as string,
    payload: "x".repeat(100),
  }));
}

/** From the first add until no queue has a task left. */
async function alone(env: unknown, n: number): Promise<void> {
  const called = afterCalls(n);
  const tasks = tasksOf(n);
  await Promise.all(
    QUEUES.map(async (name) => {
      const own = tasks.filter(({ queue }) => queue === name).map(({ payload }) => ({ payload }));
      for (let i = 0; i < own.length; i += BATCH) {
        await queues.get(env, name).add(own.slice(i, i + BATCH));
      }
    }),
  );
  await called;
  for (;;) {
    const views = await Promise.all(QUEUES.map((name) => queues.get(env, name).describe()));
    if (views.every(({ statistics }) => statistics.tasks === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** From the call that makes the group until it says that it is done; how long after the last call (ms). */
async function grouped(env: unknown, n: number): Promise<number> {
  const called = afterCalls(n).then(() => Date.now());
  const group = await queues.get(env, "a").group({ tasks: tasksOf(n) });
  for await (const { state } of group.watch()) if (state === "done") break;
  return Date.now() - (await called);
}

export default queues.serve({
  async fetch(request: Request, env: unknown): Promise<Response> {
    if (request.method === "POST") return handle();
    const { pathname, searchParams } = new URL(request.url);
    const n = Number(searchParams.get("tasks"));
    if (pathname === "/alone") await alone(env, n);
    else if (pathname === "/grouped") return Response.json({ lag: await grouped(env, n) });
    return new Response(null, { status: 204 });
  },
});
