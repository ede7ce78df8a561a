import { createTaskQueues, readTask } from "durable-taskqueue";
// By the plugin in vite.config.ts: queue.yaml and the cron.yaml beside it, checked and compiled.
import config from "../queue.yaml";

const queues = createTaskQueues<Env, { mail: { to: string } }>({ config });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

export default queues.serve({
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/_ah/queue/mail") {
      const { name, payload } = await readTask<typeof queues, "mail">(request);
      console.log(`task ${name}: a mail to ${payload.to}`);
      return new Response();
    }
    if (pathname === "/daily") return new Response("done");
    const { name } = await queues.get(env, "mail").add({ payload: { to: "you@example.com" } });
    return new Response(`queued ${name}\n`);
  },
});
