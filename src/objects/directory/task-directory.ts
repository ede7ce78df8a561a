// The Durable Object that knows which queues there are beside those of queue.yaml: asked by whoever meets a
// name that the file does not have.

import { DirectoryStore } from "../../store/directory/directory-store.ts";
import { DIRECTORY_MIGRATIONS } from "../../store/migrations.ts";
import { Host } from "../host.ts";
import type { DirectoryRpc } from "../rpc.ts";

/** How long it is remembered that a queue was removed. */
const REMOVED_MS = 3 * 86_400_000;

export class TaskDirectoryObject<Env = unknown> extends Host<Env> implements DirectoryRpc {
  readonly #store: DirectoryStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, DIRECTORY_MIGRATIONS);
    this.#store = new DirectoryStore(this.sql);
  }

  protected get title(): string {
    return "directory of queues";
  }

  async register(queue: string): Promise<void> {
    this.commit.run(() => this.#store.add(queue));
  }

  async unregister(queue: string): Promise<void> {
    const now = this.now();
    this.commit.run(() => this.#store.remove(queue, now + REMOVED_MS, now));
  }

  async isKnown(queue: string): Promise<boolean> {
    return this.#store.has(queue);
  }

  async knownQueues(): Promise<string[]> {
    return this.#store.all();
  }

  async wasRemoved(queue: string): Promise<boolean> {
    return this.#store.wasRemoved(queue, this.now());
  }
}
