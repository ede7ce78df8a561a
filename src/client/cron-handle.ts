// The caller's side of the recurring tasks: what `queues.cron(env)` gives.
import { unwrap } from "../core/errors.ts";
import type { Task } from "../core/task/task.ts";
import type { CronVerbs } from "../objects/cron/scheduler.ts";
import type { CronView } from "../objects/cron/view.ts";
import { CRON } from "../objects/object-names.ts";
import { cronAt, type QueueNamespace, queueAt } from "../objects/stubs.ts";

export class CronHandle {
  readonly #namespace: QueueNamespace;

  constructor(namespace: QueueNamespace) {
    this.#namespace = namespace;
  }

  /** The entries of cron.yaml in its order, with their next and last runs. */
  async list(): Promise<CronView[]> {
    return this.#verbs.list();
  }

  /** Adds a task of the entry now, regardless of its schedule or a pause. Throws UnknownCronError. */
  async run(name: string): Promise<Task> {
    return unwrap(await this.#verbs.run(name));
  }

  /** Adds no tasks until it is resumed, restarts and deploys included. Throws UnknownCronError. */
  async pause(name: string): Promise<CronView> {
    return unwrap(await this.#verbs.pause(name));
  }

  /** Continues with the next due time; runs missed while paused are skipped. Throws UnknownCronError. */
  async resume(name: string): Promise<CronView> {
    return unwrap(await this.#verbs.resume(name));
  }

  /** Makes sure that the object has its entries and its alarm set. */
  async wake(): Promise<void> {
    await queueAt(this.#namespace, CRON).wake();
  }

  get #verbs(): CronVerbs {
    return cronAt(this.#namespace);
  }
}
