// Formats the knobs as queue.yaml.

import { perSecond } from "../../core/config/units.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import type { Knob, Knobs } from "./knobs.ts";

/** App Engine's limits; values beyond them are written under `extensions`. */
const APP_ENGINE_MAX = { rate: 500, bucket_size: 500, max_concurrent_requests: 5000 } as const;

const RETRY: readonly Knob[] = [
  "task_retry_limit",
  "task_age_limit",
  "min_backoff_seconds",
  "max_backoff_seconds",
  "max_doublings",
];

/** Requires valid knobs. Of the queue as it is stays what no knob is for: its target, and how long batches wait. */
export function queueYamlLines(
  name: string,
  knobs: Knobs,
  queue?: Pick<QueueView, "target" | "extensions">,
): string {
  const target = queue?.target;
  const limits = (["rate", "bucket_size", "max_concurrent_requests"] as const).map((knob) => ({
    line: `${knob}: ${knobs[knob]}`,
    isPast: isPast(knob, knobs[knob]),
  }));
  const inside = limits.filter(({ isPast }) => !isPast).map(({ line }) => line);
  const past = limits.filter(({ isPast }) => isPast).map(({ line }) => line);
  const wait = queue?.extensions.batch?.wait ?? 0;
  if (knobs.batch !== "")
    past.push(`batch: { size: ${knobs.batch}${wait > 0 ? `, wait: ${wait}` : ""} }`);
  const retry = RETRY.filter((knob) => knobs[knob] !== "").map((knob) => `${knob}: ${knobs[knob]}`);
  return [
    "queue:",
    `  - name: ${name}`,
    ...inside.map(indented),
    ...(target === undefined ? [] : [indented(`target: ${target}`)]),
    ...block("retry_parameters", retry),
    ...block("extensions", past),
  ].join("\n");
}

function isPast(knob: keyof typeof APP_ENGINE_MAX, value: string): boolean {
  return (knob === "rate" ? perSecond(value) : Number(value)) > APP_ENGINE_MAX[knob];
}

function block(name: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [indented(`${name}:`), ...lines.map((line) => `  ${indented(line)}`)];
}

function indented(line: string): string {
  return `    ${line}`;
}
