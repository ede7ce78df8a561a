// A task's effective retry parameters: its own, which replace the queue's as a whole, or the queue's.

import type { QueueView } from "../../core/metrics/queue-view.ts";
import { completeRetry, type RetryParameters } from "../../core/task/backoff.ts";
import type { Task } from "../../core/task/task.ts";

export function retryOf(
  { retry }: Pick<Task, "retry">,
  { retryParameters }: Pick<QueueView, "retryParameters">,
): RetryParameters {
  return retry ? completeRetry(retry) : queueRetry(retryParameters);
}

function queueRetry(given: QueueView["retryParameters"]): RetryParameters {
  return completeRetry({
    ...(given.taskRetryLimit === undefined ? {} : { limit: given.taskRetryLimit }),
    ...(given.taskAgeLimit === undefined ? {} : { ageLimit: given.taskAgeLimit }),
    minBackoff: given.minBackoffSeconds,
    maxBackoff: given.maxBackoffSeconds,
    maxDoublings: given.maxDoublings,
  });
}
