// An exhausted task as a new task for the dead-letter queue (failed_queue in queue.yaml).

import { jsonOf } from "../errors.ts";
import { MAX_NAME_LENGTH } from "../limits.ts";
import type { NewTask, StoredTask, Task } from "./task.ts";
import { taskView } from "./task-view.ts";

const QUEUE = "X-TaskQueue-Failed-Queue";
const PATH = "X-TaskQueue-Failed-Path";

/**
 * The queues this task has failed on before it was handed on to the one it is on now, by the headers that
 * `deadLetterTask` gave it.
 */
export function failedBefore(task: StoredTask): string[] {
  const { headers = {} } = taskView("", "failed", task);
  const path = headerOf(headers, PATH) ?? headerOf(headers, QUEUE);
  return path === undefined ? [] : path.split(/\s*,\s*/).filter((name) => name !== "");
}

function headerOf(headers: NonNullable<Task["headers"]>, name: string): string | undefined {
  const found = Object.entries(headers).find(([it]) => it.toLowerCase() === name.toLowerCase());
  return found && String(found[1]);
}

/**
 * The task for the other queue: sent as it was to be sent, by that queue's rules, with headers that say
 * where from and why. `key` makes its name this failure's own, so that handing it on twice adds it once.
 */
export function deadLetterTask(queue: string, task: StoredTask, key: number): NewTask {
  const { url, method, params, payload, payloadBase64, headers, target, ...rest } = taskView(
    queue,
    "failed",
    task,
  );
  const { routing, dispatchDeadline, oidcToken, dialect, key: line, priority } = rest;
  const content = { params, payload, payloadBase64, key: line, priority };
  const given = { url, method, ...content, target, routing, dispatchDeadline, oidcToken, dialect };
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const suffix = `-${key.toString(36)}`;
  const own = failureHeaders(queue, task);
  const kept = Object.entries(headers ?? {}).filter(([name]) => !isOneOf(own, name));
  return {
    ...Object.fromEntries(present),
    name: task.name.slice(0, MAX_NAME_LENGTH - suffix.length) + suffix,
    headers: { ...Object.fromEntries(kept), ...own },
  };
}

function isOneOf(own: object, name: string): boolean {
  return [PATH, ...Object.keys(own)].some((it) => it.toLowerCase() === name.toLowerCase());
}

function failureHeaders(queue: string, task: StoredTask): Record<string, string> {
  const { name, progress } = task;
  const before = failedBefore(task);
  const last = progress.attempts.at(-1);
  const status = last?.status === undefined ? [] : [`status ${last.status}`];
  const why = [...status, ...(last?.error ? [last.error] : [])].join(": ") || "no attempt left";
  return {
    [QUEUE]: queue,
    ...(before.length > 0 && { [PATH]: [...before, queue].join(", ") }),
    "X-TaskQueue-Failed-Task": name,
    "X-TaskQueue-Failed-Attempts": `${progress.retryCount + 1}`,
    "X-TaskQueue-Failed-Reason": printable(why),
  };
}

// As a header carries it: what is not printable ASCII is escaped.
function printable(text: string): string {
  const escaped = (jsonOf(text) ?? "").slice(1, -1);
  return escaped.replace(/[^\x20-\x7e]/g, "?").slice(0, 500);
}
