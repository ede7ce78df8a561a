// What alerts are given.
import type { Sql } from "../../../store/sql.ts";
import type { Webhook, WebhookAnswer } from "../../rpc.ts";
import type { QueueContext } from "../context/context.ts";

export interface AlertsDeps {
  queue: QueueContext;
  sql: Sql;
  /** Adds a task to another queue, once. */
  addTo: AlertAdd;
  post: (webhook: Webhook) => Promise<WebhookAnswer>;
  /** Seconds until what is due is done, as far as anyone can say. */
  drainSeconds: () => number | null;
  /** Arms the alarm for whatever is next. */
  arm: () => void;
}

/** Why the task could not be added, or nothing. */
export type AlertAdd = (queue: string, name: string, body: string) => Promise<string | undefined>;
