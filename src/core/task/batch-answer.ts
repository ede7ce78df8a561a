// What a handler answers of each task of a batch, as outcomes. What it leaves open counts as not done: a task that is
// done twice is what handlers have to bear, one that is lost they cannot see.
import { utf8 } from "../bytes.ts";
import { formatValue } from "../errors.ts";
import { MAX_RESULT_BYTES } from "../limits.ts";
import type { StoredResult } from "./result.ts";
import { isSuccess, type Outcome } from "./task.ts";

/** On the request of a batch: how many tasks it has. */
export const BATCH_HEADER = "X-TaskQueue-Batch";

/** How one task of a batch ended. */
export interface BatchResult {
  name: string;
  /** As if it were the answer of a call of its own: 200 to 299 is done, anything else up to 599 failed. */
  status: number;
  /** Seconds, or an HTTP date: when a failed task runs again, in place of its back-off. */
  retryAfter?: number | string | undefined;
  /** Of a failed task: `false` gives it up at once. */
  retry?: boolean | undefined;
  /** Why it failed. */
  error?: string | undefined;
  /** What it gave, as JSON: kept where the queue keeps results, or for the task's group. */
  result?: unknown;
}

/** An outcome for each of these tasks, by what a 2xx answer says under `results`. */
export function outcomesOfResults(names: readonly string[], results: unknown): Outcome[] {
  if (!Array.isArray(results)) {
    const error = `results: found ${formatValue(results)}, expected a list`;
    return names.map(() => ({ kind: "unanswered", error }));
  }
  const found = new Map<unknown, Outcome>();
  for (const [i, result] of results.entries()) {
    const { name } = Object(result) as Partial<BatchResult>;
    const before = found.get(name);
    // Of two that contradict each other the failure counts.
    if (!before || isSuccess(before)) found.set(name, outcomeOf(`results[${i}]`, Object(result)));
  }
  return names.map((name) => found.get(name) ?? MISSING);
}

const MISSING: Outcome = {
  kind: "unanswered",
  error: "results: found none of this task, expected one of each in the batch",
};

function outcomeOf(field: string, result: BatchResult): Outcome {
  const { status, retryAfter, retry, error } = result;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    const expected = "a whole number from 200 to 599";
    const found = formatValue(status);
    return { kind: "unanswered", error: `${field}.status: found ${found}, expected ${expected}` };
  }
  if (status <= 299) return { kind: "answered", status, ...kept(result) };
  return {
    ...{ kind: "answered", status },
    ...(typeof error === "string" && error !== "" ? { error } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter: whole(retryAfter) }),
    ...(retry === false ? { isFinal: true } : {}),
  };
}

/** As a Retry-After header has it: whole seconds, or a date. */
function whole(retryAfter: unknown): string {
  return String(typeof retryAfter === "number" ? Math.ceil(retryAfter) : retryAfter);
}

function kept({ result }: BatchResult): { result?: StoredResult; error?: string } {
  if (result === undefined) return {};
  const text = JSON.stringify(result);
  const bytes = text.length > MAX_RESULT_BYTES ? text.length : utf8(text).byteLength;
  if (bytes <= MAX_RESULT_BYTES) return { result: { type: "application/json", text } };
  return {
    error: `the result of ${bytes} bytes was not kept: ${MAX_RESULT_BYTES} is the most`,
  };
}
