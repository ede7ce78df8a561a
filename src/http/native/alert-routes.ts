// Routes of alerts: how those of all queues stand, and sending a test.
import type { IRequest } from "itty-router";
import type { ListedAlert } from "../../core/alerts/alert-view.ts";
import { PAGE } from "../../core/limits.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";
import { queueOf, segment } from "./request.ts";

export async function listAlerts(_request: IRequest, queues: QueueService): Promise<Response> {
  const alerts: ListedAlert[] = [];
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor; isFirst = false) {
    const page = await queues.page({ limit: PAGE.max, cursor });
    alerts.push(...page.views.flatMap(alertsIn));
    cursor = page.cursor;
  }
  return json({ alerts });
}

// Each view is JSON, and most have none.
function alertsIn(text: string): ListedAlert[] {
  if (!text.includes('"alerts":')) return [];
  const { name, alerts = [] } = JSON.parse(text) as QueueView;
  return alerts.map((alert) => ({ queue: name, ...alert }));
}

export async function testAlert(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queueOf(request, queues).testAlert(segment(request, "alert")));
}
