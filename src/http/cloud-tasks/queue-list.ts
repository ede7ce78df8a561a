// Lists queues in order of their names, paged and filtered.
import type { IRequest } from "itty-router";
import { parseFilter, type QueueFilter } from "../../core/cloud-tasks/filters.ts";
import { type Location, locationName, queueNameOf } from "../../core/cloud-tasks/names.ts";
import { lastOf, pageToken } from "../../core/cloud-tasks/page-tokens.ts";
import { resourceOf } from "../../core/cloud-tasks/queue-resource.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import type { QueuePage } from "../../objects/rpc.ts";
import { json } from "../respond.ts";
import { type Call, locationOf, namespaceOf, pageSizeOf, pageTokenOf, queryOf } from "./call.ts";
import { queueResponse } from "./queues.ts";

const MAX_PAGE = 9800;
/** Queues looked at for one page; a token leads on from there. */
const MAX_LOOKED_AT = 5000;

export async function listQueues(request: IRequest, call: Call): Promise<Response> {
  const filterText = queryOf(request, "filter") ?? "";
  const parent = locationName(locationOf(request));
  const list = { kind: "queues", parent, filter: filterText } as const;
  const max = pageSizeOf(request, MAX_PAGE);
  const after = lastOf(pageTokenOf(request), list) ?? "";
  const { found, last } = await pageOf(after, max, parseFilter(filterText), request, call);
  const mask = queryOf(request, "readMask", "read_mask");
  const queues = found.map(({ name, view }) => queueResponse(name, view, call, mask));
  return json({ queues, ...(last !== undefined && { nextPageToken: pageToken(list, last) }) });
}

interface FoundQueue {
  id: string;
  name: string;
  view: QueueView;
}

/** The queues behind the id `after` that pass the filter; `last`: the id that was looked at last, if there are more. */
async function pageOf(
  after: string,
  max: number,
  filter: QueueFilter,
  request: IRequest,
  call: Call,
): Promise<{ found: FoundQueue[]; last?: string }> {
  const found: FoundQueue[] = [];
  let last = after;
  let looked = 0;
  for await (const queue of queuesAfter(after, locationOf(request), call)) {
    if (found.length === max || looked++ === MAX_LOOKED_AT) return { found, last };
    if (filter(resourceOf(queue.name, queue.view))) found.push(queue);
    last = queue.id;
  }
  return { found };
}

/** The place's queues in order, as far as they are asked for. */
async function* queuesAfter(
  after: string,
  place: Location,
  call: Call,
): AsyncGenerator<FoundQueue> {
  const namespace = namespaceOf(place, call);
  let from: string | undefined = namespace + after;
  while (from !== undefined) {
    const page: QueuePage = await call.queues.pageAfter(from);
    for (const text of page.views) {
      const view = JSON.parse(text) as QueueView;
      if (!view.name.startsWith(namespace)) return;
      const id = view.name.slice(namespace.length);
      if (!id.includes("/")) yield { id, name: queueNameOf(place, id), view };
    }
    from = page.last;
  }
}
