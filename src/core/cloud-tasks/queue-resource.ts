// A queue of Google's <-> an entry of queue.yaml. What Google keeps with a queue and the queue here has no
// use for (logging, time to live of tasks, target of HTTP tasks, policy) lies in the entry's annotations.
import { perSecond } from "../units.ts";
import { QUEUE } from "./messages.ts";
import { readMessage, writeMessage } from "./proto-json.ts";
import type { CloudQueue, HttpTarget, RateLimits, Routing } from "./resources.ts";
import { completeRetryConfig, retryConfigOf, retryParametersOf } from "./retry.ts";
import { invalidArgument } from "./status.ts";

/** The part of a queue's view that its resource is made of; times RFC 3339, durations in seconds. */
export interface ShownQueue {
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
  extensions: { tombstoneTtl: number; annotations?: QueueAnnotations };
  statistics: {
    tasks: number;
    oldestEta: string | null;
    executedLastMinute: number;
    inFlight: number;
    enforcedRate: number | null;
  };
}

export type QueueAnnotations = Readonly<Record<string, unknown>>;

/** Seconds a name stays taken after its task has ended, on queues made by this API. */
const TOMBSTONE_TTL_S = 3600;
const TTL_S = {
  taskTtl: [10 * 86_400, 3650 * 86_400],
  tombstoneTtl: [3600, 9 * 86_400],
} as const;
const RATE = { default: 500, most: 500 };
const CONCURRENT = { default: 1000, most: 5000 };
const BURST = { least: 10, most: 100, perRate: 0.2 };

const ANNOTATION = "cloudTasks";
const KEPT = ["httpTarget", "stackdriverLoggingConfig", "taskTtl"] as const;

/** What an entry's annotations keep for this API, as JSON. */
export interface Kept {
  queue?: object;
  /** Of google.iam.v1. */
  policy?: object;
}

export function keptOf(annotations: QueueAnnotations = {}): Kept {
  return (annotations[ANNOTATION] as Kept | undefined) ?? {};
}

/** The httpTarget of a queue with these annotations. */
export function httpTargetIn(annotations: QueueAnnotations | undefined): HttpTarget | undefined {
  return (readMessage(QUEUE, keptOf(annotations).queue) as CloudQueue).httpTarget;
}

/** The annotations with this policy in them. */
export function withPolicy(annotations: QueueAnnotations = {}, policy: object): QueueAnnotations {
  return { ...annotations, [ANNOTATION]: { ...keptOf(annotations), policy } };
}

/** How a queue is written down. */
export interface Writing {
  /** Whether a scalar zero stands for "not set": then the default holds. */
  zeroIsUnset: boolean;
  /** The annotations it has. */
  annotations?: QueueAnnotations | undefined;
}

/** The entry of queue.yaml's form that does what the queue says. */
export function entryOf(given: CloudQueue, { zeroIsUnset, annotations }: Writing): object {
  const queue = flattened(given);
  checkDurations(queue);
  const { tombstoneTtl = TOMBSTONE_TTL_S } = queue;
  const kept = { ...keptOf(annotations), queue: keptPart(queue) };
  const extensions = {
    tombstone_ttl: `${Math.ceil(tombstoneTtl)}s`,
    annotations: { ...annotations, [ANNOTATION]: kept },
  };
  return isPull(queue)
    ? { mode: "pull", ...pullEntry(queue), extensions }
    : { ...pushEntry(queue, zeroIsUnset), extensions };
}

export function isPull({ pullTarget, type }: CloudQueue): boolean {
  return pullTarget !== undefined || type === "PULL";
}

/** The queue with its routing where v2 has it, whatever version it was written in. */
export function flattened({ appEngineHttpQueue, ...queue }: CloudQueue): CloudQueue {
  const routing = appEngineHttpQueue?.appEngineRoutingOverride;
  return routing ? { ...queue, appEngineRoutingOverride: routing } : queue;
}

function keptPart(queue: CloudQueue): object {
  const part = Object.fromEntries(KEPT.map((name) => [name, queue[name]]));
  return writeMessage(QUEUE, part, { enumsAsNumbers: false });
}

function checkDurations(queue: CloudQueue): void {
  for (const [name, [least, most]] of Object.entries(TTL_S)) {
    const value = queue[name as keyof typeof TTL_S];
    if (value === undefined || (value >= least && value <= most)) continue;
    throw invalidArgument(`Queue.${name} must be between [${least}s, ${most}s].`);
  }
  const ratio = queue.stackdriverLoggingConfig?.samplingRatio ?? 0;
  if (ratio >= 0 && ratio <= 1) return;
  throw invalidArgument("StackdriverLoggingConfig.samplingRatio must be between [0.0, 1.0].");
}

