// The caller's side of the recurring tasks: what `queues.cron(env)` gives.
import { unwrap } from "../../core/errors.ts";
import type { Task } from "../../core/task.ts";
import type { QueueNamespace } from "../namespace.ts";
import { partOf } from "../part-of.ts";
import type { QueueVerbs } from "../verbs.ts";
import type { CronVerbs } from "./cron.ts";
import { CRON } from "./standings.ts";
import type { CronView } from "./view.ts";

export class CronHandle {
  readonly #object: DurableObjectStub;

  constructor(namespace: QueueNamespace) {
    this.#object = namespace.getByName(CRON);
  }

  /** The entries of cron.yaml in its order, with their next and last runs. */
  async list(): Promise<CronView[]> {
    return this.#verbs.list();
  }

  /** Adds a task of the entry now, whatever its schedule or a pause say. Throws UnknownCronError. */
  async run(name: string): Promise<Task> {
    return unwrap(await this.#verbs.run(name));
  }

  /** Adds no more tasks until it is resumed, also over restarts and deploys. Throws UnknownCronError. */
  async pause(name: string): Promise<CronView> {
    return unwrap(await this.#verbs.pause(name));
  }

  /** Goes on with the next due time; those of the pause are not caught up. Throws UnknownCronError. */
  async resume(name: string): Promise<CronView> {
    return unwrap(await this.#verbs.resume(name));
  }

  /** Makes sure that the object knows its entries and has its alarm set. */
  async wake(): Promise<void> {
    await (this.#object as unknown as QueueVerbs).wake();
  }

  get #verbs(): CronVerbs {
    return partOf(this.#object, "cron");
  }
}
