// Numbers for the subtasks of a master's group. A master that is tried again adds the same subtasks in the same
// order, so they get the same numbers, and the group adds each number once.
import { jsonOf } from "../core/errors.ts";
import type { GroupTask, MasterName } from "../core/task/group.ts";

interface FailedAdd {
  from: number;
  tasks: string;
}

export class SubtaskNumbers {
  #next: number;
  readonly #failed: FailedAdd[] = [];

  /** `first`: how many subtasks the group was created with. */
  constructor(first: number) {
    this.#next = first;
  }

  /** The number of the first of these subtasks. An add that failed keeps its numbers for when it is repeated. */
  reserve(tasks: readonly GroupTask[]): number {
    const json = this.#failed.length > 0 ? jsonOf(tasks) : undefined;
    const repeated = this.#failed.findIndex((add) => add.tasks === json);
    const [failed] = repeated < 0 ? [] : this.#failed.splice(repeated, 1);
    if (failed) return failed.from;
    const from = this.#next;
    this.#next += tasks.length;
    return from;
  }

  /** The add of these subtasks failed, so they may not be in the group. */
  failed(from: number, tasks: readonly GroupTask[]): void {
    const json = jsonOf(tasks);
    if (json !== undefined) this.#failed.push({ from, tasks: json });
  }
}

/** Numbers by the attempt (its abort signal) and the group: all handles of one attempt share them. */
const ofAttempts = new WeakMap<object, Map<string, SubtaskNumbers>>();

/** `master` is the task as `readTask` gives it; one named by hand tells nothing of its attempt. */
export function numbersOf(master: MasterName, group: string, first: number): SubtaskNumbers {
  const { signal } = master as { signal?: AbortSignal };
  if (!(signal instanceof AbortSignal)) return new SubtaskNumbers(first);
  const groups = ofAttempts.get(signal) ?? new Map<string, SubtaskNumbers>();
  ofAttempts.set(signal, groups);
  const numbers = groups.get(group) ?? new SubtaskNumbers(first);
  groups.set(group, numbers);
  return numbers;
}
