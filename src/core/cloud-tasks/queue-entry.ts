// A Cloud Tasks queue -> an entry of queue.yaml: defaults, limits, and the fields kept as annotations.
import { keysEntry } from "../config/keys-config.ts";
import type { RetryParameters } from "../task/backoff.ts";
import { checkHttpTarget } from "./http-target.ts";
import { QUEUE } from "./messages.ts";
import { writeMessage } from "./proto-json.ts";
import {
  ANNOTATION,
  annotationIn,
  isPull,
  type QueueState,
  resourceOf,
  withFlatRouting,
} from "./queue-resource.ts";
import type { CloudQueue, RateLimits } from "./resources.ts";
import { completeRetryConfig, retryParametersOf } from "./retry.ts";
import { keptRouting } from "./routing.ts";
import { invalidArgument } from "./status.ts";

/** Seconds a name stays taken after its task has ended, on queues made by this API. */
const TOMBSTONE_TTL_S = 3600;
/** What may be set; what a queue made otherwise has may be outside, and stays. */
const TTL_S = {
  taskTtl: [10 * 86_400, 3650 * 86_400],
  tombstoneTtl: [3600, 9 * 86_400],
} as const;
const RATE = { default: 500, max: 500 };
const CONCURRENT = { default: 1000, max: 5000 };
const BURST = { min: 10, max: 100, perRate: 0.2 };

const ROUTING_FIELD = "Queue.appEngineRoutingOverride";
const ANNOTATED_FIELDS = ["httpTarget", "stackdriverLoggingConfig", "taskTtl"] as const;

/** How a queue is written down. */
export interface EntryOptions {
  /** Whether a scalar zero means "not set": then the default holds. */
  zeroIsUnset: boolean;
  /** The queue as it is, of which stays what this API has no word for. */
  current?: QueueState;
}

/** The entry of queue.yaml's form that does what the queue says. */
export function entryOf(given: CloudQueue, { zeroIsUnset, current }: EntryOptions): object {
  const queue = withFlatRouting(given);
  checkNew(queue, current && resourceOf("", current));
  const extensions = extensionsOf(queue, current);
  if (isPull(queue)) return { mode: "pull", ...pullEntry(queue), extensions };
  const retry = retryParametersOf(completeRetryConfig(queue.retryConfig ?? {}, zeroIsUnset));
  const entry = { ...targetEntry(queue), retry_parameters: retryEntry(retry) };
  const own = { ...extensions, ...exactAge(retry) };
  if (current && isSame(queue.rateLimits, resourceOf("", current).rateLimits)) {
    return { ...entry, extensions: { ...own, ...ratesAsTheyAre(current) } };
  }
  return { ...entry, ...ratesOf(queue.rateLimits ?? {}, zeroIsUnset), extensions: own };
}

function extensionsOf(queue: CloudQueue, current: QueueState | undefined): object {
  const {
    keepFailed,
    keepResults,
    batch,
    failedQueue,
    keys,
    shards,
    location,
    limits,
    annotations,
  } = current?.extensions ?? ({} as Partial<QueueState["extensions"]>);
  const annotation = { ...annotationIn(annotations), queue: annotatedFields(queue) };
  return {
    tombstone_ttl: `${Math.ceil(queue.tombstoneTtl ?? TOMBSTONE_TTL_S)}s`,
    ...(keepFailed !== undefined && { keep_failed: `${keepFailed}s` }),
    ...(keepResults && { keep_results: true }),
    ...(batch && { batch }),
    ...(failedQueue !== undefined && { failed_queue: failedQueue }),
    ...(keys !== undefined && { keys: keysEntry(keys) }),
    ...(shards !== undefined && { shards }),
    ...(location !== undefined && { location }),
    ...(limits !== undefined && { limits }),
    annotations: { ...annotations, [ANNOTATION]: annotation },
  };
}

// A queue made otherwise can be faster than this API allows, and have another burst.
function ratesAsTheyAre({ rate, bucketSize, maxConcurrentRequests }: QueueState): object {
  return { rate, bucket_size: bucketSize, max_concurrent_requests: maxConcurrentRequests };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function annotatedFields(queue: CloudQueue): object {
  const { routing } = keptRouting(queue.appEngineRoutingOverride, ROUTING_FIELD);
  const fields = ANNOTATED_FIELDS.map((name) => [name, queue[name]]);
  const part = { ...Object.fromEntries(fields), appEngineRoutingOverride: routing };
  return writeMessage(QUEUE, part, { enumsAsNumbers: false });
}

// What a queue has already, made otherwise or before a rule was there, stays as it is.
function checkNew(queue: CloudQueue, current: CloudQueue = {}): void {
  const { httpTarget } = queue;
  if (httpTarget && !isSame(httpTarget, current.httpTarget)) checkHttpTarget(httpTarget);
  for (const [key, [min, max]] of Object.entries(TTL_S)) {
    const name = key as keyof typeof TTL_S;
    const value = queue[name];
    if (value === undefined || value === current[name]) continue;
    if (value >= min && value <= max) continue;
    throw invalidArgument(`Queue.${name} must be between [${min}s, ${max}s].`);
  }
  const ratio = queue.stackdriverLoggingConfig?.samplingRatio ?? 0;
  if (ratio >= 0 && ratio <= 1) return;
  throw invalidArgument("StackdriverLoggingConfig.samplingRatio must be between [0.0, 1.0].");
}

function targetEntry({ appEngineRoutingOverride }: CloudQueue): object {
  const { target } = keptRouting(appEngineRoutingOverride, ROUTING_FIELD);
  return target === undefined ? {} : { target };
}

function retryEntry({ limit, ageLimit, ...backoff }: RetryParameters): object {
  return {
    ...(limit !== undefined && { task_retry_limit: limit }),
    ...(Number.isInteger(ageLimit) && { task_age_limit: `${ageLimit}s` }),
    min_backoff_seconds: backoff.minBackoff,
    max_backoff_seconds: backoff.maxBackoff,
    max_doublings: backoff.maxDoublings,
  };
}

// queue.yaml's own key has whole seconds.
function exactAge({ ageLimit }: RetryParameters): object {
  return ageLimit === undefined || Number.isInteger(ageLimit) ? {} : { task_age_limit: ageLimit };
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
  checkRange("maxDispatchesPerSecond", rate, RATE.max);
  checkRange("maxConcurrentDispatches", concurrent, CONCURRENT.max);
  return {
    rate: `${decimal(rate)}/s`,
    bucket_size: burstOf(rate),
    max_concurrent_requests: concurrent,
  };
}

function numberOf(given: number | undefined, otherwise: number, zeroIsUnset: boolean): number {
  return given === undefined || (given === 0 && zeroIsUnset) ? otherwise : given;
}

function checkRange(name: string, value: number, max: number): void {
  if (value < 0) throw invalidArgument(`RateLimits.${name} cannot be negative.`);
  if (value > max) {
    throw invalidArgument(`RateLimits.${name} must be less than or equal to ${max}.`);
  }
}

// The service picks the burst; it is known for 500/s (100) and for small rates (about 10).
function burstOf(rate: number): number {
  return Math.min(BURST.max, Math.max(BURST.min, Math.ceil(rate * BURST.perRate)));
}

function decimal(value: number): string {
  return value.toFixed(12).replace(/\.?0+$/, "");
}
