// A queue whose names are free again soon, and one whose tasks fail.
import { env as settings } from "cloudflare:workers";
import { createTaskQueues } from "../../src/index.ts";
import { drive, handle } from "./app.ts";

const { TOMBSTONE_TTL } = settings as { TOMBSTONE_TTL?: string };
const EXTENSIONS = `{ rate: none, max_concurrent_requests: 200, tombstone_ttl: ${TOMBSTONE_TTL} }`;
const queues = createTaskQueues({ config: `queue: [{ name: bench, extensions: ${EXTENSIONS} }]` });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

export default queues.serve({
  async fetch(request: Request, env: unknown): Promise<Response> {
    if (request.headers.get("X-AppEngine-QueueName") === "failing") {
      return new Response(null, { status: 500 });
    }
    if (request.method === "POST") return handle();
    const url = new URL(request.url);
    const queue = queues.get(env, url.searchParams.get("queue") ?? "bench");
    const left = async () => (await queue.describe()).statistics.tasks;
    return drive(url, { add: (tasks) => queue.add(tasks), left });
  },
});
