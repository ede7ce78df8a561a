// The native JSON API. Routes read the request, call a handle and format the response.
import { AutoRouter, type IRequest } from "itty-router";
import type { QueueHandle } from "../../client/queue-handle.ts";
import { checkQueueName } from "../../core/config/names.ts";
import { cut, invalid, type Refusal, refuse, type TaskQueueError } from "../../core/errors.ts";
import type { ListQuery } from "../../core/task/calls.ts";
import type { AddResult, NewTask, Task } from "../../core/task/task.ts";
import { type TraceContext, traceOf } from "../../core/task/trace-context.ts";
import type { QueueService } from "../queue-service.ts";
import { readdressed } from "../readdressed.ts";
import { errorResponse, failureJson, headOf, json, jsonText, thrownResponse } from "../respond.ts";
import { guardRoutes } from "../role-guard.ts";
import { listAlerts, testAlert } from "./alert-routes.ts";
import { exportQueue, importQueue } from "./backup-routes.ts";
import { getCosts } from "./cost-routes.ts";
import { listCron, pauseCron, resumeCron, runCron } from "./cron-routes.ts";
import { getHistory, queueEvents, tailQueue } from "./event-routes.ts";
import {
  addToGroup,
  cancelGroup,
  closeGroup,
  createGroup,
  getGroup,
  groupEvents,
  groupResults,
} from "./group-routes.ts";
import { getKey, limitKey, listKeys, resetKey } from "./key-routes.ts";
import {
  acknowledgeOne,
  acknowledgeTasks,
  failLeased,
  leaseTasks,
  modifyLease,
} from "./lease-routes.ts";
import { type AddRequest, readAddRequest } from "./new-task-request.ts";
import { planDeploy } from "./plan-routes.ts";
import { cancelRedrive, getFailures, listRedrives, redriveTasks } from "./redrive-routes.ts";
import {
  bodyOf,
  onlyFields,
  queryOf,
  queueOf,
  segment,
  withNothing,
  withoutBody,
  withoutOptions,
} from "./request.ts";
import { API_ROLES } from "./roles.ts";
import { listTombstones, releaseName, rescheduleTask, runTask } from "./task-routes.ts";

type Args = [QueueService];

export const API_PREFIX = "/_ah/api";

const QUEUES = "/queues";
const QUEUE = `${QUEUES}/:queue`;

type Router = ReturnType<typeof newRouter>;
let made: Router | undefined;

/** Made for the first request: a pattern for each route costs the Worker's start what few starts need. */
function router(): Router {
  if (made) return made;
  made = newRouter();
  guardRoutes(made.routes, API_ROLES, ([queues]) => queues as QueueService);
  return made;
}

// In front of a handler stands what the route does not take: `withoutOptions` where it reads a body and no query,
// `withNothing` where it reads neither.
function newRouter() {
  return AutoRouter<IRequest, Args, Response>({
    base: API_PREFIX,
    catch: thrownResponse,
    missing: noSuchPath,
  })
    .get(QUEUES, listQueues)
    .get(QUEUE, withoutOptions, (request, queues) => queueOf(request, queues).describe().then(ok))
    .put(QUEUE, withoutOptions, defineQueue)
    .delete(QUEUE, withNothing, removeQueue)
    .post(`${QUEUE}/~pause`, withNothing, (request, queues) =>
      queueOf(request, queues).pause().then(ok),
    )
    .post(`${QUEUE}/~resume`, withNothing, (request, queues) =>
      queueOf(request, queues).resume().then(ok),
    )
    .post(`${QUEUE}/~purge`, withNothing, (request, queues) =>
      queueOf(request, queues).purge().then(ok),
    )
    .get(`${QUEUE}/~export`, exportQueue)
    .post(`${QUEUE}/~import`, withoutOptions, importQueue)
    .post(`${QUEUE}/tasks`, addTasks)
    .get(`${QUEUE}/tasks`, listTasks)
    .post(`${QUEUE}/tasks/~delete`, withoutOptions, deleteTasks)
    .post(`${QUEUE}/tasks/~lease`, withoutOptions, leaseTasks)
    .post(`${QUEUE}/tasks/~ack`, withoutOptions, acknowledgeTasks)
    .post(`${QUEUE}/tasks/:name/~modifyLease`, withoutOptions, modifyLease)
    .post(`${QUEUE}/tasks/:name/~fail`, withoutOptions, failLeased)
    .post(`${QUEUE}/tasks/~redrive`, withoutOptions, redriveTasks)
    .post(`${QUEUE}/tasks/:name/~run`, withNothing, runTask)
    .post(`${QUEUE}/tasks/:name/~reschedule`, withoutOptions, rescheduleTask)
    .get(`${QUEUE}/failures`, withoutOptions, getFailures)
    .get(`${QUEUE}/redrives`, withoutOptions, listRedrives)
    .post(`${QUEUE}/redrives/:id/~cancel`, withNothing, cancelRedrive)
    .get(`${QUEUE}/tombstones`, listTombstones)
    .delete(`${QUEUE}/tombstones/:name`, withNothing, releaseName)
    .get(`${QUEUE}/keys`, listKeys)
    .get(`${QUEUE}/keys/:key`, withoutOptions, getKey)
    .put(`${QUEUE}/keys/:key`, withoutOptions, limitKey)
    .delete(`${QUEUE}/keys/:key`, withNothing, resetKey)
    .post(`${QUEUE}/alerts/:alert/~test`, withNothing, testAlert)
    .get(`${QUEUE}/history`, getHistory)
    .get(`${QUEUE}/events`, withoutOptions, tailQueue)
    .post("/plan", withoutOptions, planDeploy)
    .get("/events", queueEvents)
    .get("/alerts", withoutOptions, listAlerts)
    .get("/audit", getAudit)
    .post("/groups", withoutOptions, createGroup)
    .get("/groups/:name", withoutOptions, getGroup)
    .get("/groups/:name/events", withoutOptions, groupEvents)
    .get("/groups/:name/results", groupResults)
    .post("/groups/:name/tasks", withoutOptions, addToGroup)
    .post("/groups/:name/~close", withNothing, closeGroup)
    .post("/groups/:name/~cancel", withNothing, cancelGroup)
    .get("/costs", withoutOptions, getCosts)
    .get("/cron", withoutOptions, listCron)
    .post("/cron/:name/~run", withNothing, runCron)
    .post("/cron/:name/~pause", withNothing, pauseCron)
    .post("/cron/:name/~resume", withNothing, resumeCron)
    .get(`${QUEUE}/tasks/:name`, withoutOptions, getTask)
    .delete(`${QUEUE}/tasks/:name`, withoutBody, deleteTask);
}

