// The route of costs.
import type { IRequest } from "itty-router";
import { costsOf, type Metered } from "../../core/metrics/costs.ts";
import type { QueueTotals } from "../../core/metrics/totals.ts";
import type { FiguresPage, QueueFigures } from "../../objects/rpc.ts";
import { figurePages } from "../figures.ts";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";

/** Of queues that answer, and of the directory where the caller may see all queues. */
export async function getCosts(_request: IRequest, queues: QueueService): Promise<Response> {
  const metered: Metered[] = [];
  let directory: FiguresPage["own"];
  for await (const page of figurePages(queues, "costs")) {
    metered.push(...page.queues.flatMap(meteredOf));
    directory = page.own;
  }
  return json(costsOf(metered, directory, queues.now()));
}

function meteredOf({ name, totals }: QueueFigures): Metered[] {
  if (totals === undefined) return [];
  const { since, meter: counts } = JSON.parse(totals) as QueueTotals;
  return [{ name, since, counts }];
}
