// Entry for requests from outside: finds the door they are for, refuses calls of task handlers, and removes
// headers that only the queue may set. Everything else goes to the Worker's own code.
import { invalid, refuse } from "../core/errors.ts";
import { isReservedHeader } from "../objects/delivery/headers.ts";
import { type Door, isUnder, type Visit } from "./door.ts";
import { hasBadEscape, mayReachHandlers } from "./handler-paths.ts";
import { answerOidc, OIDC_PREFIX } from "./native/oidc-routes.ts";
import { copyOf } from "./request-copy.ts";
import { errorResponse } from "./respond.ts";

/** The response to a request from outside; undefined when it is for the Worker's own code. */
export async function answerAtDoors(
  request: Request,
  visit: Visit,
  doors: readonly Door[],
): Promise<Response | undefined> {
  const path = decodedPath(request.url);
  if (mayReachHandlers(request.url)) return errorResponse(HANDLER_REFUSAL.failure);
  // What tokens are checked with is there whatever doors there are.
  if (isUnder(path, OIDC_PREFIX)) return answerOidc(request, path, visit.settings);
  const door = doors.find((it) => it.isFor(request, path));
  return door ? door.answer(request, path, visit) : refusalOfPath(request.url);
}

const HANDLER_REFUSAL = refuse(
  "PERMISSION_DENIED",
  "paths under /_ah/queue/ are called by the queue alone; add a task with POST /_ah/api/queues/<queue>/tasks",
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

// What is the API's or the console's is theirs in any spelling, and never falls through to the Worker.
function decodedPath(url: string): string {
  const { pathname } = new URL(url);
  try {
    return decodeURIComponent(pathname).replace(/\/{2,}/g, "/");
  } catch {
    return pathname;
  }
}
