// Calls that tasks share as a part: a Worker whose queues hand on no batches does not carry them.
import { type BatchOutcomeOf, batchOutcomeOf } from "../delivery/batch-outcome.ts";
import { Batches, type NewBatches } from "./dispatch/batches.ts";

export interface BatchesPart {
  readonly part: "batches";
  /** What each object of a queue needs for it. */
  readonly Batches: NewBatches;
  /** What an answer to a batch says of each task. */
  readonly batchOutcomeOf: BatchOutcomeOf;
}

/** Calls that tasks share: `extensions.batch` of queue.yaml. */
export const batches: BatchesPart = { part: "batches", Batches, batchOutcomeOf };
