// The keys of a queue as its page shows them: the busiest first, limits as text, and limits read from a form.
import type { KeyLimitsView } from "../../core/config/keys-config.ts";
import type { KeyLimitsEntry } from "../../core/config/keys-schema.ts";
import { type KeyView, MOST_COUNTED } from "../../core/metrics/key-view.ts";
import { count } from "../format/counts.ts";

/** Those with most under way and waiting come first; among equals by name. */
export function busiestFirst(keys: readonly KeyView[]): KeyView[] {
  const load = ({ running, waiting }: KeyView) => running + waiting;
  return [...keys].sort((a, b) => load(b) - load(a) || (a.key < b.key ? -1 : 1));
}

/** `12`, or `1,000+` where there are more than are counted. */
export function counted(n: number): string {
  return n > MOST_COUNTED ? `${count(MOST_COUNTED)}+` : count(n);
}

/** `5/s, 2 at once, weight 0.5`; `none` where nothing is limited. */
export function limitsText({ rate, maxConcurrentRequests, weight }: KeyLimitsView): string {
  const said = [
    ...(rate === "none" ? [] : [rate]),
    ...(maxConcurrentRequests === undefined ? [] : [`${count(maxConcurrentRequests)} at once`]),
    ...(weight === 1 ? [] : [`weight ${weight}`]),
  ];
  return said.join(", ") || "none";
}

/** The fields of the form, as text; an empty one leaves the queue's own limit. */
export type LimitsForm = Record<keyof KeyLimitsEntry, string>;

export const LIMITS: readonly [field: keyof KeyLimitsEntry, label: string][] = [
  ["rate", "Rate"],
  ["bucket_size", "Bucket size"],
  ["max_concurrent_requests", "At once"],
  ["weight", "Weight"],
];

/** What an empty field stands for, where that is known: of what was set, the queue's own limit is not. */
export function hintsOf({ limits, set = {} }: Pick<KeyView, "limits" | "set">): LimitsForm {
  const { rate, bucketSize, maxConcurrentRequests = "none", weight } = limits;
  const hint = (field: keyof KeyLimitsEntry, now: number | string) =>
    field in set ? "as queue.yaml says" : `${now}`;
  return {
    rate: hint("rate", rate),
    bucket_size: hint("bucket_size", bucketSize),
    max_concurrent_requests: hint("max_concurrent_requests", maxConcurrentRequests),
    weight: hint("weight", weight),
  };
}

export function formOf(set: KeyLimitsEntry = {}): LimitsForm {
  const text = (field: keyof KeyLimitsEntry) => `${set[field] ?? ""}`;
  return {
    rate: text("rate"),
    bucket_size: text("bucket_size"),
    max_concurrent_requests: text("max_concurrent_requests"),
    weight: text("weight"),
  };
}

/** The limits the form says; the API checks them. */
export function entryOf(form: LimitsForm): KeyLimitsEntry {
  const given = LIMITS.map(([field]) => [field, form[field].trim()] as const);
  return Object.fromEntries(
    given
      .filter(([, text]) => text !== "")
      .map(([field, text]) => [field, field === "rate" ? text : numberOrText(text)]),
  );
}

// What is no number is left to the API to refuse, or to know.
function numberOrText(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}
