// The route of costs.
import type { IRequest } from "itty-router";
import { costsOf, type Metered } from "../../core/metrics/costs.ts";
import type { QueueTotals } from "../../core/metrics/totals.ts";
import { figuresOf } from "../figures.ts";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";

/** Of queues that answer. */
export async function getCosts(_request: IRequest, queues: QueueService): Promise<Response> {
  const metered: Metered[] = [];
  for await (const { name, totals } of figuresOf(queues, "costs")) {
    if (totals === undefined) continue;
    const { since, meter: counts } = JSON.parse(totals) as QueueTotals;
    metered.push({ name, since, counts });
  }
  return json(costsOf(metered, queues.now()));
}
