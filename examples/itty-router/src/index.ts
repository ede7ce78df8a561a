import { createTaskQueues, failureResponse, readTask } from "durable-taskqueue";
import { AutoRouter, error, type IRequest } from "itty-router";
import queueYaml from "../queue.yaml";

const queues = createTaskQueues<Env, { mail: { to: string } }>({ config: queueYaml });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

// AutoRouter makes answers of errors; those that say how a task goes on have answers of their own.
const router = AutoRouter<IRequest, [Env]>({
  catch: (thrown) => failureResponse(thrown) ?? error(thrown),
});

router.get("/", async (_, env) => {
  const { name } = await queues.get(env, "mail").add({ payload: { to: "you@example.com" } });
  return new Response(`queued ${name}\n`);
});

// Only the queue gets here.
router.post("/_ah/queue/mail", async (request) => {
  const { name, payload } = await readTask<typeof queues, "mail">(request as unknown as Request);
  console.log(`task ${name}: a mail to ${payload.to}`);
  return new Response();
});

export default queues.serve({
  fetch: (request: Request, env: Env) => router.fetch(request, env),
});
