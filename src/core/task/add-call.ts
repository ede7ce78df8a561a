// The first of App Engine's two phases of adding: every task of a call is checked, and a single bad one refuses them
// all.
import { type Answer, type Refusal, refuse } from "../errors.ts";
import { MAX_TASKS_PER_CALL } from "../limits.ts";
import {
  checkBatchSize,
  partitionAnswers,
  refuseBatch,
  refuseDuplicate,
  type TaskFailure,
} from "./batch.ts";
import type { AddCall } from "./calls.ts";
import { type Admission, acceptTask } from "./new-task.ts";
import type { AcceptedTask } from "./task.ts";

export function acceptCall({ tasks }: AddCall, admission: Admission): Answer<AcceptedTask[]> {
  if (tasks.length > MAX_TASKS_PER_CALL) {
    const message = `tasks: found ${tasks.length}, expected at most ${MAX_TASKS_PER_CALL} in one call`;
    return refuse("TOO_MANY_TASKS", message);
  }
  const { accepted, bad } = partitionAnswers(tasks.map((task) => acceptTask(task, admission)));
  if (bad.length > 0) return refuseCall(bad, tasks.length);
  return checkTogether(accepted) ?? { ok: accepted };
}

function checkTogether(tasks: readonly AcceptedTask[]): Refusal | undefined {
  // One alone is no larger than a task may be.
  if (tasks.length === 1) return undefined;
  const names = new Set<string>();
  for (const { name } of tasks) {
    if (name === undefined) continue;
    if (names.has(name)) return refuseDuplicate(name, "in one call");
    names.add(name);
  }
  const bytes = tasks.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);
  return checkBatchSize(bytes, "bytes of bodies");
}

// The failure of a task that is alone in its call is the call's.
export function refuseCall(bad: readonly TaskFailure[], tasks: number): Refusal {
  const [first] = bad as readonly [TaskFailure];
  return tasks === 1 ? refuse(first.code, first.message, first.details) : refuseBatch(bad);
}
