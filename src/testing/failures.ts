// Attempts that a test makes fail: they end before their handler is called.
import type { WireOutcome } from "../objects/delivery/outcome.ts";

/** How the next attempts of a queue end. */
export interface PlannedFailure {
  /** The handler's answer. Default 500. */
  status?: number;
  /** What it says. */
  error?: string;
  /** The handler never answers: the attempt ends when its dispatch deadline has passed. */
  timeout?: boolean;
  /** How many attempts. Default 1. */
  times?: number;
}

export class PlannedFailures {
  readonly #plans = new Map<string, PlannedFailure[]>();

  add(queue: string, { times = 1, ...failure }: PlannedFailure): void {
    if (!Number.isSafeInteger(times) || times < 1) {
      throw new TypeError(`times: found ${times}, expected a number of attempts, 1 or more`);
    }
    const plans = this.#plans.get(queue) ?? [];
    this.#plans.set(queue, plans);
    for (let i = 0; i < times; i++) plans.push(failure);
  }

  /** How the attempt that begins now is to fail; undefined when it is not. */
  take(queue: string): PlannedFailure | undefined {
    return this.#plans.get(queue)?.shift();
  }

  clear(): void {
    this.#plans.clear();
  }
}

/** The end of such an attempt, as a message. */
export async function outcomeOfPlan({ status = 500, error }: PlannedFailure): Promise<WireOutcome> {
  return { kind: "answered", status, ...(error === undefined ? {} : { error }) };
}
