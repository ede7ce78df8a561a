import {
  createTaskQueues,
  failureResponse,
  PermanentTaskFailure,
  readTask,
} from "durable-taskqueue";
import { Hono } from "hono";
import queueYaml from "../queue.yaml";

const queues = createTaskQueues<Env, { mail: { to: string } }>({ config: queueYaml });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

const app = new Hono<{ Bindings: Env }>();

app.get("/", async (c) => {
  const to = c.req.query("to") ?? "you@example.com";
  const { name } = await queues.get(c.env, "mail").add({ payload: { to } });
  return c.text(`queued ${name}\n`);
});

// Only the queue gets here. What a handler throws goes on as docs/failures.md has it.
app.post("/_ah/queue/mail", async (c) => {
  const { name, payload } = await readTask<typeof queues, "mail">(c.req.raw);
  if (!payload.to.includes("@")) throw new PermanentTaskFailure(`no address: ${payload.to}`);
  console.log(`task ${name}: a mail to ${payload.to}`);
  return c.body(null, 204);
});

// Without this the text of other errors is not kept with the task: Hono answers "Internal Server Error".
app.onError((error) => failureResponse(error) ?? new Response(String(error), { status: 500 }));

export default queues.serve(app);
