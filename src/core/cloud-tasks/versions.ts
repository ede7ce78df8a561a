// Differences between the API's versions in responses: v2beta2 has other names, v2beta3 has more fields than
// v2.
import { withFlatRouting } from "./queue-resource.ts";
import type { CloudQueue, CloudTask, Version } from "./resources.ts";

/** A queue as a version shows it. */
export function queueIn(version: Version, queue: CloudQueue): object {
  if (version === "v2beta2") return oldQueue(queue);
  if (version === "v2beta3") return newerQueue(queue);
  const { type: _, taskTtl: __, tombstoneTtl: ___, stats: ____, ...rest } = queue;
  return rest;
}

function newerQueue({ appEngineRoutingOverride, ...queue }: CloudQueue): object {
  if (!appEngineRoutingOverride) return queue;
  return { ...queue, appEngineHttpQueue: { appEngineRoutingOverride } };
}

function oldQueue(queue: CloudQueue): object {
  const { appEngineRoutingOverride, type, rateLimits, retryConfig, ...rest } =
    withFlatRouting(queue);
  const { stackdriverLoggingConfig: _, ...fields } = rest;
  const routed = { ...(appEngineRoutingOverride && { appEngineRoutingOverride }) };
  return {
    ...fields,
    ...(type === "PULL" && { pullTarget: {} }),
    ...(type === "PUSH" && !queue.httpTarget && { appEngineHttpTarget: routed }),
    ...(rateLimits && { rateLimits: oldRates(rateLimits) }),
    ...(retryConfig && { retryConfig: oldRetry(retryConfig) }),
  };
}

function oldRates({ maxDispatchesPerSecond, maxBurstSize, maxConcurrentDispatches }: RateLimits) {
  return {
    maxTasksDispatchedPerSecond: maxDispatchesPerSecond,
    maxBurstSize,
    maxConcurrentTasks: maxConcurrentDispatches,
  };
}

function oldRetry({ maxAttempts, ...retry }: RetryConfig): object {
  return maxAttempts === -1 ? { ...retry, unlimitedAttempts: true } : { ...retry, maxAttempts };
}

type RateLimits = NonNullable<CloudQueue["rateLimits"]>;
type RetryConfig = NonNullable<CloudQueue["retryConfig"]>;

/** A task as a version shows it. */
export function taskIn(version: Version, task: CloudTask): object {
  if (version === "v2beta2") return oldTask(task);
  if (version === "v2beta3") return task;
  const { retryConfig: _, ...rest } = task;
  return rest;
}

function oldTask({ appEngineHttpRequest: request, ...task }: CloudTask): object {
  const { dispatchCount, responseCount, firstAttempt, lastAttempt, ...rest } = task;
  const { dispatchDeadline: _, retryConfig: __, ...fields } = rest;
  const { relativeUri, body, ...parts } = request ?? {};
  return {
    ...fields,
    ...(request && {
      appEngineHttpRequest: { ...parts, relativeUrl: relativeUri, payload: body },
    }),
    status: {
      attemptDispatchCount: dispatchCount,
      attemptResponseCount: responseCount,
      firstAttemptStatus: firstAttempt,
      lastAttemptStatus: lastAttempt,
    },
  };
}
