// The caller's side of a result: a task that has ended, as the value its handler answered with.
import { fromBase64 } from "../bytes.ts";
import type { Task, TaskState } from "./task.ts";

/** There is no result: the task failed, was deleted, or has not ended yet. `task` is its current state. */
export class ResultError extends Error {
  override readonly name = "ResultError";
  readonly task: Task;

  constructor(task: Task) {
    const why = WHY[task.state];
    const error = task.lastAttempt?.error ? `: ${task.lastAttempt.error}` : "";
    super(`the task "${task.name}" ${why ?? `has not ended, it is ${task.state}`}${error}`);
    this.task = task;
  }
}

const WHY: Partial<Record<TaskState, string>> = {
  ...{ failed: "has failed", deleted: "was deleted" },
  expired: "has expired before it was started",
};

/** The answer of the task's handler; throws a ResultError when there is none. */
export function answerOf(task: Task): unknown {
  if (task.state !== "done") throw new ResultError(task);
  return task.resultBase64 === undefined ? task.result : fromBase64(task.resultBase64);
}
