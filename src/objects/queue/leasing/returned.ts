// Tasks of lines whose leases have ended: in the order in which they are to be had again, line by line.
import { rankOf } from "../../../core/dispatch/rank.ts";
import type { Leasable } from "./ends.ts";

export interface InLine extends Leasable {
  line: string;
  priority: number;
}

export class Returned {
  readonly #lines = new Map<string, InLine[]>();

  add(task: InLine): void {
    const tasks = this.#lines.get(task.line) ?? [];
    tasks.splice(placeOf(tasks, task), 0, task);
    this.#lines.set(task.line, tasks);
  }

  remove(task: InLine): void {
    const tasks = this.#lines.get(task.line) ?? [];
    const at = placeOf(tasks, task);
    if (tasks[at]?.key === task.key) tasks.splice(at, 1);
    if (tasks.length === 0) this.#lines.delete(task.line);
  }

  /** The first in a line; of one tag, if it is given. */
  first(line: string, tag: string | undefined): InLine | undefined {
    const tasks = this.#lines.get(line);
    return tag === undefined ? tasks?.[0] : tasks?.find((task) => task.tag === tag);
  }

  /** Those in which there are some; of one tag, if it is given. */
  lines(tag: string | undefined): string[] {
    return [...this.#lines.keys()].filter((line) => this.first(line, tag));
  }

  clear(): void {
    this.#lines.clear();
  }
}

/** How many are before it. */
function placeOf(tasks: readonly InLine[], task: InLine): number {
  let [low, high] = [0, tasks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(tasks[middle] as InLine, task)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBefore(a: InLine, b: InLine): boolean {
  const ranks = rankOf(a.from, a.priority) - rankOf(b.from, b.priority);
  return ranks < 0 || (ranks === 0 && a.name < b.name);
}
