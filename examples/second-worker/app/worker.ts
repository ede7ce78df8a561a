// The Worker that owns the queues. Tasks of queue "mail" go to another Worker: queue.yaml names the target
// "backend", and this says which service binding that is.
import { createTaskQueues } from "durable-taskqueue";
import queueYaml from "./queue.yaml";

const queues = createTaskQueues({ config: queueYaml, targets: { backend: "BACKEND" } });

export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
// For Workers with a binding to it, such as the shop.
export const { TaskQueuesEntrypoint } = queues;

export default queues.serve({
  async fetch(_request: Request, env: unknown): Promise<Response> {
    const { name } = await queues.get(env, "mail").add({ params: { to: "you@example.com" } });
    return new Response(`queued ${name}\n`);
  },
});
