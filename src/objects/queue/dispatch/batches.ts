// Calls that several tasks share, on a queue that hands on batches. Each task keeps an attempt of its own; whose
// fault it was that a call failed as a whole shows when each has a call for itself.
import { shortQueueName } from "../../../core/config/names.ts";
import type { BatchConfig } from "../../../core/config/queue-config.ts";
import { type BatchPlan, planBatches } from "../../../core/dispatch/batching.ts";
import { MAX_BATCH_LENGTH } from "../../../core/limits.ts";
import { mayAskForLater } from "../../../core/task/attempt.ts";
import { batchPlace, isBatchable } from "../../../core/task/batch-place.ts";
import { isSuccess, type Outcome } from "../../../core/task/task.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import { batchDeliveryOf } from "../../delivery/batch-delivery.ts";
import type { BatchOutcome } from "../../delivery/batch-outcome.ts";
import type { BatchDelivery } from "../../delivery/delivery.ts";
import { fromWire, outcomeOfError } from "../../delivery/outcome.ts";
import type { QueueDefinition } from "../context/definition.ts";
import type { Attempt } from "./in-flight.ts";
import type { Settlement } from "./settlement.ts";

export interface BatchesDeps {
  definition: QueueDefinition;
  /** Which of the queue's objects this is. */
  shard: number;
  deliverBatch: (delivery: BatchDelivery) => Promise<BatchOutcome>;
  settlement: Settlement;
}

export type NewBatches = new (deps: BatchesDeps) => Batches;

export class Batches {
  readonly #deps: BatchesDeps;

  constructor(deps: BatchesDeps) {
    this.#deps = deps;
  }

  /** Which of these tasks, in the order they are due, share a call, and which wait for others. */
  plan(tasks: readonly TaskRow[], now: number, { size, wait }: BatchConfig): BatchPlan<TaskRow> {
    const path = this.#path;
    return planBatches(
      tasks,
      (task) => ({
        ...{ due: task.due, length: task.body?.length ?? 0 },
        place: batchPlace(task, path),
      }),
      { size, waitMs: wait * 1000, length: MAX_BATCH_LENGTH },
      now,
    );
  }

  /** Whether the tasks of a call go as a batch, be it of one, or as the request of a task. */
  isBatch([first]: readonly TaskRow[]): boolean {
    return first !== undefined && isBatchable(first.spec, this.#path);
  }

  /** Makes the call. */
  deliver(attempts: readonly Attempt[]): void {
    const { settlement } = this.#deps;
    this.#begun(attempts).then(
      (outcome) => settlement.addAll(attempts, outcomesOf(outcome, attempts.length)),
      (error) => settlement.addAll(attempts, broken(error, attempts.length)),
    );
  }

  // What throws before it is sent must free its slot too.
  async #begun(attempts: readonly Attempt[]): Promise<BatchOutcome> {
    const { definition, shard, deliverBatch } = this.#deps;
    const [{ number }] = attempts as [Attempt];
    const tasks = attempts.map(({ task }) => task);
    return deliverBatch(batchDeliveryOf(tasks, number, definition.config, shard));
  }

  /** The end of a call as that of each of its tasks. */
  shared(outcome: Outcome, tasks: number): Outcome {
    return shared(outcome, tasks);
  }

  get #path(): string {
    return `/_ah/queue/${shortQueueName(this.#deps.definition.config.name)}`;
  }
}

function outcomesOf(outcome: BatchOutcome, tasks: number): Outcome[] {
  if (Array.isArray(outcome)) return outcome.map(fromWire);
  return Array<Outcome>(tasks).fill(shared(fromWire(outcome), tasks));
}

// One that asks for later blames none of them.
function shared(outcome: Outcome, tasks: number): Outcome {
  if (tasks === 1 || isSuccess(outcome)) return outcome;
  const isForLater = outcome.kind === "answered" && mayAskForLater(outcome.status);
  return isForLater ? outcome : { ...outcome, isShared: true };
}

/** A call that broke counts for none of several. */
function broken(error: unknown, tasks: number): Outcome[] {
  const outcome = outcomeOfError(error);
  if (tasks === 1) return [outcome];
  const isShared = true as const;
  return Array<Outcome>(tasks).fill({ kind: "postponed", error: String(error), isShared });
}
