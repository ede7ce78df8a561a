// Alerts as a part: a Worker whose queues have none does not carry them.
import type { BacklogReport } from "../../core/alerts/report.ts";
import { drainSeconds } from "../../core/config/drain-time.ts";
import type { QueueFile } from "../../core/config/queue-config.ts";
import type { PostWebhook } from "../egress/task-egress.ts";
import { postWebhook } from "../egress/webhook.ts";
import { Alerts } from "./alerts/alerts.ts";
import type { AlertAdd } from "./alerts/deps.ts";
import type { NewAlerts, Queue } from "./queue.ts";

export interface AlertsPart {
  readonly part: "alerts";
  /** What each object of a queue needs for them. */
  readonly newAlerts: NewAlerts;
  /** Sends a webhook. */
  readonly post: PostWebhook;
}

const newAlerts: NewAlerts = (queue, { sql, post, arm, file }) =>
  new Alerts({
    ...{ queue, sql, post, arm },
    addTo: addBy(queue),
    backlog: () => backlogOf(queue),
    drainSeconds: (backlog) => drainOf(queue, file, backlog),
    shard: (index) => queue.stubs.shard(queue.name, index),
  });

// A queue takes dead letters of others by their names, each once; and so it does these.
function addBy({ stubs }: Queue): AlertAdd {
  return async (queue, name, body) => {
    const task = { name, payload: JSON.parse(body) };
    const { ok: answers, failure } = await stubs.queue(queue).addDeadLetters([task]);
    const { code, message } = failure ?? answers?.[0]?.failure ?? {};
    const isThere = code === "TASK_ALREADY_EXISTS" || code === "TOMBSTONED_TASK";
    return code === undefined || isThere ? undefined : `${code} ${message}`;
  };
}

// By what starts now: a queue that is slowed down takes longer than its entry says.
function backlogOf(queue: Queue): BacklogReport {
  const now = queue.now();
  const { tasks, due = tasks } = queue.store.counts.tasks(now);
  const { lastMinute, lastHour } = queue.statistics.runTime(now);
  const { held } = queue.sharding.shares;
  const queueRate = held ? held.queueRate : queue.push.tokens()?.shape.rate;
  return { due, queueRate, runTime: lastMinute.p50 ?? lastHour.p50 };
}

function drainOf(queue: Queue, file: QueueFile, backlog: BacklogReport): number | null {
  if (backlog.due === 0) return 0;
  if (queue.isPaused) return null;
  const { config } = queue.definition;
  return drainSeconds({ ...config, rate: backlog.queueRate ?? config.rate }, file, backlog);
}

/** Alerts: `extensions.alerts` of queue.yaml. */
export const alerts: AlertsPart = { part: "alerts", newAlerts, post: postWebhook };
