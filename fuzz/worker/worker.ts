// The Worker that is tried: the library in front of a router that reads paths leniently, whose handlers remember
// who called them. A request from outside carries X-Fuzz; no task does.
import { Hono } from "hono";
import { createTaskQueues } from "../../src/index.ts";
import cron from "./cron.yaml";
import config from "./queue.yaml";

const queues = createTaskQueues({ config, cron });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;

interface Seen {
  /** Handlers' calls, by tasks. */
  runs: number;
  /** What should not be: the marks of requests from outside that came to a handler, or with a task's headers. */
  outside: string[];
}

const seen: Seen = { runs: 0, outside: [] };
const app = new Hono();

app.all("/_ah/queue/*", ({ req }) => {
  const mark = req.header("X-Fuzz");
  if (mark === undefined) seen.runs++;
  else seen.outside.push(`${mark}: handler`);
  return new Response("ran", { status: STATUSES[seen.runs % STATUSES.length] ?? 200 });
});

const STATUSES = [200, 200, 200, 201, 500, 503, 404];

app.get("/fuzz/seen", ({ json }) => json(seen));

const RESERVED = /^x-(appengine|cloudtasks|google|taskqueue)-/i;

// What passes the door is the Worker's own; it says so.
app.all("*", ({ req }) => {
  const mark = req.header("X-Fuzz");
  const forged = Object.keys(req.header()).filter((name) => RESERVED.test(name));
  if (mark !== undefined && forged.length > 0) seen.outside.push(`${mark}: ${forged}`);
  return new Response("own", { headers: { "X-Own": "1" } });
});

export default queues.serve(
  app as unknown as ExportedHandler & { fetch: typeof app.fetch } as never,
);
