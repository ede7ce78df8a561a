// A group's subtasks on their way to their queues: in batches, each a row of storage and one message.
import type { SubtaskBatch } from "../../store/group/subtask-batches.ts";
import type { CheckedTask } from "./admission.ts";

const MAX_BATCH = { tasks: 1000, characters: 500_000 };

/** `firstIndex`: the first subtask's number in the group; `firstNumber`: the first batch's. */
export function batchesOf(
  tasks: readonly CheckedTask[],
  firstIndex: number,
  firstNumber: number,
): SubtaskBatch[] {
  const open = new Map<
    string,
    { queue: string; indexes: number[]; tasks: object[]; size: number }
  >();
  const full: { queue: string; indexes: number[]; tasks: object[] }[] = [];
  for (const [i, { queue, task, size }] of tasks.entries()) {
    let batch = open.get(queue);
    if (
      batch &&
      (batch.tasks.length >= MAX_BATCH.tasks || batch.size + size > MAX_BATCH.characters)
    ) {
      full.push(batch);
      batch = undefined;
    }
    batch ??= { queue, indexes: [], tasks: [], size: 0 };
    batch.indexes.push(firstIndex + i);
    batch.tasks.push(task);
    batch.size += size;
    open.set(queue, batch);
  }
  return [...full, ...open.values()].map(({ queue, indexes, tasks: of }, i) => ({
    ...{ number: firstNumber + i, queue, indexes, tasks: of },
  }));
}
