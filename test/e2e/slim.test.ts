// A Worker with no more of the library than it asks for, in workerd as it is.
import { describe, expect, it } from "vitest";
import { until } from "../../scripts/until.ts";
import { compiledFiles } from "../../src/core/config/files.ts";
import { readQueueYaml } from "../../src/core/config/queue-yaml.ts";
import { runtimeOf } from "./runtime.ts";

const COMPILED = JSON.stringify(
  compiledFiles(readQueueYaml("queue: [{name: mail, rate: 100/s}, {name: inbox, mode: pull}]")),
);

/** A Worker that adds a task at /add, runs those of "mail", and shows at /ran what ran. */
function worker(doors: string): string {
  return `
import { createTaskQueues, ${doors ? `${doors},` : ""} readTask } from "./src/slim.ts";
const queues = createTaskQueues({ config: ${COMPILED}, doors: [${doors}] });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
const ran = [];
export default queues.serve({
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/_ah/queue/mail") {
      ran.push((await readTask(request)).payload);
      return new Response();
    }
    if (pathname === "/add") return Response.json(await queues.get(env, "mail").add({ payload: "x" }));
    if (pathname === "/ran") return Response.json(ran);
    return new Response("the Worker's own", { status: 418 });
  },
});`;
}

const PATHS = ["/_ah/api/queues/mail", "/_ah/console", "/v2/projects/p/locations/l/queues/mail"];

describe.each([
  ["without doors", "", [418, 418, 418]],
  ["with the JSON API", "api", [200, 418, 418]],
  ["with the console", "api, console", [200, 200, 418]],
  ["with Cloud Tasks' API", "cloudTasks", [418, 418, 200]],
])("a Worker %s", (_, doors, statuses) => {
  it("runs its tasks, serves what it opened, and lets nobody reach a handler", async () => {
    const url = await runtimeOf(worker(doors));
    const status = async (path: string, init?: RequestInit) =>
      (await fetch(new URL(path, url), init)).status;
    expect(await status("/add")).toBe(200);
    await until("the task ran", 10, async () => {
      const ran = await (await fetch(new URL("/ran", url))).json();
      return JSON.stringify(ran) === '["x"]';
    });
    expect(await Promise.all(PATHS.map((path) => status(path)))).toEqual(statuses);
    expect(await status("/_ah/queue/mail", { method: "POST" })).toBe(403);
    const forged = { headers: { "X-AppEngine-QueueName": "mail" } };
    expect(await status("/else", forged)).toBe(418);
  });
});
