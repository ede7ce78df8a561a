// The door of the JSON API.
import { following } from "../../client/following.ts";
import { parseQueueEntry } from "../../core/config/queue-entry.ts";
import { counting } from "../../objects/directory/counting.ts";
import { watching } from "../../objects/directory/watching.ts";
import { Search } from "../../objects/queue/inspect/search.ts";
import { Redrives } from "../../objects/queue/redrives.ts";
import { checkAccess, withoutToken } from "../auth.ts";
import { withCors } from "../cors.ts";
import { type Door, isUnder, type Visit } from "../door.ts";
import { queuesOf } from "../own-queues.ts";
import type { QueueService } from "../queue-service.ts";
import { errorResponse } from "../respond.ts";
import { API_PREFIX, answerApi } from "./router.ts";

/** The JSON API under `/_ah/api`. */
export const api: Door = {
  counting,
  following,
  watching,
  searching: Search,
  Failures: Redrives,
  readEntry: parseQueueEntry,
  isFor: (_, path) => isUnder(path, API_PREFIX),
  answer: (request, _, visit) => {
    const answer = async (queues: QueueService) =>
      answerApi(await withoutToken(request, visit.settings), queues);
    return withCors(request, visit.settings, () => answerAllowed(request, visit, answer));
  },
  answerBound: answerApi,
};

// A plan is asked for with a body, and changes nothing: who may read may have it.
function whatItDoes({ method, url }: Request): string {
  return new URL(url).pathname === `${API_PREFIX}/plan` && method === "POST" ? "GET" : method;
}

async function answerAllowed(
  request: Request,
  visit: Visit,
  answer: (queues: QueueService) => Response | Promise<Response>,
): Promise<Response> {
  const { settings, now } = visit;
  const { ok: caller, failure } = await checkAccess(request, settings, now, whatItDoes(request));
  return failure ? errorResponse(failure) : answer(queuesOf(caller, visit));
}
