// The transitions of tasks one by one, gathered in a transaction for whoever hears of them once it is through. What
// nobody hears of is not gathered: each is asked for first.
import type { Progress } from "../../core/task/task.ts";
import type { BriefTask } from "./tasks.ts";

export type StepKind =
  | "added"
  | "leased"
  | "done"
  | "retried"
  | "failed"
  | "expired"
  | "deleted"
  | "redriven"
  | "purged";

/** `progress`: after the step. `due`: when it is tried again, or its lease ends (ms). */
export type TaskStep =
  | { kind: Exclude<StepKind, "purged">; task: BriefTask; progress?: Progress; due?: number }
  | { kind: "purged"; count: number };

export type Hears = { [Kind in StepKind]?: boolean };

export class TaskSteps {
  /** What is gathered. */
  hears: Hears = {};
  #steps: TaskStep[] = [];

  add(step: TaskStep): void {
    this.#steps.push(step);
  }

  /** Those since this was last asked. */
  take(): readonly TaskStep[] {
    if (this.#steps.length === 0) return this.#steps;
    const steps = this.#steps;
    this.#steps = [];
    return steps;
  }

  save(): number {
    return this.#steps.length;
  }

  restore(length: number): void {
    this.#steps.length = length;
  }
}
