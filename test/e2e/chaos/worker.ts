import { createTaskQueues, readTask } from "../../../src/index.ts";
import queueYaml from "./queue.yaml";

const queues = createTaskQueues({ config: queueYaml });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

const FAILING = 0.2;

export default queues.serve({
  async fetch(request: Request, env: unknown): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response("up");
    const task = await readTask<number>(request);
    // Whoever runs the server kills it when it says so.
    if (pathname === "/poison") {
      console.log("poison runs");
      await scheduler.wait(60_000);
    }
    if (Math.random() < FAILING) throw new Error("bad luck");
    if (pathname !== "/_ah/queue/gather") return Response.json((task.payload ?? 0) ** 2);
    let count = 0;
    let isWhole = true;
    for await (const { index, result } of queues.group(env, task.group ?? "").results()) {
      isWhole &&= index === count && result === index ** 2;
      count++;
    }
    return Response.json({ count, isWhole });
  },
});
