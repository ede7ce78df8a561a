// How an alert of the queue's entry stands, as far as the rows know.
import { type AlertConfig, alertMark } from "../../../core/alerts/alert.ts";
import type { AlertRows, StoredAlert } from "../../../store/queue/alert-rows.ts";

/** Undefined where what is on disk is of another entry. */
export function storedOf(rows: AlertRows, alert: AlertConfig): StoredAlert | undefined {
  const stored = rows.standings().get(alert.name);
  if (!stored) return newStanding(alert);
  return stored.mark === alertMark(alert) ? stored : undefined;
}

/** Of one that has never begun. */
export function newStanding(alert: AlertConfig): StoredAlert {
  return { mark: alertMark(alert), was: { when: alert.when, to: alert.to } };
}
