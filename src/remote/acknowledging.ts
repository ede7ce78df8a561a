// What an acknowledgement says of a task that an earlier try has ended.
import type { AckResult } from "../core/task/calls.ts";

/** A task that is gone, or done, was ended by that try: somebody else could only do so once the lease was over. */
export function acknowledgedBefore(result: AckResult): AckResult {
  const { name, error } = result;
  const { state } = Object(error?.details) as { state?: string };
  const isDone = error?.code === "TOMBSTONED_TASK" && state === "done";
  return error?.code === "UNKNOWN_TASK" || isDone ? { name, acknowledged: true } : result;
}
