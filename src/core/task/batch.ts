// What is checked of the tasks of one call together. A bad task refuses them all, and nothing is added.
import { type Answer, type Failure, invalid, type Refusal, refuse } from "../errors.ts";
import { MAX_CALL_BYTES, MAX_NAMES_PER_CALL } from "../limits.ts";
import { checkTaskName } from "./new-task-rules.ts";

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

/** Refuses a list of names of which one can be no task's. */
export function checkNames(names: unknown): Refusal | undefined {
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
    return invalid("names", names, "a list of task names");
  }
  if (names.length > MAX_NAMES_PER_CALL) {
    const message = `names: found ${names.length}, expected at most ${MAX_NAMES_PER_CALL} in one call`;
    return refuse("TOO_MANY_TASKS", message);
  }
  for (const [index, name] of names.entries()) {
    const refusal = checkTaskName(name, `names[${index}]`);
    if (refusal) return refusal;
  }
  return undefined;
}

/** The same for a delete, which App Engine refuses too where a name is there twice. */
export function checkNamesOnce(names: unknown): Refusal | undefined {
  const refusal = checkNames(names);
  if (refusal) return refusal;
  const twice = repeatedIn(names as string[]);
  return twice === undefined ? undefined : refuseDuplicate(twice, "in one call");
}

/** The first that is there a second time. */
export function repeatedIn(texts: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return texts.find((text) => seen.size === seen.add(text).size);
}

/** Refuses a call that names a task twice; `where` is "in one call", or the queue of the task. */
export function refuseDuplicate(name: string, where: string): Refusal {
  return refuse("DUPLICATE_TASK_NAME", `name: found "${name}" twice ${where}, expected once`);
}
