import { createTaskQueues } from "../../../src/index.ts";
import cronYaml from "./cron.yaml";
import queueYaml from "./queue.yaml";

const queues = createTaskQueues({ config: queueYaml, cron: cronYaml });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

export default queues.serve({
  fetch(request: Request): Response {
    const task = request.headers.get("X-AppEngine-TaskName");
    if (request.headers.get("X-AppEngine-Cron")) console.log(`tick ${task}`);
    return new Response();
  },
});
