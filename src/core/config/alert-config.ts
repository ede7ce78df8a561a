// Checked entries of `extensions.alerts` as configuration.
import type { AlertCondition, AlertConfig, AlertReceiver } from "../alerts/alert.ts";
import type { AlertEntry } from "./alert-schema.ts";
import { seconds } from "./units.ts";

const SECRET = "TASKQUEUE_SIGNING_SECRET";

export function alertConfigs(entries: readonly AlertEntry[]): readonly AlertConfig[] {
  return Object.freeze(entries.map(alertConfig));
}

function alertConfig(entry: AlertEntry): AlertConfig {
  const when = conditionOf(entry);
  const name = entry.name ?? when.kind;
  return Object.freeze({ name, when: Object.freeze(when), to: Object.freeze(receiverOf(entry)) });
}

function conditionOf(entry: AlertEntry): AlertCondition {
  const { failed } = entry;
  if (failed) return { kind: "failed", moreThan: failed.more_than, seconds: seconds(failed.in) };
  for (const kind of ["oldest_due_older_than", "backlog_not_drained_in"] as const)
    if (entry[kind] !== undefined) return { kind, seconds: seconds(entry[kind]) };
  return { kind: "target_dead", seconds: seconds(entry.target_dead ?? "") };
}

function receiverOf({ send, secret = SECRET, task }: AlertEntry): AlertReceiver {
  return task ? { queue: task.queue } : { url: new URL(send ?? "").href, secret };
}
