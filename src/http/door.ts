// Entry for requests from outside: routes them to the APIs and the console, refuses calls of task handlers,
// and removes headers that only the queue may set. Everything else goes to the Worker's own code.
import { invalid, refuse } from "../core/errors.ts";
import { isReservedHeader } from "../objects/delivery/headers.ts";
import { hasIdentity } from "../objects/egress/identity.ts";
import type { QueueSettings } from "../objects/settings.ts";
import { checkAccess, type DoorSettings } from "./auth.ts";
import type { CloudQueues } from "./cloud-tasks/call.ts";
import { methodOf, withMethodOverride } from "./cloud-tasks/method-override.ts";
import { refusalResponse, thrownCloudResponse } from "./cloud-tasks/respond.ts";
import { answerCloudTasks, isCloudTasksPath } from "./cloud-tasks/router.ts";
import { CONSOLE_PREFIX } from "./console/headers.ts";
import { answerConsole } from "./console/router.ts";
import { hasBadEscape, mayReachHandlers } from "./handler-paths.ts";
import { answerOidc, OIDC_PREFIX } from "./native/oidc-routes.ts";
import { API_PREFIX, answerApi } from "./native/router.ts";
import { copyOf } from "./request-copy.ts";
import { errorResponse } from "./respond.ts";

/**
 * The response to a request from outside; undefined when it is for the Worker's own code. `now` in ms since
 * 1970.
 */
export async function answerAtDoor(
  request: Request,
  settings: DoorSettings & QueueSettings,
  queues: CloudQueues,
  now: number,
): Promise<Response | undefined> {
  const pathname = decodedPath(request.url);
  if (mayReachHandlers(request.url)) return errorResponse(HANDLER_REFUSAL.failure);
  if (isUnder(pathname, OIDC_PREFIX)) return answerOidc(request, pathname, settings);
  if (isCloudTasksPath(new URL(request.url).pathname)) {
    return answerCloudTasksAtDoor(request, settings, queues, now);
  }
  if (isUnder(pathname, CONSOLE_PREFIX)) return answerConsole(request, pathname, settings, now);
  const isMetrics = isUnder(pathname, METRICS);
  if (!isMetrics && !isUnder(pathname, API_PREFIX)) return refusalOfPath(request.url);
  const refusal = await checkAccess(request, settings, now);
  if (refusal) return errorResponse(refusal.failure);
  return isMetrics ? noMetrics() : answerApi(request, queues);
}

async function answerCloudTasksAtDoor(
  given: Request,
  settings: DoorSettings & QueueSettings,
  queues: CloudQueues,
  now: number,
): Promise<Response> {
  const refusal = await checkAccess(given, settings, now, methodOf(given));
  if (refusal) return refusalResponse(refusal.failure);
  const home = settings.TASKQUEUE_PROJECT || undefined;
  const around = { queues, home, hasIdentity: hasIdentity(settings) };
  return withMethodOverride(given).then(
    (request) => answerCloudTasks(request, around),
    (error) => thrownCloudResponse(error, given),
  );
}

/** Kept for metrics, which there are none of yet: it is never the Worker's own. */
const METRICS = "/_ah/metrics";
const noMetrics = () => new Response("There are no metrics yet.\n", { status: 404 });

const HANDLER_REFUSAL = refuse(
  "PERMISSION_DENIED",
  `paths under /_ah/queue/ are called by the queue alone; add a task with POST ${API_PREFIX}/queues/<queue>/tasks`,
);

/** Undefined where the path is for the Worker's own code. */
function refusalOfPath(url: string): Response | undefined {
  if (!hasBadEscape(url)) return undefined;
  const { pathname } = new URL(url);
  return errorResponse(invalid("path", pathname, "a path in valid percent-encoding").failure);
}

/** The request without the headers a handler trusts; the same one when it carries none. */
export function withoutReservedHeaders(request: Request): Request {
  const forged = [...request.headers.keys()].filter(isReservedHeader);
  if (forged.length === 0) return request;
  const clean = copyOf(request);
  for (const name of forged) clean.headers.delete(name);
  return clean;
}

function isUnder(pathname: string, prefix: string): boolean {
  return pathname === prefix || pathname.startsWith(`${prefix}/`);
}

// What is the API's or the console's is theirs in any spelling, and never falls through to the Worker.
function decodedPath(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname).replace(/\/{2,}/g, "/");
  } catch {
    return pathname;
  }
}
