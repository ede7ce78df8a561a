// Callers that wait for a task to end. They are asked about after each commit.
import type { Answer } from "../../../core/errors.ts";
import { hasEnded, type Task } from "../../../core/task/task.ts";
import { rfc3339 } from "../../../core/task/task-view.ts";
import { Waiters } from "../../waiters.ts";
import type { QueueContext } from "../context/context.ts";
import { getTask } from "./queries.ts";

export class ResultWaiters {
  readonly #queue: QueueContext;
  readonly #waiters: Waiters<string, Answer<Task>>;

  constructor(queue: QueueContext) {
    this.#queue = queue;
    this.#waiters = new Waiters({
      now: () => queue.now(),
      serve: (name) => this.#ended(name),
      timedOut: (name) => getTask(queue, name),
      nextMoment: () => Number.POSITIVE_INFINITY,
    });
  }

  /** The task once it has ended, or after `seconds` as it is then. */
  async wait(name: string, seconds: number): Promise<Answer<Task>> {
    return this.#ended(name) ?? this.#waiters.wait(name, seconds);
  }

  serve(): void {
    this.#waiters.serve();
  }

  /** Every task is about to be deleted with its queue: whoever waits for one gets it as deleted. */
  tasksDeleted(): void {
    const endedAt = rfc3339(this.#queue.now());
    this.#waiters.release((name): Answer<Task> => {
      const answer = getTask(this.#queue, name);
      if (answer.failure) return answer;
      return { ok: { ...answer.ok, state: "deleted", endedAt } };
    });
  }

  #ended(name: string): Answer<Task> | undefined {
    const answer = getTask(this.#queue, name);
    return answer.failure || hasEnded(answer.ok) ? answer : undefined;
  }
}
