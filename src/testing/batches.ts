// Calls that several tasks share, as a test sees them: an attempt of each task, and those that a test makes fail end
// before the handler is called with the others.
import { fromBase64 } from "../core/bytes.ts";
import { GROUP_HEADER } from "../core/task/group.ts";
import type { BatchOutcome } from "../objects/delivery/batch-outcome.ts";
import type { BatchDelivery } from "../objects/delivery/delivery.ts";
import type { WireOutcome } from "../objects/delivery/outcome.ts";
import { outcomeOfPlan, type PlannedFailure } from "./failures.ts";
import type { TaskAttempt } from "./log.ts";

interface Entry extends Pick<TaskAttempt, "name" | "retryCount" | "params" | "payload"> {
  headers: Record<string, string>;
  payloadBase64?: string;
}

/** The tasks' attempts as they begin. */
export function attemptsOf(delivery: BatchDelivery, now: number): Omit<TaskAttempt, "ok">[] {
  const { queue, spec } = delivery;
  const at = new Date(now).toISOString();
  return entriesOf(delivery).map(({ name, retryCount, headers, params, ...content }) => {
    const { payloadBase64, payload = fromBase64(payloadBase64) } = content;
    const group = headers[GROUP_HEADER];
    return {
      ...{ queue, name },
      ...(spec?.url === undefined ? {} : { url: spec.url }),
      ...(group === undefined ? {} : { group }),
      ...(params === undefined ? {} : { params }),
      ...(payload === undefined ? {} : { payload }),
      ...{ retryCount, at },
    };
  });
}

/** Hands on the tasks that are not to fail; the outcomes of all. */
export async function withFailures(
  delivery: BatchDelivery,
  plans: readonly (PlannedFailure | undefined)[],
  send: (delivery: BatchDelivery) => Promise<BatchOutcome>,
): Promise<BatchOutcome> {
  if (!plans.some((plan) => plan)) return send(delivery);
  const entries = entriesOf(delivery).filter((_, i) => !plans[i]);
  const batch = entries.map(({ name }) => name);
  const others = { ...delivery, batch, body: JSON.stringify({ tasks: entries }) };
  const outcome = batch.length === 0 ? [] : await send(others);
  const ofOthers = eachOf(outcome, batch.length).values();
  return Promise.all(
    plans.map((plan) => (plan ? outcomeOfPlan(plan) : (ofOthers.next().value as WireOutcome))),
  );
}

export function eachOf(outcome: BatchOutcome, tasks: number): WireOutcome[] {
  return Array.isArray(outcome) ? outcome : Array<WireOutcome>(tasks).fill(outcome);
}

function entriesOf({ body }: BatchDelivery): Entry[] {
  return JSON.parse(String(body)).tasks;
}
