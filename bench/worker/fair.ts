// A Worker whose tasks have keys, or none, and what became of them: in which order the keys of tasks came, and how
// late those of one key. What is to wait is added while the queue is paused.
import { createTaskQueues, type QueueHandle } from "../../src/index.ts";
import { afterCalls, handle } from "./app.ts";

const PACE = { rate: 500, bucket: 50 };
const QUEUES = `queue:
- name: turns
  extensions: { rate: none, max_concurrent_requests: 50 }
- name: drained
  extensions: { rate: none, max_concurrent_requests: 200 }
- name: paced
  rate: ${PACE.rate}/s
  bucket_size: ${PACE.bucket}
  max_concurrent_requests: 100
`;
const queues = createTaskQueues({ config: QUEUES });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

const PAYLOAD = "x".repeat(100);
const BATCH = 1000;
/** The key whose tasks come one by one beside many of another. */
const SMALL = "small";
const BIG = "big";
/** Between two of them. */
const EVERY_MS = 20;
/** So many of the other key wait at any time: twice what starts in a turn, so that no token is ever left over. */
const FEW = 50;
/** How long both keys wait for tokens before it is looked how late one of them is: the bucket is empty then. */
const LEAD_MS = 250;
/** More often than tasks start, which is every 50 ms at this rate. */
const FEED_MS = 10;

/** Keys in the order their tasks came to the handler. */
const served: string[] = [];
const late: number[] = [];
let isFed = false;
/** How many of the other key have come, of those that were fed. */
let big = 0;
let keys = 0;
/** When tasks of the queue that is drained came: who waits for the last of a slice hears of it when more have come. */
const calls: number[] = [];

function taken(request: Request): void {
  const { pathname } = new URL(request.url);
  if (!pathname.startsWith(OF)) {
    calls.push(Date.now());
    return;
  }
  const key = decodeURIComponent(pathname.slice(OF.length));
  if (key === SMALL) {
    late.push(Date.now() - Number(request.headers.get("X-AppEngine-TaskETA")) * 1000);
  } else if (key === BIG) big++;
  else served.push(key);
}

const OF = "/of/";
const of = (key: string) => ({ key, url: OF + encodeURIComponent(key), payload: PAYLOAD });

async function addAll(queue: QueueHandle, tasks: readonly object[]): Promise<void> {
  for (let i = 0; i < tasks.length; i += BATCH) await queue.add(tasks.slice(i, i + BATCH));
}

type Work = (env: unknown, asked: URLSearchParams) => Promise<unknown>;

const ROUTES: Record<string, Work> = {
  // Key `i` has as many tasks as the i-th number says; those of the largest are first.
  "/turns": async (env, asked) => {
    const queue = queues.get(env, "turns");
    const loads = (asked.get("loads") ?? "").split(",").map(Number);
    const tasks = loads.flatMap((n, i) => Array.from({ length: n }, () => of(`k${i}`)));
    await queue.pause();
    await addAll(queue, tasks.reverse());
    const all = afterCalls(tasks.length);
    await queue.resume();
    await all;
    return served.splice(0);
  },
  // Up to so many wait, each of a key of its own or of none.
  "/fill": async (env, asked) => {
    const [n, hasKeys] = [Number(asked.get("tasks")), asked.has("keys")];
    const queue = queues.get(env, "drained");
    await queue.pause();
    const { tasks: waiting } = (await queue.describe()).statistics;
    for (let i = waiting; i < n; i += BATCH) {
      const task = () => (hasKeys ? { key: `c${keys++}` } : {});
      const length = Math.min(BATCH, n - i);
      await queue.add(Array.from({ length }, () => ({ payload: PAYLOAD, ...task() })));
    }
  },
  "/drain": async (env, asked) => {
    const queue = queues.get(env, "drained");
    const [tasks, started] = [Number(asked.get("tasks")), Date.now()];
    calls.splice(0);
    const called = afterCalls(tasks);
    await queue.resume();
    await called;
    return { ms: (calls[tasks - 1] as number) - started, tasks: calls.length };
  },
  "/stop": async (env) => {
    await queues.get(env, "drained").pause();
  },
  // Others wait: as many as that before each slice, or a few at any time.
  "/crowd": async (env, asked) => {
    const queue = queues.get(env, "paced");
    await queue.pause();
    const { tasks: waiting } = (await queue.describe()).statistics;
    const length = Math.max(0, Number(asked.get("tasks")) - waiting);
    await addAll(
      queue,
      Array.from({ length }, () => of(BIG)),
    );
  },
  "/late": async (env, asked) => {
    const queue = queues.get(env, "paced");
    const lead = Math.ceil(LEAD_MS / EVERY_MS);
    const tasks = lead + Number(asked.get("tasks"));
    isFed = asked.has("few");
    const fed = isFed ? feed(queue) : undefined;
    await queue.resume();
    for (let left = tasks; left > 0; left--) {
      await scheduler.wait(EVERY_MS);
      await queue.add(of(SMALL));
    }
    while (late.length < tasks) await scheduler.wait(1);
    isFed = false;
    await fed;
    await queue.pause();
    return late.splice(0).slice(lead);
  },
};

/** Keeps a few tasks waiting, however fast they go. */
async function feed(queue: QueueHandle): Promise<void> {
  for (let added = big; isFed; ) {
    const missing = FEW - (added - big);
    if (missing > 0) await queue.add(Array.from({ length: missing }, () => of(BIG)));
    added += Math.max(0, missing);
    await scheduler.wait(FEED_MS);
  }
}

export default queues.serve({
  async fetch(request: Request, env: unknown): Promise<Response> {
    if (request.method === "POST") {
      taken(request);
      return handle();
    }
    const { pathname, searchParams } = new URL(request.url);
    const said = await ROUTES[pathname]?.(env, searchParams);
    return Response.json(said ?? null);
  },
});
