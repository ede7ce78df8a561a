// A Worker with pull queues, and routes Node fills and leases them by.
import { createTaskQueues } from "../../src/index.ts";

const lines = ["small", "big", "idle"].map((name) => `- { name: ${name}, mode: pull }`);
const queues = createTaskQueues({ config: `queue:\n${lines.join("\n")}` });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

const BATCH = 1000;
const LEASED = { leaseSeconds: 3600, maxTasks: 100 };
const PAYLOAD = "x".repeat(100);

export default queues.serve({
  async fetch(request: Request, env: unknown): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const queue = queues.get(env, searchParams.get("queue") ?? "small");
    const n = Number(searchParams.get("n"));
    if (pathname === "/fill") {
      for (let i = 0; i < n; i += BATCH) await queue.add(tasks(Math.min(BATCH, n - i)));
    } else if (pathname === "/lease") {
      return Response.json(await leased(n));
    } else if (pathname === "/end") {
      const held = (await request.json()) as { name: string; lease: string }[];
      await queue.acknowledge(held);
      await queue.add(tasks(held.length));
    }
    return new Response(null, { status: 204 });

    async function leased(times: number) {
      const holds: { name: string; lease: string | undefined }[] = [];
      for (let i = 0; i < times; i++) {
        for (const { name, lease } of await queue.lease(LEASED)) holds.push({ name, lease });
      }
      return holds;
    }
  },
});

function tasks(n: number): { payload: string }[] {
  return Array.from({ length: n }, () => ({ payload: PAYLOAD }));
}
