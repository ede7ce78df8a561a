import { DurableObject } from "cloudflare:workers";
import { createTaskQueues, readTask } from "durable-taskqueue";
import queueYaml from "../queue.yaml";

const queues = createTaskQueues<Env, { mail: { to: string } }>({ config: queueYaml });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

/** A Durable Object of the Worker's own, beside the queues'. */
export class Visits extends DurableObject<Env> {
  #count = 0;

  visit(): number {
    return ++this.#count;
  }
}

export default queues.serve({
  async fetch(request: Request, env: Env): Promise<Response> {
    if (new URL(request.url).pathname === "/_ah/queue/mail") {
      const { name, payload } = await readTask<typeof queues, "mail">(request);
      console.log(`task ${name}: a mail from ${env.SENDER} to ${payload.to}`);
      return new Response();
    }
    const visit = await env.VISITS.getByName("all").visit();
    const { name } = await queues.get(env, "mail").add({ payload: { to: "you@example.com" } });
    return new Response(`queued ${name}, visit ${visit}\n`);
  },

  // The queues' trigger comes here too: `serve` wakes them first.
  async scheduled({ cron }: ScheduledController): Promise<void> {
    if (cron === "0 * * * *") console.log("hourly work of the Worker's own");
  },
});
