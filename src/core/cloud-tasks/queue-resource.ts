// A queue -> its Cloud Tasks resource. Fields of Google's that have no effect here (logging, taskTtl, IAM
// policy) and httpTarget are stored in the entry's annotations.

import type { KeysView } from "../config/keys-config.ts";
import { perSecond } from "../config/units.ts";
import type { Locations } from "../sharding/location.ts";
import { QUEUE } from "./messages.ts";
import { projectIn } from "./names.ts";
import { readMessage } from "./proto-json.ts";
import type { CloudQueue, HttpTarget } from "./resources.ts";
import { retryConfigOf } from "./retry.ts";
import { shownRouting } from "./routing.ts";

/** The part of a queue's view that its resource is made of; times RFC 3339, durations in seconds. */
export interface QueueState {
  mode: "push" | "pull";
  state: "running" | "paused" | "disabled";
  rate: string;
  bucketSize: number;
  maxConcurrentRequests: number;
  target?: string;
  purgedAt?: string;
  retryParameters: {
    taskRetryLimit?: number;
    taskAgeLimit?: number;
    minBackoffSeconds: number;
    maxBackoffSeconds: number;
    maxDoublings: number;
  };
  extensions: {
    tombstoneTtl: number;
    keepFailed: number;
    keepResults?: true;
    batch?: { size: number; wait: number };
    failedQueue?: string;
    keys?: KeysView;
    shards?: number;
    location?: Locations;
    limits?: readonly string[];
    annotations?: QueueAnnotations;
  };
  statistics: {
    tasks: number;
    oldestEta: string | null;
    executedLastMinute: number;
    inFlight: number;
    enforcedRate: number | null;
  };
}

export type QueueAnnotations = Readonly<Record<string, unknown>>;

export const ANNOTATION = "cloudTasks";

/** What an entry's annotations keep for this API, as JSON. */
export interface CloudAnnotation {
  queue?: object;
  /** Of google.iam.v1. */
  policy?: object;
}

export function annotationIn(annotations: QueueAnnotations = {}): CloudAnnotation {
  return Object(annotations[ANNOTATION]);
}

/** The httpTarget of a queue with these annotations. */
export function httpTargetIn(annotations: QueueAnnotations | undefined): HttpTarget | undefined {
  return annotatedQueue(annotations).httpTarget;
}

// Callers can write any annotation: what cannot be read is ignored.
function annotatedQueue(annotations: QueueAnnotations | undefined): CloudQueue {
  try {
    return readMessage(QUEUE, annotationIn(annotations).queue);
  } catch {
    return {};
  }
}

/** The queue with this policy. */
export function withPolicy(queue: QueueState, policy: object): QueueState {
  const { annotations } = queue.extensions;
  const stored = { ...annotations, [ANNOTATION]: { ...annotationIn(annotations), policy } };
  return { ...queue, extensions: { ...queue.extensions, annotations: stored } };
}

export function isPull({ pullTarget, type }: CloudQueue): boolean {
  return pullTarget !== undefined || type === "PULL";
}

/** The queue with its routing where v2 has it, whatever version it was written in. */
export function withFlatRouting({ appEngineHttpQueue, ...queue }: CloudQueue): CloudQueue {
  const routing = appEngineHttpQueue?.appEngineRoutingOverride;
  return routing ? { ...queue, appEngineRoutingOverride: routing } : queue;
}

/** The queue as v2beta3 has it, its routing where v2 has it; `name` is its resource name. */
export function resourceOf(name: string, queue: QueueState): CloudQueue {
  const { mode, target, purgedAt, extensions } = queue;
  const { appEngineRoutingOverride: routing, ...stored } = annotatedQueue(extensions.annotations);
  return {
    name,
    ...(mode === "pull" ? pullPart(queue) : pushPart(queue)),
    state: queue.state.toUpperCase() as "RUNNING",
    ...(target !== undefined && {
      appEngineRoutingOverride: shownRouting(
        { target, ...(routing && { routing }) },
        projectIn(name),
      ),
    }),
    ...(purgedAt !== undefined && { purgeTime: Date.parse(purgedAt) }),
    taskTtl: defaultTaskTtl(extensions.annotations),
    tombstoneTtl: extensions.tombstoneTtl,
    ...stored,
  };
}

/** 31 days on queues of this API; on others, as on Google's of queue.yaml, the longest duration there is. */
const TASK_TTL_S = { ofThisApi: 31 * 86_400, ofOthers: 315_576_000_000 } as const;

function defaultTaskTtl(annotations: QueueAnnotations | undefined): number {
  return annotationIn(annotations).queue ? TASK_TTL_S.ofThisApi : TASK_TTL_S.ofOthers;
}

function pullPart({ retryParameters: { taskRetryLimit } }: QueueState): CloudQueue {
  const maxAttempts = taskRetryLimit ?? -1;
  return { type: "PULL", retryConfig: { maxAttempts } };
}

function pushPart(queue: QueueState): CloudQueue {
  const { rate, bucketSize, maxConcurrentRequests, retryParameters: retry } = queue;
  const limit = perSecond(rate);
  return {
    type: "PUSH",
    rateLimits: {
      ...(Number.isFinite(limit) && { maxDispatchesPerSecond: limit }),
      maxBurstSize: bucketSize,
      maxConcurrentDispatches: maxConcurrentRequests,
    },
    retryConfig: retryConfigOf({
      ...(retry.taskRetryLimit !== undefined && { limit: retry.taskRetryLimit }),
      ...(retry.taskAgeLimit !== undefined && { ageLimit: retry.taskAgeLimit }),
      minBackoff: retry.minBackoffSeconds,
      maxBackoff: retry.maxBackoffSeconds,
      maxDoublings: retry.maxDoublings,
    }),
  };
}

/** v2beta2's and v2beta3's statistics. */
export function statsOf({ statistics }: QueueState): object {
  const { tasks, oldestEta, executedLastMinute, inFlight, enforcedRate } = statistics;
  return {
    tasksCount: tasks,
    ...(oldestEta !== null && { oldestEstimatedArrivalTime: Date.parse(oldestEta) }),
    executedLastMinuteCount: executedLastMinute,
    concurrentDispatchesCount: inFlight,
    ...(enforcedRate !== null && { effectiveExecutionRate: enforcedRate }),
  };
}
