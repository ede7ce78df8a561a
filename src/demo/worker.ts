// A counter: a task on queue "master" cuts a range of numbers into intervals and puts a subtask for each
// on queue "sub"; each of those counts its interval and logs the numbers, and when they all have, one more
// task logs the whole list. Each minute a recurring task logs how much was done. The home page says what to try.
import { AutoRouter, html, type IRequest } from "itty-router";
import cronYaml from "../../cron.yaml";
import queueYaml from "../../queue.yaml";
import {
  createTaskQueues,
  readTask,
  TaskAlreadyExistsError,
  TombstonedTaskError,
} from "../index.ts";
import type { Interval } from "./count.ts";
import { homePage } from "./home-page.ts";
import { combine, splitUp } from "./master.ts";
import { report } from "./report.ts";

const queues = createTaskQueues<unknown, { master: Record<string, unknown>; sub: Interval }>({
  config: queueYaml,
  cron: cronYaml,
  targets: { backend: "Backend" },
});

export { Backend } from "./backend.ts";
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

const { defer } = queues.deferred({ report });

const router = AutoRouter<IRequest, [env: unknown, ctx: ExecutionContext]>();

router
  .get("/", ({ url }) => html(homePage(new URL(url).origin)))
  .post("/_ah/queue/master", async (request, env) => {
    const message = await splitUp(await readTask(request), queues.get(env, "sub"));
    console.log(message);
    return message;
  })
  .get("/_ah/queue/tally", async (_request, env) => {
    const { executedLastMinute } = (await queues.get(env, "sub").describe()).statistics;
    console.log(`tally: ${executedLastMinute} attempts on queue sub in the last minute`);
    return new Response();
  })
  .post("/_ah/queue/combined", async (request, env) => {
    const task = await readTask<{ count: string }>(request);
    const count = task.payload?.count ?? "nothing";
    const numbers = await combine(queues.group(env, task.group ?? ""));
    console.log(`combined ${count}: ${numbers.join(" ")}`);
    // Named, so that a second attempt of this task does not report a second time.
    const options = { name: `report-${count}`, countdown: 1 };
    await defer(
      report,
      { count, numbers: new Set(numbers), combinedAt: new Date() },
      options,
    ).catch(unlessThere);
    return numbers;
  });

function unlessThere(error: unknown): void {
  if (error instanceof TaskAlreadyExistsError || error instanceof TombstonedTaskError) return;
  throw error;
}

export default queues.serve(router);
