// The audit in words.
import type { ActKind, AuditEntry } from "../../core/audit.ts";

const DONE: Readonly<Record<ActKind, string>> = {
  ...{ pause: "paused", resume: "resumed", purge: "purged", define: "defined", remove: "removed" },
  ...{ run: "ran", reschedule: "rescheduled", redrive: "redrove", delete: "deleted" },
  redrive_cancel: "stopped the redrive",
  ...{ release: "released the name", limit_key: "limited the key", reset_key: "reset the key" },
  import: "imported",
  alert_test: "tested the alert",
  cancel: "cancelled the group",
  ...{ cron_run: "ran the recurring task", cron_pause: "paused the recurring task" },
  cron_resume: "resumed the recurring task",
};

/** Of what they say nothing: who defines a queue does it to none of its tasks. */
const WITHOUT_COUNT: ReadonlySet<ActKind> = new Set([
  ...(["pause", "resume", "define", "release", "limit_key", "reset_key", "alert_test"] as const),
  ...(["redrive_cancel", "cancel", "cron_run", "cron_pause", "cron_resume"] as const),
]);

export function actWords({ what, acts }: Pick<AuditEntry, "what" | "acts">): string {
  return acts === 1 ? DONE[what] : `${DONE[what]}, ${acts} times`;
}

export function countWords({ what, count }: Pick<AuditEntry, "what" | "count">): string {
  if (WITHOUT_COUNT.has(what)) return "–";
  return count === 1 ? "1 task" : `${count.toLocaleString("en-US")} tasks`;
}

export function outcomeWords({ outcome, error }: Pick<AuditEntry, "outcome" | "error">): string {
  if (outcome === "unknown") return "not known: it goes on, or its process ended";
  if (error === undefined) return outcome;
  return outcome === "refused" ? `refused: ${error}` : `done; one was refused: ${error}`;
}
