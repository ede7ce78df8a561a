// A handler's answer to a batch as outcomes: one that holds for all of its tasks, or one of each.
import { fromUtf8 } from "../../core/bytes.ts";
import { mediaTypeOf } from "../../core/content-type.ts";
import { MAX_BATCH_LENGTH } from "../../core/limits.ts";
import { outcomesOfResults } from "../../core/task/batch-answer.ts";
import { type Aside, type BodyRead, readBody } from "./answer-body.ts";
import { outcomeOf, toWire, type WireOutcome } from "./outcome.ts";

export type BatchOutcome = WireOutcome | WireOutcome[];

export type BatchOutcomeOf = typeof batchOutcomeOf;

/** Of a Worker that leaves batches out: an object of a version before had them. */
export const NO_BATCHES: WireOutcome = {
  kind: "postponed",
  error: "batch: left out of this Worker, expected parts: [batches]",
};

/** Here the body may say of each task how it went, and it is waited for like a result. */
const RESULTS = { keep: 4 * MAX_BATCH_LENGTH, ms: 10_000 };

/** Of an answer that is no success, or says nothing of single tasks, the status is that of each of them. */
export async function batchOutcomeOf(
  answer: Pick<Response, "status" | "ok" | "body" | "headers">,
  names: readonly string[],
  aside: Aside,
): Promise<BatchOutcome> {
  const { status, ok, headers, body } = answer;
  if (!ok || !body) return toWire(await outcomeOf(answer, false, aside));
  const isJson = /^application\/(.*\+)?json$/.test(mediaTypeOf(headers.get("Content-Type")));
  const said = resultsIn(await readBody(body, RESULTS, aside));
  if ("results" in said) return outcomesOfResults(names, said.results).map(toWire);
  // What was to be results and cannot be read may have named tasks that failed.
  return isJson && said.fault !== undefined ? { kind: "unanswered", error: said.fault } : status;
}

/** What is under `results`; else whether the body is of JSON that can be read. */
function resultsIn({ head, end }: BodyRead): { results: unknown } | { fault: string | undefined } {
  if (end !== "whole") {
    const why = typeof end === "object" ? String(end.broken) : `it is too ${end}`;
    return { fault: `the answer to the batch cannot be read: ${why}` };
  }
  try {
    const value: unknown = JSON.parse(fromUtf8(head));
    const isNone =
      Object(value) !== value || (value as { results?: unknown }).results === undefined;
    return isNone ? { fault: undefined } : { results: (value as { results: unknown }).results };
  } catch (error) {
    return { fault: head.byteLength === 0 ? undefined : `the answer to the batch: ${error}` };
  }
}
