// Tasks that other objects of the Worker add: those of cron.yaml, and dead letters of other queues. Each
// has its own answer, and all are on disk before it.
import type { CronTask } from "../../core/config/cron-task.ts";
import type { Answer } from "../../core/errors.ts";
import { type Admission, acceptTask } from "../../core/task/new-task.ts";
import type { NewTask, Task, TaskSpec } from "../../core/task/task.ts";
import { addOne, resultOf } from "./admission.ts";
import type { QueueContext } from "./context/context.ts";

export function addCronTasks(
  queue: QueueContext,
  tasks: readonly CronTask[],
): Answer<Answer<Task>[]> {
  return addAll(queue, tasks, (admission, { entry, task }) =>
    addWith(queue, admission, task, { cron: entry }),
  );
}

export function addDeadLetters(
  queue: QueueContext,
  tasks: readonly NewTask[],
): Answer<Answer<Task>[]> {
  return addAll(queue, tasks, (admission, task) =>
    addWith(queue, admission, withoutKey(task, admission), {}),
  );
}

// Where there are no lines for keys, it is the task that matters.
function withoutKey(task: NewTask, { queue: { shards = 1 }, lacksKeys }: Admission): NewTask {
  if (lacksKeys) return { ...task, key: undefined, priority: undefined };
  return shards === 1 || task.key === undefined ? task : { ...task, key: undefined };
}

function addAll<T>(
  queue: QueueContext,
  tasks: readonly T[],
  add: (admission: Admission, task: T) => Answer<Task>,
): Answer<Answer<Task>[]> {
  const { ok: admission, failure } = queue.admission();
  if (failure) return { failure };
  return queue.commit.run(() => ({ ok: tasks.map((task) => add(admission, task)) }));
}

function addWith(
  queue: QueueContext,
  admission: Admission,
  given: NewTask,
  extra: Partial<TaskSpec>,
): Answer<Task> {
  const { ok: task, failure } = acceptTask(given, admission);
  if (failure) return { failure };
  const added = addOne(queue, { ...task, spec: { ...task.spec, ...extra } }, admission.now);
  return added.error ? { failure: added.error } : { ok: resultOf(queue.name, added).task as Task };
}
