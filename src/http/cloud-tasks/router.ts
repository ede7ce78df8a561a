// Google's Cloud Tasks API over REST, at the origin's root: v2, v2beta2, v2beta3, and without a version as
// firebase-admin sends it.
import { AutoRouter, type IRequest } from "itty-router";
import type { Version } from "../../core/cloud-tasks/resources.ts";
import { CloudTasksError } from "../../core/cloud-tasks/status.ts";
import { cut } from "../../core/errors.ts";
import { verbAsSegment } from "../native/router.ts";
import { readdressed } from "../readdressed.ts";
import { json } from "../respond.ts";
import { guardRoutes } from "../role-guard.ts";
import { batchCreate, batchDelete } from "./batches.ts";
import { bufferTask } from "./buffer.ts";
import type { Call } from "./call.ts";
import { acknowledgeTask, cancelLease, leaseTasks, renewLease } from "./leases.ts";
import { getCmekConfig, getLocation, listLocations, updateCmekConfig } from "./locations.ts";
import { getIamPolicy, setIamPolicy, testIamPermissions } from "./policies.ts";
import { listQueues } from "./queue-list.ts";
import {
  createQueue,
  deleteQueue,
  getQueue,
  pauseQueue,
  purgeQueue,
  resumeQueue,
  updateQueue,
} from "./queues.ts";
import { cloudErrorResponse, thrownCloudResponse } from "./respond.ts";
import { CLOUD_TASKS_ROLES } from "./roles.ts";
import { systemParametersOf } from "./system-parameters.ts";
import { createTask, deleteTask, getTask, listTasks, runTask } from "./tasks.ts";

const LOCATIONS = "/projects/:project/locations";
const LOCATION = `${LOCATIONS}/:location`;
const QUEUES = `${LOCATION}/queues`;
const QUEUE = `${QUEUES}/:queue`;
const TASKS = `${QUEUE}/tasks`;
const TASK = `${TASKS}/:task`;

type Router = ReturnType<typeof newRouter>;
let made: Router | undefined;

/** Made for the first request: a pattern for each route costs the Worker's start what few starts need. */
function router(): Router {
  if (made) return made;
  made = newRouter();
  guardRoutes(made.routes, CLOUD_TASKS_ROLES, ([call]) => (call as Call).queues);
  return made;
}

function newRouter() {
  return AutoRouter<IRequest, [Call], Response>({
    catch: thrownCloudResponse,
    missing: noSuchMethod,
  })
    .get(LOCATIONS, listLocations)
    .get(LOCATION, getLocation)
    .get(`${LOCATION}/cmekConfig`, getCmekConfig)
    .patch(`${LOCATION}/cmekConfig`, updateCmekConfig)
    .get(QUEUES, listQueues)
    .post(QUEUES, createQueue)
    .get(QUEUE, getQueue)
    .patch(QUEUE, updateQueue)
    .delete(QUEUE, deleteQueue)
    .post(`${QUEUE}/~purge`, purgeQueue)
    .post(`${QUEUE}/~pause`, pauseQueue)
    .post(`${QUEUE}/~resume`, resumeQueue)
    .post(`${QUEUE}/~getIamPolicy`, getIamPolicy)
    .post(`${QUEUE}/~setIamPolicy`, setIamPolicy)
    .post(`${QUEUE}/~testIamPermissions`, testIamPermissions)
    .get(TASKS, listTasks)
    .post(TASKS, createTask)
    .post(`${TASKS}/~batchCreate`, batchCreate)
    .post(`${TASKS}/~batchDelete`, batchDelete)
    .post(`${TASKS}/~buffer`, bufferTask)
    .post(`${TASKS}/~lease`, leaseTasks)
    .get(TASK, getTask)
    .delete(TASK, deleteTask)
    .post(`${TASK}/~run`, runTask)
    .post(`${TASK}/~buffer`, bufferTask)
    .post(`${TASK}/~acknowledge`, acknowledgeTask)
    .post(`${TASK}/~renewLease`, renewLease)
    .post(`${TASK}/~cancelLease`, cancelLease);
}

/** Every route, as "GET /projects/:project/locations"; what tries them all goes by this list. */
export function cloudTasksRoutes(): readonly string[] {
  return router().routes.map(([method, , , path]) => [method, path].join(" "));
}

const VERSIONED = /^\/(v2|v2beta2|v2beta3)(?=\/projects\/[^/]+\/locations(\/|$))/;
// Google's Node client asks for locations in the version of another API.
const OF_LOCATIONS = /^\/v1(?=\/projects\/[^/]+\/locations(\/[^/]+)?$)/;
const UNVERSIONED = /^(?=\/projects\/[^/]+\/locations\/[^/]+\/queues(\/|$))/;

/** Whether a path is this API's. */
export function isCloudTasksPath(pathname: string): boolean {
  return [VERSIONED, OF_LOCATIONS, UNVERSIONED].some((form) => form.test(pathname));
}

/** Answers a request to one of its paths. */
export async function answerCloudTasks(
  request: Request,
  around: Pick<Call, "queues" | "home" | "hasIdentity" | "trace">,
): Promise<Response> {
  const url = new URL(request.url);
  const [prefix = "", version = "v2"] =
    VERSIONED.exec(url.pathname) ?? OF_LOCATIONS.exec(url.pathname)?.slice(0, 1) ?? [];
  url.pathname = url.pathname.slice(prefix.length).replace(WITHOUT_ID, "/tasks:buffer");
  const method = request.method === "HEAD" ? "GET" : request.method;
  const asked = verbAsSegment(readdressed(request, { url: url.href, method }));
  try {
    const { enumsAsNumbers, selection } = systemParametersOf(asked);
    const call: Call = {
      version: version as Version,
      isUnversioned: prefix === "",
      writeOptions: { enumsAsNumbers },
      ...around,
    };
    const response = await router().fetch(asked as unknown as IRequest, call);
    const answer = selection && response.ok ? json(selection(await response.json())) : response;
    return request.method === "HEAD" ? new Response(null, answer) : answer;
  } catch (error) {
    return thrownCloudResponse(error, request);
  }
}

// gcloud's id of a task that has none.
const WITHOUT_ID = /\/tasks\/:buffer$/;

function noSuchMethod(request: IRequest): Response {
  const path = cut(new URL(request.url).pathname.replace("/~", ":"));
  return cloudErrorResponse(
    new CloudTasksError("NOT_FOUND", `The API has no method ${request.method} ${path}.`),
  );
}
