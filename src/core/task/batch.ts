// What is checked of the tasks of one call together. A bad task refuses them all, and nothing is added.
import { type Answer, type Failure, type Refusal, refuse } from "../errors.ts";
import { MAX_CALL_BYTES } from "../limits.ts";

/** The failure of one task of a call; `index` is its place in the call, from 0. */
export type TaskFailure = { index: number } & Failure;

/** The accepted tasks, and the failures of the others by index. */
export function partitionAnswers<T>(answers: readonly Answer<T>[]): {
  accepted: T[];
  bad: TaskFailure[];
} {
  const accepted: T[] = [];
  const bad: TaskFailure[] = [];
  for (const [index, { ok, failure }] of answers.entries()) {
    if (failure) bad.push({ index, ...failure });
    else accepted.push(ok as T);
  }
  return { accepted, bad };
}

/** The refusal of a call: the code of its first bad task, and all of them as details. */
export function refuseBatch(
  bad: readonly TaskFailure[],
  prefixOf: (first: TaskFailure) => string = ({ index }) => `tasks[${index}]: `,
): Refusal {
  const [first] = bad as readonly [TaskFailure];
  const others = bad.length > 1 ? ` (and ${bad.length - 1} more)` : "";
  const message = `${prefixOf(first)}${first.message}${others}; nothing was added`;
  return refuse(first.code, message, bad);
}

/** Refuses tasks that do not fit into one message. `what` says what `size` counts. */
export function checkBatchSize(size: number, what: string): Refusal | undefined {
  if (size <= MAX_CALL_BYTES) return undefined;
  const expected = `expected at most ${MAX_CALL_BYTES} in one call`;
  return refuse("TASK_TOO_LARGE", `tasks: found ${size} ${what}, ${expected}`);
}

/** Refuses a call that names a task twice; `where` is "in one call", or the queue of the task. */
export function refuseDuplicate(name: string, where: string): Refusal {
  return refuse("DUPLICATE_TASK_NAME", `name: found "${name}" twice ${where}, expected once`);
}
