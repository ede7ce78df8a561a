// The door of Google's Cloud Tasks API.
import { parseQueueEntry } from "../../core/config/queue-entry.ts";
import { traceOf } from "../../core/task/trace-context.ts";
import { hasIdentity } from "../../objects/egress/identity.ts";
import { checkAccess } from "../auth.ts";
import { withCors } from "../cors.ts";
import type { Door, Visit } from "../door.ts";
import { queuesOf } from "../own-queues.ts";
import { methodOf, withMethodOverride } from "./method-override.ts";
import { refusalResponse, thrownCloudResponse } from "./respond.ts";
import { answerCloudTasks, isCloudTasksPath } from "./router.ts";

/** Google's Cloud Tasks API over REST, at the origin's root. */
export const cloudTasks: Door = {
  readEntry: parseQueueEntry,
  // Google's names are percent-encoded parts of the path, so it is looked at as it was sent.
  isFor: ({ url }) => isCloudTasksPath(new URL(url).pathname),
  answer: (given, _, visit) => withCors(given, visit.settings, () => answerAllowed(given, visit)),
};

async function answerAllowed(given: Request, visit: Visit): Promise<Response> {
  const { settings, now } = visit;
  const { ok: caller, failure } = await checkAccess(given, settings, now, methodOf(given));
  if (failure) return refusalResponse(failure);
  const home = settings.TASKQUEUE_PROJECT || undefined;
  const around = {
    queues: queuesOf(caller, visit),
    home,
    hasIdentity: hasIdentity(settings),
    trace: traceOf(given.headers),
  };
  return withMethodOverride(given).then(
    (request) => answerCloudTasks(request, around),
    (error) => thrownCloudResponse(error, given),
  );
}
