// A task has ended, or has left its name: what waits for that takes its place.
import type { Progress } from "../../core/task/task.ts";
import type { DeadLetterOutbox } from "./dead-letter-outbox.ts";
import type { FailedTasks } from "./failed-tasks.ts";
import type { Found } from "./found.ts";
import type { EndedRow, Names } from "./names.ts";
import type { RuledTasks } from "./ruled-tasks.ts";
import type { Successor } from "./successors.ts";
import type { TaskRow, Tasks } from "./tasks.ts";

export interface SuccessionDeps {
  tasks: Tasks;
  names: Names;
  ruled: RuledTasks;
  deadLetters: DeadLetterOutbox;
  find: (name: string, now: number) => Found | undefined;
  keptIn: (progress: Progress) => FailedTasks;
  isLetter: (task: TaskRow) => boolean;
  /** A task has come onto the queue because another has ended. */
  placed: (task: TaskRow) => void;
}

export class Succession {
  readonly #deps: SuccessionDeps;

  constructor(deps: SuccessionDeps) {
    this.#deps = deps;
  }

  /** A task has ended: what waits for that takes its place. Whether anything did. */
  succeed(task: TaskRow, now: number): boolean {
    const { ruled } = this.#deps;
    const next = ruled.successorOf(task);
    if (!next) return false;
    ruled.successors.remove(next.name);
    this.#promote(next, now);
    return true;
  }

  /** The record of a task that failed goes on under a name of its own, where another has its name; that name. */
  rename({ task, row }: Extract<Found, { kind: "failed" }>): string {
    const { deadLetters, isLetter, keptIn, names, tasks } = this.#deps;
    const { key } = task;
    const name = tasks.nameFor(key);
    keptIn(task.progress).rename(key, name);
    if (isLetter(task)) deadLetters.rename({ key, name });
    names.endGenerated({ ...(row as EndedRow), name });
    return name;
  }

  /** What a version that knows nothing of them left waiting for a task that has ended; not what a purge was for. */
  heal(now: number, purgedAt: number): void {
    const { find, ruled } = this.#deps;
    for (const name of ruled.successors.orphans()) {
      const next = ruled.successors.of(name) as Successor;
      ruled.successors.remove(name);
      if (next.createdAt <= purgedAt) continue;
      const found = find(name, now);
      if (found?.kind === "failed") this.rename(found);
      this.#promote(next, now);
    }
  }

  // Its place is among tasks by its own time, or the moment that comes to it.
  #promote({ name, due, createdAt, spec, body }: Successor, now: number): void {
    const { names, placed, ruled, tasks } = this.#deps;
    const task = { name, due: Math.max(due, now), spec, body };
    const added = tasks.insert(task, createdAt);
    names.place(name, "live", added.key);
    if (spec.expires !== undefined) ruled.expect(added);
    placed(added);
  }
}
