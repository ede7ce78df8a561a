// The door of metrics: `/_ah/metrics`, for Prometheus and what reads its format.
import { utf8 } from "../../core/bytes.ts";
import type { CronView } from "../../core/config/cron-view.ts";
import { invalid } from "../../core/errors.ts";
import {
  CONTENT_TYPES,
  type ExpositionFormat,
  familyText,
  formatFor,
  OPENMETRICS_END,
} from "../../core/metrics/exposition.ts";
import { familyBytes } from "../../core/metrics/protobuf.ts";
import { familiesOf, type Scrape, type ScrapedQueue } from "../../core/metrics/queue-families.ts";
import { counting } from "../../objects/directory/counting.ts";
import { trouble } from "../../objects/log.ts";
import type { QueueFigures } from "../../objects/rpc.ts";
import { checkAccess } from "../auth.ts";
import { type Door, isUnder, type Visit } from "../door.ts";
import { figurePages } from "../figures.ts";
import { queuesOf } from "../own-queues.ts";
import type { QueueService } from "../queue-service.ts";
import { errorResponse, headOf, thrownResponse } from "../respond.ts";

const METRICS = "/_ah/metrics";

/** Metrics under `/_ah/metrics`. */
export const metrics: Door = {
  counting,
  isFor: (_, path) => isUnder(path, METRICS),
  answer: async (request, path, visit: Visit) => {
    const { settings, now } = visit;
    const { ok: caller, failure } = await checkAccess(request, settings, now);
    if (failure) return errorResponse(failure);
    const refusal = refusalOf(request, path);
    if (refusal) return errorResponse(refusal.failure);
    try {
      const answer = await scraped(request, queuesOf(caller, visit), now);
      return request.method === "HEAD" ? headOf(answer) : answer;
    } catch (error) {
      return thrownResponse(error, request);
    }
  },
};

function refusalOf({ method }: Request, path: string) {
  if (method !== "GET" && method !== "HEAD") return invalid("method", method, "GET");
  return path.replace(/\/$/, "") === METRICS ? undefined : invalid("path", path, METRICS);
}

async function scraped(request: Request, queues: QueueService, now: number): Promise<Response> {
  const format = formatFor(request.headers.get("Accept") ?? "");
  const [all, cron] = await Promise.all([scrapedQueues(queues), cronOf(queues)]);
  const headers = { "Content-Type": CONTENT_TYPES[format], "Cache-Control": "no-store" };
  return new Response(streamOf({ now, queues: all, cron }, format), { headers });
}

async function scrapedQueues(queues: QueueService): Promise<ScrapedQueue[]> {
  const all: ScrapedQueue[] = [];
  for await (const page of figurePages(queues, "scrape")) all.push(...page.queues.map(read));
  return all;
}

function read({ name, view, totals }: QueueFigures): ScrapedQueue {
  return {
    name,
    ...(view !== undefined && { view: JSON.parse(view) }),
    ...(totals !== undefined && { totals: JSON.parse(totals) }),
  };
}

// One that does not answer takes nothing from the queues' lines.
async function cronOf(queues: QueueService): Promise<readonly CronView[] | undefined> {
  try {
    return await queues.cron().list();
  } catch (error) {
    trouble("task queue: the recurring tasks did not say how they are", error);
    return undefined;
  }
}

// A family at a time, as the reader takes them: of a thousand queues the whole is megabytes.
function streamOf(scrape: Scrape, format: ExpositionFormat): ReadableStream<Uint8Array> {
  const parts = partsOf(scrape, format);
  return new ReadableStream({
    pull: (controller) => {
      const { done, value } = parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

function* partsOf(scrape: Scrape, format: ExpositionFormat): Generator<Uint8Array> {
  for (const family of familiesOf(scrape)) {
    const bytes = format === "protobuf" ? familyBytes(family) : utf8(familyText(family, format));
    if (bytes.byteLength > 0) yield bytes;
  }
  if (format === "openmetrics") yield utf8(OPENMETRICS_END);
}
