// The library as it is measured beside other queues: fifty attempts at a time, and adds from inside the Worker.
import { env as settings } from "cloudflare:workers";
import { createTaskQueues, type QueueHandle } from "../../src/index.ts";
import { afterCalls, handle } from "./app.ts";

const { OPTIONS = "{}", BATCH_SIZE } = settings as { OPTIONS?: string; BATCH_SIZE?: string };
const BATCHES = BATCH_SIZE === undefined ? "" : `, batch: { size: ${BATCH_SIZE} }`;
const EXTENSIONS = `{ rate: none, max_concurrent_requests: 50${BATCHES} }`;
const config = `queue: [{ name: bench, extensions: ${EXTENSIONS} }]`;
const queues = createTaskQueues({ config, ...JSON.parse(OPTIONS) });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

const PAYLOAD = "x".repeat(100);
const BATCH = 100;
const POLL_MS = 2;

interface Asked {
  n: number;
  /** Where the handler is; without one it is here. */
  url: string | null;
}

const ROUTES: Record<string, (queue: QueueHandle, asked: Asked) => Promise<unknown>> = {
  "/end-to-end": async (queue, asked) => {
    const called = calls(asked);
    await beside(16, asked.n, () => queue.add(taskOf(asked)));
    await called;
    await ended(queue);
  },
  "/lay": async (queue, asked) => {
    await queue.pause();
    await addBatches(queue, asked);
  },
  "/drain": async (queue, asked) => {
    const called = calls(asked);
    await queue.resume();
    await called;
    await ended(queue);
  },
  "/batches": addBatches,
  "/clear": async (queue) => {
    await queue.purge();
    await queue.resume();
  },
};

export default queues.serve({
  async fetch(request: Request, env: unknown): Promise<Response> {
    if (request.method === "POST")
      return handle(Number(request.headers.get("X-TaskQueue-Batch") ?? 1));
    const { pathname, searchParams } = new URL(request.url);
    const asked = { n: Number(searchParams.get("tasks")), url: searchParams.get("url") };
    await ROUTES[pathname]?.(queues.get(env, "bench"), asked);
    return new Response(null, { status: 204 });
  },
});

/** When the handler here has been called as often; a handler elsewhere says nothing. */
function calls({ n, url }: Asked): Promise<void> {
  return url === null ? afterCalls(n) : Promise.resolve();
}

function taskOf({ url }: Asked): { payload: string; url?: string } {
  return url === null ? { payload: PAYLOAD } : { payload: PAYLOAD, url };
}

function addBatches(queue: QueueHandle, asked: Asked): Promise<void> {
  const tasks = Array.from({ length: BATCH }, () => taskOf(asked));
  return beside(4, asked.n / BATCH, () => queue.add(tasks));
}

async function ended(queue: QueueHandle): Promise<void> {
  while ((await queue.describe()).statistics.tasks > 0) await scheduler.wait(POLL_MS);
}

/** Does it `n` times, as many at once. */
async function beside(atOnce: number, n: number, work: () => Promise<unknown>): Promise<void> {
  let begun = 0;
  const one = async () => {
    while (begun++ < n) await work();
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}
