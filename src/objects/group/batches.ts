// A group's subtasks as they travel to their queues: in parts, each a row of storage and one message.
import type { Part } from "../../store/group/members.ts";
import type { Admitted } from "./admission.ts";

/** Subtasks of one part: a row of storage, and a message. */
const PART = { tasks: 1000, characters: 500_000 };

/** `firstIndex`: the first subtask's number in the group; `firstNumber`: the first part's. */
export function partsOf(
  tasks: readonly Admitted[],
  firstIndex: number,
  firstNumber: number,
): Part[] {
  const open = new Map<
    string,
    { queue: string; indexes: number[]; tasks: object[]; size: number }
  >();
  const full: { queue: string; indexes: number[]; tasks: object[] }[] = [];
  for (const [i, { queue, task, size }] of tasks.entries()) {
    let part = open.get(queue);
    if (part && (part.tasks.length >= PART.tasks || part.size + size > PART.characters)) {
      full.push(part);
      part = undefined;
    }
    part ??= { queue, indexes: [], tasks: [], size: 0 };
    part.indexes.push(firstIndex + i);
    part.tasks.push(task);
    part.size += size;
    open.set(queue, part);
  }
  return [...full, ...open.values()].map(({ queue, indexes, tasks: of }, i) => ({
    ...{ number: firstNumber + i, queue, indexes, tasks: of },
  }));
}
