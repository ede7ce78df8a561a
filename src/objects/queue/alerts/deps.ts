// What alerts are given.

import type { BacklogReport } from "../../../core/alerts/report.ts";
import type { Sql } from "../../../store/sql.ts";
import type { ShardRpc, Webhook, WebhookAnswer } from "../../rpc.ts";
import type { QueueContext } from "../context/context.ts";

export interface AlertsDeps {
  queue: QueueContext;
  sql: Sql;
  /** Adds a task to another queue, once. */
  addTo: AlertAdd;
  post: (webhook: Webhook) => Promise<WebhookAnswer>;
  /** What is due on this object. */
  backlog: () => BacklogReport;
  /** Seconds until a backlog is done, as far as anyone can say. */
  drainSeconds: (backlog: BacklogReport) => number | null;
  /** Another shard of the queue. */
  shard: (index: number) => Pick<ShardRpc, "takeAlertReport" | "alertReport">;
  /** Arms the alarm for whatever is next. */
  arm: () => void;
}

/** Why the task could not be added, or nothing. */
export type AlertAdd = (queue: string, name: string, body: string) => Promise<string | undefined>;
