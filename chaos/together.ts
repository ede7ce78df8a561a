// A queue whose tasks share calls of their handler. The version before knows of none, and is not given the queue.
import { pick } from "./random.ts";

export const TOGETHER = "together";

/** More at once than there are slots for calls of one. */
export const TOGETHER_LIMITS = {
  max_concurrent_requests: 3,
  extensions: { batch: { size: 10, wait: 0.2 } },
};

/** `error` fails its whole call, the others themselves alone; of `unsaid` the answer has no word. */
const BEHAVIOURS = ["ok", "ok", "ok", "ok", "slow", "fail", "error", "later", "unsaid"];

export interface Together {
  id: string;
  does: string;
}

export function togetherTask(id: string, random: () => number): { payload: Together } {
  return { payload: { id, does: pick(random, BEHAVIOURS) } };
}

/** Of an attempt that shares a call: the call's, and whose it is. */
export function attemptIn(call: string | undefined, task: string): string {
  return `${call}/${task}`;
}
