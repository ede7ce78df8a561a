// A queue with a rate and a small bucket, and when each of its attempts left.

import type { Start } from "../../chaos/bound.ts";
import { createTaskQueues } from "../../src/index.ts";

const RATE = 500;
const BUCKET = 5;
const TICK_MS = 1;
const QUEUE = `- { name: paced, rate: ${RATE}/s, bucket_size: ${BUCKET}, max_concurrent_requests: 200 }`;
const queues = createTaskQueues({ config: `queue:\n${QUEUE}` });
export const { TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

const BATCH = 1000;
const starts: Start[] = [];
let turnAt = 0;
let latest = 0;

type Method = (...given: unknown[]) => unknown;

// Tokens of an attempt were taken between the two readings of the object's clock: when the turn began, and the
// latest when the call of the runner left.
function noted(ctx: DurableObjectState): DurableObjectState {
  const { TaskRunner, ...others } = ctx.exports as unknown as {
    TaskRunner: Record<string, Method>;
  };
  const runner = new Proxy(TaskRunner, {
    get:
      (target, method) =>
      (...given: unknown[]) => {
        const n = Array.isArray(given[0]) ? given[0].length : 1;
        for (let i = 0; i < n; i++) starts.push({ turn: turnAt, read: latest });
        return (target[method as string] as Method)(...given);
      },
  });
  Object.defineProperty(ctx, "exports", { value: { ...others, TaskRunner: runner } });
  return ctx;
}

export class TaskQueue extends queues.TaskQueue {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(noted(ctx), env);
  }

  override now(): number {
    latest = super.now();
    return latest;
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    turnAt = this.now();
    return super.alarm(info);
  }
}

/** How many tokens a loop over a timer would have taken in this time, in this Worker on this machine. */
async function takenByTimer(ms: number): Promise<number> {
  const began = Date.now();
  let [taken, tokens, at] = [0, 0, began];
  while (at < began + ms) {
    await scheduler.wait(TICK_MS);
    const now = Date.now();
    tokens = Math.min(BUCKET, tokens + ((now - at) * RATE) / 1000);
    taken += Math.floor(tokens);
    tokens %= 1;
    at = now;
  }
  return taken / ((at - began) / 1000);
}

export default queues.serve({
  async fetch(request: Request, env: unknown): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === "POST") return new Response(null, { status: 204 });
    if (pathname === "/starts") return Response.json(starts.splice(0));
    if (pathname === "/timer")
      return Response.json(await takenByTimer(Number(searchParams.get("ms"))));
    const queue = queues.get(env, "paced");
    for (let left = Number(searchParams.get("tasks")); left > 0; left -= BATCH) {
      await queue.add(Array.from({ length: Math.min(BATCH, left) }, () => ({})));
    }
    return new Response(null, { status: 204 });
  },
});
