// A Worker in which everything is counted that the platform bills.
import { env as settings } from "cloudflare:workers";
import { createTaskQueues } from "../../../src/index.ts";
import { between, type Counts, FIRST, type KindCounts } from "../../bill-count.ts";
import { counted, countedEntrypoint, countsSoFar } from "./counting.ts";
import cronYaml from "./cron.yaml";
import { KINDS, type Kind, type Place, RECURRING } from "./kinds.ts";
import queueYaml from "./queue.yaml";

const own = settings as unknown as { TARGET: string; RECURRING?: string };
// Recurring tasks come by themselves, so a Worker has them only where nothing else is counted.
const recurring = own.RECURRING ? { cron: cronYaml } : {};
const queues = createTaskQueues({ config: queueYaml, ...recurring });
export const TaskQueue = counted("TaskQueue", queues.TaskQueue);
export const TaskGroup = counted("TaskGroup", queues.TaskGroup);
export const TaskCron = counted("TaskCron", queues.TaskCron);
export const TaskDirectory = counted("TaskDirectory", queues.TaskDirectory);
export const TaskEgress = counted("TaskEgress", queues.TaskEgress);
export const TaskRunner = countedEntrypoint("TaskRunner", queues.TaskRunner);

export default queues.serve({
  async fetch(request: Request, env: unknown): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/kinds") return Response.json(kinds());
    if (pathname !== "/kind") return handle(request, pathname);
    const kind = KINDS[searchParams.get("name") ?? ""];
    return kind ? Response.json(await measured(kind, env)) : new Response(null, { status: 404 });
  },
});

function kinds(): string[] {
  return Object.keys(KINDS).filter((name) => (name === RECURRING) === Boolean(own.RECURRING));
}

function handle({ headers }: Request, pathname: string): Response {
  const isFirst = headers.get("X-AppEngine-TaskExecutionCount") === "0";
  const isFailing = headers.get("X-AppEngine-QueueName") === "failing";
  if (pathname === "/answers") return Response.json({ counted: 1 });
  const fails =
    (pathname === "/fails-once" && isFirst) || (pathname === "/fails-on-failing" && isFailing);
  return new Response(null, { status: fails ? 500 : 204 });
}

/** What had been counted when the last kind ended. */
let seen: Counts = {};

async function measured({ tasks, act }: Kind, env: unknown): Promise<KindCounts> {
  const place: Place = { queue: (name) => queues.get(env, name), target: own.TARGET };
  const round = crypto.randomUUID();
  await act(place, FIRST, `${round}-first`);
  const met = countsSoFar();
  const first = between(seen, met);
  await act(place, tasks, `${round}-then`);
  seen = countsSoFar();
  return { tasks, first, counts: between(met, seen) };
}