/** Every route, as "GET /_ah/api/queues/:queue"; what tries them all goes by this list. */
export function apiRoutes(): readonly string[] {
  return router().routes.map(([method, , , path]) => [method, path].join(" "));
}

/** Answers a request to a path under `/_ah/api`. A HEAD is answered as its GET is. */
export async function answerApi(given: Request, queues: QueueService): Promise<Response> {
  const isHead = given.method === "HEAD";
  const method = isHead ? "GET" : given.method;
  const request = verbAsSegment(readdressed(given, { method })) as unknown as IRequest;
  const response = isMisspelt(request)
    ? noSuchPath(request)
    : await router().fetch(request, queues);
  return isHead ? headOf(response) : response;
}

const VERB = /\/~[A-Za-z]+$/;
/** The one that is asked for by GET. */
const READING_VERB = /\/queues\/[^/]+\/~export$/;

// Behind another method than its own, a verb would pass for a name. Where a slash ends a path, nothing may have been
// put in for a name: one is passed over, but not where a queue would be removed in place of a task.
function isMisspelt(request: IRequest): boolean {
  const path = pathOf(request);
  if (VERB.test(path)) return request.method !== (READING_VERB.test(path) ? "GET" : "POST");
  return path.includes("//") || (request.method === "DELETE" && path.endsWith("/"));
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

// Each view is JSON already, and a page has a thousand of them.
async function listQueues(request: IRequest, queues: QueueService): Promise<Response> {
  const { views, cursor } = await queues.page(queryOf(request, ["limit", "cursor"]));
  const rest = cursor === undefined ? "" : `,"cursor":${JSON.stringify(cursor)}`;
  return jsonText(`{"queues":[${views.join(",")}]${rest}}`);
}

async function getAudit(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queues.audit(queryOf(request, ["queue", "who", "limit", "cursor"])));
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
  return add(queue, parsed, traceOf(request.headers));
}

async function add(
  queue: QueueHandle,
  parsed: Exclude<AddRequest, { failure: unknown }>,
  trace: TraceContext | undefined,
) {
  // A list would pass for several tasks of the handle's.
  if ("one" in parsed && Array.isArray(parsed.one)) {
    return errorResponse(invalid("body", parsed.one, 'a task, or {"tasks": [...]}').failure);
  }
  if ("one" in parsed) {
    const task = await queue.addFrom(trace, parsed.one as NewTask);
    return json(task, isThere(task) ? 200 : 201);
  }
  const results = await queue.addFrom(trace, parsed.tasks as NewTask[], {
    atomic: parsed.atomic,
  });
  return json({ results: results.map(resultJson) });
}

/** Whether nothing was added, and the task is one that was there. */
function isThere({ outcome }: Task): boolean {
  return outcome === "kept" || outcome === "throttled";
}

function resultJson({ task, error }: AddResult<TaskQueueError>) {
  return task ? { task } : { error: failureJson(error) };
}

async function listTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const query = queryOf(request, LIST_OPTIONS) as ListQuery;
  return json(await queueOf(request, queues).list(query));
}

const LIST_OPTIONS = ["state", "tag", "key", "prefix", "text", "header", "limit", "cursor"];

async function getTask(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).get(segment(request, "name")));
}

async function deleteTask(request: IRequest, queues: QueueService): Promise<Response> {
  const { lease } = queryOf(request, ["lease"]);
  if (typeof lease === "string") return acknowledgeOne(request, queues, lease);
  const [result] = await queueOf(request, queues).delete([segment(request, "name")]);
  return json(result);
}

async function deleteTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const { names } = onlyFields(await bodyOf(request), ["names"]);
  return json({ results: await queueOf(request, queues).delete(names as string[]) });
}

function noSuchPath(request: IRequest): Response {
  const path = pathOf(request);
  const shown = cut(path.replace("/~", ":"));
  const refusal = path.startsWith(`${API_PREFIX}${QUEUES}//`)
    ? checkQueueName("")
    : refuse("INVALID_REQUEST", `path: the API has no ${request.method} ${shown}`);
  const response = errorResponse((refusal as Refusal).failure);
  const methods = methodsAt(path);
  if (methods.length > 0) response.headers.set("Allow", methods.join(", "));
  return response;
}

/** The methods that a path of the API is for. */
function methodsAt(path: string): string[] {
  const forms = router()
    .routes.filter(([, form]) => form.test(path))
    .map(([method]) => method);
  if (READING_VERB.test(path)) return ["GET", "HEAD"];
  if (VERB.test(path)) return forms.filter((method) => method === "POST");
  return [...new Set(forms.flatMap((method) => (method === "GET" ? [method, "HEAD"] : method)))];
}

function pathOf({ url }: IRequest): string {
  return new URL(url).pathname;
}
