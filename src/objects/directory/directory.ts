// Which queues there have been: kept by one object, asked by whoever meets a name that queue.yaml does not have.
import type { Directory as Rows } from "../../store/directory/known-queues.ts";

/** How long the name of a removed queue is remembered. */
const REMOVED_MS = 3 * 86_400_000;

export interface DirectoryVerbs {
  register(queue: string): Promise<void>;
  unregister(queue: string): Promise<void>;
  knownQueues(): Promise<string[]>;
  /** Whether a queue of this name was removed in the last three days. */
  wasRemoved(queue: string): Promise<boolean>;
}

export class Directory implements DirectoryVerbs {
  readonly #rows: Rows;
  readonly #now: () => number;

  constructor(rows: Rows, now: () => number) {
    this.#rows = rows;
    this.#now = now;
  }

  async register(queue: string): Promise<void> {
    this.#rows.add(queue);
  }

  async unregister(queue: string): Promise<void> {
    const now = this.#now();
    this.#rows.remove(queue, now + REMOVED_MS, now);
  }

  async knownQueues(): Promise<string[]> {
    return this.#rows.all();
  }

  async wasRemoved(queue: string): Promise<boolean> {
    return this.#rows.wasRemoved(queue, this.#now());
  }
}
