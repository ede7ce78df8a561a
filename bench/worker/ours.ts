// The library as a user has it: a queue without a rate limit, and one that hands on batches; one handler.
import { env as settings } from "cloudflare:workers";
import { createTaskQueues } from "../../src/index.ts";
import { type Driven, drive, handle } from "./app.ts";
import queueYaml from "./queue.yaml";

// Sides of a comparison differ in what the library is given beside its queues.
const { OPTIONS = "{}" } = settings as { OPTIONS?: string };
const queues = createTaskQueues({ config: queueYaml, ...JSON.parse(OPTIONS) });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

export default queues.serve({
  async fetch(request: Request, env: unknown): Promise<Response> {
    if (request.method === "POST")
      return handle(Number(request.headers.get("X-TaskQueue-Batch") ?? 1));
    const url = new URL(request.url);
    return drive(url, driven(env, url.searchParams.get("queue") ?? "bench"));
  },
});

function driven(env: unknown, name: string): Driven {
  const queue = queues.get(env, name);
  return {
    add: (tasks) => queue.add(tasks),
    left: async () => (await queue.describe()).statistics.tasks,
  };
}
