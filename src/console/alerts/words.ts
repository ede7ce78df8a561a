// Alerts in words.
import type { AlertTest, ListedAlert } from "../../core/alerts/alert-view.ts";

/** What is on first, then by queue and name. */
export function inOrder(alerts: readonly ListedAlert[]): ListedAlert[] {
  const key = ({ state, queue, name }: ListedAlert) =>
    `${state === "begun" ? 0 : 1} ${queue} ${name}`;
  return [...alerts].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** What has not arrived; undefined where all has. */
export function pendingWords({ pending, lastFailure }: ListedAlert): string | undefined {
  if (pending === 0) return undefined;
  const what = pending === 1 ? "1 message has not arrived" : `${pending} messages have not arrived`;
  return lastFailure ? `${what}: ${lastFailure.error}` : what;
}

/** Throws what did not arrive, as an error that is shown. */
export function testWords({ sent, status, error }: AlertTest): string {
  if (!sent) throw new Error(`The test did not arrive: ${error}`);
  return status === undefined ? "The test is on its queue" : `The test was answered ${status}`;
}
