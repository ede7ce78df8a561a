// What is sent of an alert: the same body and the same id however often it is sent.
import { rfc3339 } from "../task/task-view.ts";
import { type AlertCondition, type AlertConfig, conditionText, durationText } from "./alert.ts";

export type AlertEvent = "begun" | "over" | "test";

/** Why an alert is over: its condition holds no more, or it is not in the queue's entry, or not as it was. */
export type OverReason = "fine" | "removed" | "changed";

export interface AlertHappening {
  queue: string;
  alert: Pick<AlertConfig, "name" | "when">;
  event: AlertEvent;
  /** When it began (ms); of a test, when that is sent. */
  begunAt: number;
  /** When this came to be (ms). */
  now: number;
  /** What the condition is about: seconds, or tasks. */
  value: number;
  reason?: OverReason;
}

export interface AlertMessage {
  /** Its own, of letters, digits, hyphens and underscores: a webhook's id, and a task's name. */
  id: string;
  body: string;
}

export function alertMessage(given: AlertHappening): AlertMessage {
  const { queue, alert, event, begunAt, now, value, reason } = given;
  const data = {
    ...{ queue, alert: alert.name, when: conditionText(alert.when) },
    since: rfc3339(begunAt),
    ...(event === "over" && { until: rfc3339(now), reason }),
    value,
    text: textOf(given),
    ...(event === "test" && { test: true }),
  };
  return {
    id: ["alert", plain(queue), alert.name, begunAt, event].join("_"),
    body: JSON.stringify({ type: `alert.${event}`, timestamp: rfc3339(now), data }),
  };
}

// The name of a queue in a namespace has other characters.
function plain(queue: string): string {
  return queue.replace(/[^A-Za-z0-9-]/g, "-").slice(-200);
}

function textOf({ queue, alert, event, value, reason }: AlertHappening): string {
  if (event === "test") return `queue "${queue}": a test of the alert "${alert.name}"`;
  if (event === "begun") return `queue "${queue}": ${found(alert.when, value)}`;
  const why = reason === "fine" ? "the condition holds no more" : `the alert was ${reason}`;
  return `queue "${queue}": "${alert.name}" is over, ${why}`;
}

function found(when: AlertCondition, value: number): string {
  const limit = durationText(when.seconds);
  switch (when.kind) {
    case "oldest_due_older_than":
      return `the oldest due task has waited ${rounded(value)}, the limit is ${limit}`;
    case "failed":
      return `${value} tasks failed or expired within ${limit}, the limit is ${when.moreThan}`;
    case "backlog_not_drained_in":
      return `what is due takes ${rounded(value)}, the limit is ${limit}`;
    case "target_dead":
      return `no attempt was answered but by a 5xx for ${rounded(value)}, the limit is ${limit}`;
  }
}

function rounded(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 120) return `${whole}s`;
  return durationText(whole - (whole % 60));
}

/** So long after it was made (ms) a message is given up. */
export const GIVE_UP_MS = 3 * 24 * 3600_000;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 10 * 60_000;

/** The wait after so many tries that failed, in ms. */
export function resendWait(tries: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.min(tries - 1, 20), LONGEST_WAIT_MS);
}
