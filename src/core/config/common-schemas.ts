// The rules that queue.yaml and cron.yaml share.
import { QUEUE_NAME } from "./names.ts";
import { must, type Rule, type Shape } from "./shape.ts";
import { amount, count, duration, key, text } from "./value-schemas.ts";

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

/** The minimum is no more than the maximum. */
export const backoffOrder = must<Backoff>(
  ({ min_backoff_seconds: min, max_backoff_seconds: max }) =>
    typeof min !== "number" || typeof max !== "number" || min <= max,
  "no more than max_backoff_seconds",
  ["min_backoff_seconds"],
);

/** A whole file has a key; other faults are reported in place of this one. */
export function hasKey(name: string): Rule<object> {
  const rule = must<object>((it) => Object.keys(it).length > 0, `at least the key ${name}`);
  return (document, before) => (before.length === 0 ? rule(document, before) : []);
}

/** The JSON Schema of a file, in draft 7, which all editors know. */
export function jsonSchema({ json }: Shape): object {
  return { $schema: "http://json-schema.org/draft-07/schema#", ...json };
}
