// Lists queues in order of their names, paged and filtered.
import type { IRequest } from "itty-router";
import { parseFilter, type QueueFilter } from "../../core/cloud-tasks/filters.ts";
import { locationName } from "../../core/cloud-tasks/names.ts";
import { lastOf, pageToken } from "../../core/cloud-tasks/page-tokens.ts";
import { resourceOf } from "../../core/cloud-tasks/queue-resource.ts";
import { UnknownQueueError } from "../../core/errors.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import { json } from "../respond.ts";
import { type Call, locationOf, pageSizeOf, pageTokenOf, queryOf, requestedQueue } from "./call.ts";
import { queueIds, queueResponse } from "./queues.ts";

const MAX_PAGE = 9800;
/** Each queue is a Durable Object: calls in parallel, and calls for one page. */
const AT_ONCE = 50;
const LOOKED_AT = 500;

export async function listQueues(request: IRequest, call: Call): Promise<Response> {
  const filterText = queryOf(request, "filter") ?? "";
  const parent = locationName(locationOf(request));
  const list = { kind: "queues", parent, filter: filterText } as const;
  const max = pageSizeOf(request, MAX_PAGE);
  const after = lastOf(pageTokenOf(request), list) ?? "";
  const ids = (await queueIds(request, call)).filter((id) => id > after);
  const { found, last } = await pageOf(ids, max, parseFilter(filterText), request, call);
  const mask = queryOf(request, "readMask", "read_mask");
  const queues = found.map(({ name, view }) => queueResponse(name, view, call, mask));
  const isMore = last !== undefined && last !== ids.at(-1);
  return json({ queues, ...(isMore && { nextPageToken: pageToken(list, last) }) });
}

interface FoundQueue {
  id: string;
  name: string;
  view: QueueView;
}

async function pageOf(
  ids: readonly string[],
  max: number,
  filter: QueueFilter,
  request: IRequest,
  call: Call,
): Promise<{ found: FoundQueue[]; last: string | undefined }> {
  const found: FoundQueue[] = [];
  const looked = ids.slice(0, LOOKED_AT);
  for (let from = 0; from < looked.length; from += AT_ONCE) {
    const pending = looked.slice(from, from + AT_ONCE).map((id) => look(id, request, call));
    for (const queue of await Promise.all(pending)) {
      if (!queue || !filter(resourceOf(queue.name, queue.view))) continue;
      found.push(queue);
      if (found.length === max) return { found, last: queue.id };
    }
  }
  return { found, last: looked.at(-1) };
}

// One that is deleted meanwhile is not in the list.
async function look(id: string, request: IRequest, call: Call): Promise<FoundQueue | undefined> {
  const { name, handle } = requestedQueue(locationOf(request), id, call);
  try {
    return { id, name, view: await handle.describe() };
  } catch (error) {
    if (error instanceof UnknownQueueError) return undefined;
    throw error;
  }
}