function pushEntry(queue: CloudQueue, zeroIsUnset: boolean): object {
  const retry = completeRetryConfig(queue.retryConfig ?? {}, zeroIsUnset);
  const { limit, ageLimit, minBackoff, maxBackoff, maxDoublings } = retryParametersOf(retry);
  const routing = queue.appEngineRoutingOverride;
  return {
    ...ratesOf(queue.rateLimits ?? {}, zeroIsUnset),
    ...(routing && hasRoute(routing) && { target: targetOf(routing) }),
    retry_parameters: {
      ...(limit !== undefined && { task_retry_limit: limit }),
      ...(ageLimit !== undefined && { task_age_limit: `${ageLimit}s` }),
      min_backoff_seconds: minBackoff,
      max_backoff_seconds: maxBackoff,
      max_doublings: maxDoublings,
    },
  };
}

// Of a pull queue's settings only the number of leases is its owner's.
function pullEntry({ retryConfig = {} }: CloudQueue): object {
  const { maxAttempts = -1, unlimitedAttempts } = retryConfig;
  if (unlimitedAttempts || maxAttempts < 1) return {};
  return { retry_parameters: { task_retry_limit: maxAttempts } };
}

function ratesOf(limits: RateLimits, zeroIsUnset: boolean): object {
  const rate = numberOf(limits.maxDispatchesPerSecond, RATE.default, zeroIsUnset);
  const concurrent = numberOf(limits.maxConcurrentDispatches, CONCURRENT.default, true);
  checkRange("maxDispatchesPerSecond", rate, RATE.most);
  checkRange("maxConcurrentDispatches", concurrent, CONCURRENT.most);
  return {
    rate: `${decimal(rate)}/s`,
    bucket_size: burstOf(rate),
    max_concurrent_requests: concurrent,
  };
}

function numberOf(given: number | undefined, otherwise: number, zeroIsUnset: boolean): number {
  return given === undefined || (given === 0 && zeroIsUnset) ? otherwise : given;
}

function checkRange(name: string, value: number, most: number): void {
  if (value < 0) throw invalidArgument(`RateLimits.${name} cannot be negative.`);
  if (value > most) {
    throw invalidArgument(`RateLimits.${name} must be less than or equal to ${most}.`);
  }
}

// The service picks the burst; it is known for 500/s (100) and for small rates (about 10).
function burstOf(rate: number): number {
  return Math.min(BURST.most, Math.max(BURST.least, Math.ceil(rate * BURST.perRate)));
}

function decimal(value: number): string {
  return value.toFixed(12).replace(/\.?0+$/, "");
}

function hasRoute({ service, version, instance }: Routing): boolean {
  return Boolean(service || version || instance);
}

/** `[[instance.]version.]service`, or undefined when nothing is named. */
export function targetOf({ service, version, instance }: Routing): string | undefined {
  if (!hasRoute({ service, version, instance } as Routing)) return undefined;
  return [instance, version, service || "default"].filter(Boolean).join(".");
}

export function routingOf(target: string): Routing {
  const [service, version, instance] = target.split(".").reverse();
  return {
    ...(service !== undefined && { service }),
    ...(version !== undefined && { version }),
    ...(instance !== undefined && { instance }),
  };
}

/** The queue as v2beta3 has it, its routing where v2 has it; `name` is its resource name. */
export function resourceOf(name: string, shown: ShownQueue): CloudQueue {
  const { mode, target, purgedAt, extensions } = shown;
  const kept = readMessage(QUEUE, keptOf(extensions.annotations).queue) as CloudQueue;
  return {
    name,
    ...(mode === "pull" ? pullPart(shown) : pushPart(shown)),
    state: shown.state.toUpperCase() as "RUNNING",
    ...(target !== undefined && { appEngineRoutingOverride: routingOf(target) }),
    ...(purgedAt !== undefined && { purgeTime: Date.parse(purgedAt) }),
    tombstoneTtl: extensions.tombstoneTtl,
    ...kept,
  };
}

function pullPart({ retryParameters: { taskRetryLimit } }: ShownQueue): CloudQueue {
  const maxAttempts = taskRetryLimit ?? -1;
  return { type: "PULL", retryConfig: { maxAttempts } };
}

function pushPart(shown: ShownQueue): CloudQueue {
  const { rate, bucketSize, maxConcurrentRequests, retryParameters: retry } = shown;
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
export function statsOf({ statistics }: ShownQueue): object {
  const { tasks, oldestEta, executedLastMinute, inFlight, enforcedRate } = statistics;
  return {
    tasksCount: `${tasks}`,
    ...(oldestEta !== null && { oldestEstimatedArrivalTime: Date.parse(oldestEta) }),
    executedLastMinuteCount: `${executedLastMinute}`,
    concurrentDispatchesCount: `${inFlight}`,
    ...(enforcedRate !== null && { effectiveExecutionRate: enforcedRate }),
  };
}
