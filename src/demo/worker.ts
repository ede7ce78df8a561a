import { AutoRouter, type IRequest } from "itty-router";
import queueYaml from "../../queue.yaml";
import { createTaskQueues, readTask } from "../index.ts";

const queues = createTaskQueues({ config: queueYaml });
export const { TaskQueue, TaskRunner } = queues;
const router = AutoRouter<IRequest, [unknown, ExecutionContext]>();
router.post("/_ah/queue/:queue", async (request) => {
  const task = await readTask(request as unknown as Request);
  console.log(
    "task",
    task.queue,
    task.name,
    task.retryCount,
    task.params.toString(),
    JSON.stringify(task.payload),
  );
  if (task.params.get("fail")) throw new Error("no");
  const ms = Number(task.params.get("ms") ?? 0);
  task.signal.addEventListener("abort", () =>
    console.log("cut off", task.name, String(task.signal.reason)),
  );
  await new Promise((r) => setTimeout(r, ms));
  return "ok";
});
router.all("*", () => "hello");
export default queues.serve(router as never);
