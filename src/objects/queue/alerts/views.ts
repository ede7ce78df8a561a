// Alerts as callers see them.
import { type AlertConfig, conditionText, receiverText } from "../../../core/alerts/alert.ts";
import type { AlertView } from "../../../core/alerts/alert-view.ts";
import { rfc3339 } from "../../../core/task/task-view.ts";
import type { AlertMessageRow, AlertRows, StoredAlert } from "../../../store/queue/alert-rows.ts";

export function viewsOf(alerts: readonly AlertConfig[], rows: AlertRows): AlertView[] {
  const [standings, pending, firsts] = [rows.standings(), rows.pending(), rows.firsts()];
  return alerts.map(({ name, when, to }) => ({
    ...{ name, when: conditionText(when), to: receiverText(to) },
    ...standingView(standings.get(name)),
    pending: pending.get(name) ?? 0,
    ...sendingView(firsts.find(({ alert }) => alert === name)),
  }));
}

function standingView(stored: StoredAlert | undefined) {
  const { begunAt, sent } = stored ?? {};
  return {
    ...(begunAt === undefined
      ? { state: "quiet" as const }
      : { state: "begun" as const, since: rfc3339(begunAt) }),
    ...(sent && { lastSent: { event: sent.event, at: rfc3339(sent.at) } }),
  };
}

function sendingView(message: AlertMessageRow | undefined) {
  if (!message) return {};
  const { tries, failedAt, error, nextAt } = message;
  const isFailing = failedAt !== undefined && error !== undefined;
  return {
    ...(isFailing && { lastFailure: { at: rfc3339(failedAt), error, tries } }),
    nextTryAt: rfc3339(nextAt),
  };
}
