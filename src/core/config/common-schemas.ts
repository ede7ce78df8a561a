// The rules that queue.yaml and cron.yaml share.
import * as z from "zod/mini";
import { QUEUE_NAME } from "./names.ts";
import { amount, count, duration, isMapping, key, text } from "./value-schemas.ts";

/** The name of a push queue, as a value. */
export const pushQueueName = text(QUEUE_NAME, "the name of a push queue");

const APPLICATION = /^([a-z0-9-]{1,100}~)?((?!-)[a-z0-9.-]{1,100}:)?(?!-)[a-z0-9-]{0,99}[a-z0-9]$/;

/** The key both files may begin with. */
export const application = key(
  text(APPLICATION, "an App Engine application id"),
  "The application's id. Read and shown, not used.",
);

/** A target, of whatever form the file has for it. */
export function target(pattern: RegExp) {
  return text(pattern, "[version.]service in lower-case letters, digits and hyphens");
}

/** The keys of a retry curve: a number of seconds, and how it grows. Their defaults are named in the schema. */
export function backoffKeys(defaults: { min: number; max: number; doublings: number }) {
  return {
    min_backoff_seconds: key(amount(), `Wait before the first retry. Default ${defaults.min}.`),
    max_backoff_seconds: key(amount(), `Longest wait between tries. Default ${defaults.max}.`),
    max_doublings: key(
      count(0),
      `How often the wait doubles before it grows by equal steps. Default ${defaults.doublings}.`,
    ),
  };
}

/** How long after the first attempt's start retries may begin; `more` ends its description. */
export function ageLimit(more: string) {
  return key(duration(), `Time since the first attempt: 30s, 15m, 2.5h, 7d${more}`);
}

interface Backoff {
  min_backoff_seconds?: unknown;
  max_backoff_seconds?: unknown;
}

/** For `refine`: the minimum is no more than the maximum. */
export function isBackoffOrdered({ min_backoff_seconds: min, max_backoff_seconds: max }: Backoff) {
  return typeof min !== "number" || typeof max !== "number" || min <= max;
}

export const BACKOFF_ORDER = {
  path: ["min_backoff_seconds"],
  error: "no more than max_backoff_seconds",
  when: isMapping,
};

/** For rules over a list, which run although an entry is faulty, so that all faults are reported. */
export function isList({ value }: { value: unknown }): boolean {
  return Array.isArray(value);
}

/** For `refine` of a whole file, which has to have a key. */
export function hasKeys(document: object): boolean {
  return Object.keys(document).length > 0;
}

/** The error of a file without a key; other faults are reported in its place. */
export function missingKey(name: string) {
  return {
    error: `at least the key ${name}`,
    when: ({ issues }: { issues: readonly unknown[] }) => issues.length === 0,
  };
}

/** The JSON Schema of a file, in draft 7, which all editors know. */
export function jsonSchema(document: z.core.$ZodType): object {
  return z.toJSONSchema(document, { io: "input", target: "draft-7" });
}
