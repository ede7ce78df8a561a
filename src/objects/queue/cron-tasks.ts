// A queue's part in recurring tasks: it takes those that are due, and answers when they are on disk.
import type { CronTask } from "../../core/config/cron-task.ts";
import type { Answer } from "../../core/errors.ts";
import { type Admission, acceptTask } from "../../core/task/new-task.ts";
import type { Task } from "../../core/task/task.ts";
import { type Added, collision, resultOf } from "./admission.ts";
import type { Queue } from "./queue.ts";

/** The RPC surface of a queue's part in recurring tasks. */
export interface CronTaskVerbs {
  /** Adds tasks in one commit; each stands for itself. */
  add(tasks: readonly CronTask[]): Promise<Answer<Answer<Task>[]>>;
}

export class CronTasks implements CronTaskVerbs {
  readonly #queue: Queue;
  readonly #name: string;
  readonly #becomeKnown: () => Promise<void>;

  constructor(queue: Queue, name: string, becomeKnown: () => Promise<void>) {
    this.#queue = queue;
    this.#name = name;
    this.#becomeKnown = becomeKnown;
  }

  async add(tasks: readonly CronTask[]): Promise<Answer<Answer<Task>[]>> {
    await this.#becomeKnown();
    const { ok: admission, failure } = this.#queue.admission();
    if (failure) return { failure };
    return this.#queue.change(() => ({ ok: tasks.map((it) => this.#addOne(it, admission)) }));
  }

  #addOne({ entry, task: given }: CronTask, admission: Admission): Answer<Task> {
    const { ok: task, failure } = acceptTask(given, admission);
    if (failure) return { failure };
    const spec = { ...task.spec, cron: entry };
    const outcome = this.#queue.store.add({ ...task, spec }, admission.now);
    if ("taken" in outcome) return { failure: collision(given.name, outcome.taken) };
    const { key, name, due } = outcome.added;
    this.#queue.rewindTo(key);
    const added: Added = { name, due, createdAt: admission.now, spec };
    return { ok: resultOf(this.#name, added).task as Task };
  }
}
