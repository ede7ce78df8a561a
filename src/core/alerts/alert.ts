// An alert of a queue: a condition, and where it is sent to when that begins to hold and when it does no more.

/** Times in seconds. */
export type AlertCondition =
  /** The task that has waited longest was due so long ago, or longer. */
  | { readonly kind: "oldest_due_older_than"; readonly seconds: number }
  /** More tasks than these failed for good, or expired, within the time. */
  | { readonly kind: "failed"; readonly moreThan: number; readonly seconds: number }
  /** What is due would take longer than this, as the queue is set. */
  | { readonly kind: "backlog_not_drained_in"; readonly seconds: number }
  /** For so long, or longer, no attempt was answered but by a 5xx. */
  | { readonly kind: "target_dead"; readonly seconds: number };

/** A webhook, signed with the secrets that this setting has; or a task on another queue. */
export type AlertReceiver =
  | { readonly url: string; readonly secret: string }
  | { readonly queue: string };

export interface AlertConfig {
  /** One of the queue's, and no other's. */
  readonly name: string;
  readonly when: AlertCondition;
  readonly to: AlertReceiver;
}

const UNITS: readonly [seconds: number, unit: string][] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "m"],
];

/** As queue.yaml has it: 5400 is "90m". */
export function durationText(seconds: number): string {
  const [whole, unit] = UNITS.find(([length]) => seconds >= length && seconds % length === 0) ?? [
    1,
    "s",
  ];
  return `${seconds / whole}${unit}`;
}

/** "failed more than 100 in 1h" */
export function conditionText(when: AlertCondition): string {
  const time = durationText(when.seconds);
  if (when.kind === "failed") return `failed more than ${when.moreThan} in ${time}`;
  return `${when.kind} ${time}`;
}

/** The path of a url can be a secret, so of another server it is the origin alone. */
export function receiverText(to: AlertReceiver): string {
  return "queue" in to ? `a task on "${to.queue}"` : new URL(to.url).origin;
}

/** Tells alerts apart that differ in anything: FNV-1a in 32 bits. */
export function alertMark(alert: AlertConfig): string {
  let hash = 0x811c9dc5;
  const text = JSON.stringify([alert.when, alert.to]);
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}
