// The native JSON API. Routes read the request, call a handle and format the response.
import { AutoRouter, type IRequest } from "itty-router";
import type { QueueHandle } from "../../client/queue-handle.ts";
import { refuse, type TaskQueueError, UnknownQueueError } from "../../core/errors.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import type { AddResult, NewTask } from "../../core/task/task.ts";
import type { ListQuery } from "../../objects/queue/inspect/pages.ts";
import { readdressed } from "../readdressed.ts";
import { errorResponse, failureJson, json, thrownResponse } from "../respond.ts";
import { listCron, pauseCron, resumeCron, runCron } from "./cron-routes.ts";
import { getHistory, queueEvents } from "./event-routes.ts";
import {
  addToGroup,
  cancelGroup,
  closeGroup,
  createGroup,
  getGroup,
  groupEvents,
  groupResults,
} from "./group-routes.ts";
import { acknowledgeOne, acknowledgeTasks, leaseTasks, modifyLease } from "./lease-routes.ts";
import { type AddRequest, readAddRequest } from "./new-task-request.ts";
import { bodyOf, type QueueService, queryOf, queueOf, segment } from "./request.ts";
import {
  listTombstones,
  redriveTasks,
  releaseName,
  rescheduleTask,
  runTask,
} from "./task-routes.ts";

type Args = [QueueService];

export const API_PREFIX = "/_ah/api";

const QUEUE = "/queues/:queue";

const router = AutoRouter<IRequest, Args, Response>({
  base: API_PREFIX,
  catch: thrownResponse,
  missing: noSuchPath,
});

router
  .get("/queues", listQueues)
  .get(QUEUE, (request, queues) => queueOf(request, queues).describe().then(ok))
  .put(QUEUE, defineQueue)
  .delete(QUEUE, removeQueue)
  .post(`${QUEUE}/~pause`, (request, queues) => queueOf(request, queues).pause().then(ok))
  .post(`${QUEUE}/~resume`, (request, queues) => queueOf(request, queues).resume().then(ok))
  .post(`${QUEUE}/~purge`, (request, queues) => queueOf(request, queues).purge().then(ok))
  .post(`${QUEUE}/tasks`, addTasks)
  .get(`${QUEUE}/tasks`, listTasks)
  .post(`${QUEUE}/tasks/~delete`, deleteTasks)
  .post(`${QUEUE}/tasks/~lease`, leaseTasks)
  .post(`${QUEUE}/tasks/~ack`, acknowledgeTasks)
  .post(`${QUEUE}/tasks/:name/~modifyLease`, modifyLease)
  .post(`${QUEUE}/tasks/~redrive`, redriveTasks)
  .post(`${QUEUE}/tasks/:name/~run`, runTask)
  .post(`${QUEUE}/tasks/:name/~reschedule`, rescheduleTask)
  .get(`${QUEUE}/tombstones`, listTombstones)
  .delete(`${QUEUE}/tombstones/:name`, releaseName)
  .get(`${QUEUE}/history`, getHistory)
  .get("/events", queueEvents)
  .post("/groups", createGroup)
  .get("/groups/:name", getGroup)
  .get("/groups/:name/events", groupEvents)
  .get("/groups/:name/results", groupResults)
  .post("/groups/:name/tasks", addToGroup)
  .post("/groups/:name/~close", closeGroup)
  .post("/groups/:name/~cancel", cancelGroup)
  .get("/cron", listCron)
  .post("/cron/:name/~run", runCron)
  .post("/cron/:name/~pause", pauseCron)
  .post("/cron/:name/~resume", resumeCron)
  .get(`${QUEUE}/tasks/:name`, getTask)
  .delete(`${QUEUE}/tasks/:name`, deleteTask);

/** Answers a request to a path under `/_ah/api`. */
export function answerApi(request: Request, queues: QueueService): Promise<Response> {
  return router.fetch(verbAsSegment(request) as unknown as IRequest, queues);
}

// A verb follows the last colon of the last segment (`/queues/sub:pause`), where a router does not
// look; it is routed as a segment of its own (`/queues/sub/~pause`), which no name can be.
export function verbAsSegment(request: Request): Request {
  const url = new URL(request.url);
  const path = url.pathname.replace(/:([A-Za-z]+)$/, "/~$1");
  if (path === url.pathname) return request;
  url.pathname = path;
  return readdressed(request, { url: url.href });
}

function ok(body: unknown): Response {
  return json(body);
}

async function listQueues(_request: IRequest, queues: QueueService): Promise<Response> {
  const names = await queues.names();
  const views = await Promise.all(names.map((name) => describeUnlessRemoved(queues.get(name))));
  return json({ queues: views.filter((view) => view !== undefined) });
}

// A queue may be removed between the listing of names and the look at it.
async function describeUnlessRemoved(queue: QueueHandle): Promise<QueueView | undefined> {
  try {
    return await queue.describe();
  } catch (error) {
    if (error instanceof UnknownQueueError) return undefined;
    throw error;
  }
}

async function defineQueue(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).define(await bodyOf(request)));
}

async function removeQueue(request: IRequest, queues: QueueService): Promise<Response> {
  const queue = queueOf(request, queues);
  await queue.remove();
  return json({ name: queue.name, removed: true });
}

async function addTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const queue = queueOf(request, queues);
  const parsed = await readAddRequest(request as unknown as Request);
  if ("failure" in parsed) return errorResponse(parsed.failure);
  return add(queue, parsed);
}

async function add(queue: QueueHandle, parsed: Exclude<AddRequest, { failure: unknown }>) {
  if ("one" in parsed) return json(await queue.add(parsed.one as NewTask), 201);
  const results = await queue.add(parsed.tasks as NewTask[], { atomic: parsed.atomic });
  return json({ results: results.map(resultJson) });
}

function resultJson({ task, error }: AddResult<TaskQueueError>) {
  return task ? { task } : { error: failureJson(error) };
}

async function listTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const query = queryOf(request, LIST_OPTIONS) as ListQuery;
  return json(await queueOf(request, queues).list(query));
}

const LIST_OPTIONS = ["state", "tag", "prefix", "limit", "cursor"];

async function getTask(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).get(segment(request, "name")));
}

async function deleteTask(request: IRequest, queues: QueueService): Promise<Response> {
  const { lease } = request.query;
  if (typeof lease === "string") return acknowledgeOne(request, queues, lease);
  const [result] = await queueOf(request, queues).delete([segment(request, "name")]);
  return json(result);
}

async function deleteTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const { names } = await bodyOf(request, ["names"]);
  return json({ results: await queueOf(request, queues).delete(names as string[]) });
}

function noSuchPath(request: IRequest): Response {
  const pathname = new URL(request.url).pathname.replace("/~", ":");
  const { failure } = refuse(
    "INVALID_REQUEST",
    `path: the API has no ${request.method} ${pathname}`,
  );
  return errorResponse(failure);
}
