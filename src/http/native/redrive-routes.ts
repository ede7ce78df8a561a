// Routes of failures and redrives.
import type { IRequest } from "itty-router";
import { errorOf, invalid } from "../../core/errors.ts";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";
import { bodyOf, onlyFields, queueOf, segment } from "./request.ts";

export async function getFailures(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).failures());
}

/** Of tasks by name, and of all at once, the answer says what was done; at a rate, or of one fault, how it stands. */
export async function redriveTasks(request: IRequest, queues: QueueService): Promise<Response> {
  const queue = queueOf(request, queues);
  const body = onlyFields(await bodyOf(request), ["names", "all", "rate", "fingerprint"]);
  const { all, names, ...how } = body;
  const [more] = Object.keys(how);
  if (all === undefined) {
    if (more !== undefined && names === undefined) throw refused("all", all, "true");
    if (more !== undefined) throw refused(more, how[more], "it beside all alone, not names");
    return json({ results: await queue.redrive(names as string[]) });
  }
  if (all !== true) throw refused("all", all, "true, or names");
  if (names !== undefined) throw refused("names", names, "either names or all");
  return json(await (more === undefined ? queue.redrive("all") : queue.startRedrive(how)));
}

export async function listRedrives(request: IRequest, queues: QueueService): Promise<Response> {
  return json({ redrives: await queueOf(request, queues).redrives() });
}

export async function cancelRedrive(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).cancelRedrive(segment(request, "id")));
}

function refused(field: string, value: unknown, expected: string) {
  return errorOf(invalid(field, value, expected).failure);
}
