// Callers that wait for a task to end. Each is looked at when its own task has ended, however many wait.
import type { Answer } from "../../../core/errors.ts";
import { hasEnded, type Task } from "../../../core/task/task.ts";
import { rfc3339 } from "../../../core/task/task-view.ts";
import { KeyedWaiters } from "../../keyed-waiters.ts";
import { type Waited, waitingFor } from "../../place.ts";
import type { QueueContext } from "../context/context.ts";
import { getTask } from "./queries.ts";

export class ResultWaiters {
  readonly #queue: QueueContext;
  readonly #waiters: KeyedWaiters<Answer<Task>>;

  constructor(queue: QueueContext) {
    this.#queue = queue;
    this.#waiters = new KeyedWaiters({
      now: () => queue.now(),
      serve: (name) => this.#ended(name),
      timedOut: (name) => getTask(queue, name),
    });
  }

  /** The task once it has ended, or after `seconds` as it is then. */
  wait(name: string, seconds: number): Waited<Answer<Task>> {
    const ended = this.#ended(name);
    return ended ? { got: ended } : waitingFor((left) => this.#waiters.wait(name, seconds, left));
  }

  /** Inside a commit: the task of this name has ended; without a name, all have. */
  taskEnded(name?: string): void {
    this.#waiters.changed(name);
  }

  /** Before every task is deleted with its queue: gives whoever waits for one the task as deleted, when called. */
  tasksDeleted(): () => void {
    const endedAt = rfc3339(this.#queue.now());
    const answers = new Map(
      this.#waiters.keys().map((name) => [name, this.#deleted(name, endedAt)]),
    );
    return () => this.#waiters.release((name) => answers.get(name) ?? getTask(this.#queue, name));
  }

  #deleted(name: string, endedAt: string): Answer<Task> {
    const answer = getTask(this.#queue, name);
    return answer.failure ? answer : { ok: { ...answer.ok, state: "deleted", endedAt } };
  }

  #ended(name: string): Answer<Task> | undefined {
    const answer = getTask(this.#queue, name);
    return answer.failure || hasEnded(answer.ok) ? answer : undefined;
  }
}
