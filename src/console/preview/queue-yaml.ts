// Formats the knobs as queue.yaml.

import { perSecond } from "../../core/config/units.ts";
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

/** Requires valid knobs. `target` is the queue's. */
export function queueYamlLines(name: string, knobs: Knobs, target?: string): string {
  const limits = (["rate", "bucket_size", "max_concurrent_requests"] as const).map((knob) => ({
    line: `${knob}: ${knobs[knob]}`,
    isPast: isPast(knob, knobs[knob]),
  }));
  const inside = limits.filter(({ isPast }) => !isPast).map(({ line }) => line);
  const past = limits.filter(({ isPast }) => isPast).map(({ line }) => line);
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
