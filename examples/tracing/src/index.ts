import "./tracing.ts";
import { trace } from "@opentelemetry/api";
import { createTaskQueues, readTask } from "durable-taskqueue";
import { tracing } from "durable-taskqueue/tracing";
import queueYaml from "../queue.yaml";

const queues = createTaskQueues({ config: queueYaml, tracing });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

const tracer = trace.getTracer("example");

export default queues.serve({
  async fetch(request: Request, env: Env): Promise<Response> {
    if (new URL(request.url).pathname === "/_ah/queue/mail") {
      const { retryCount } = await readTask(request);
      // Within the attempt's span.
      return tracer.startActiveSpan("send the mail", (span) => {
        span.end();
        return new Response(null, { status: retryCount === 0 ? 503 : 204 });
      });
    }
    const { name } = await queues.get(env, "mail").add({ payload: "hello" });
    return new Response(`queued ${name}\n`);
  },
});
