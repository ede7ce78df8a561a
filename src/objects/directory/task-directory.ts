// The Durable Object that knows which queues there are beside those of queue.yaml: asked by whoever meets a
// name that the file does not have.

import { DirectoryStore } from "../../store/directory/directory-store.ts";
import { DIRECTORY_MIGRATIONS } from "../../store/migrations.ts";
import { Adoption, allFormerRows, FORMER_DIRECTORY } from "../first-version.ts";
import { Host } from "../host.ts";
import type { DirectoryRpc } from "../rpc.ts";
import { Stubs } from "../stubs.ts";

/** How long it is remembered that a queue was removed. */
const REMOVED_MS = 3 * 86_400_000;

export class TaskDirectoryObject<Env = unknown> extends Host<Env> implements DirectoryRpc {
  readonly #store: DirectoryStore;
  readonly #stubs: Stubs;
  readonly #adoption = new Adoption(() => this.#adopt());

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, DIRECTORY_MIGRATIONS);
    this.#store = new DirectoryStore(this.sql);
    this.commit.join(this.#store.meta);
    this.#stubs = new Stubs(ctx.exports);
  }

  protected get title(): string {
    return "directory of queues";
  }

  // Asked for before a name counts as unknown, and once it has been, not again.
  async #adoptOnce(): Promise<void> {
    if (!this.#store.isAdopted) await this.#adoption.run();
  }

  async #adopt(): Promise<void> {
    const former = this.#stubs.formerRole(FORMER_DIRECTORY);
    const known = await allFormerRows(former, "known_queues");
    const removed = await allFormerRows(former, "removed_queues");
    // A directory that has nothing, here or there, stays without tables.
    if (known.length + removed.length + this.#store.all().length === 0) return;
    this.commit.run(() => this.#store.adopt(known, removed, this.now()));
  }

  async register(queue: string): Promise<void> {
    this.commit.run(() => this.#store.add(queue));
  }

  async unregister(queue: string): Promise<void> {
    const now = this.now();
    this.commit.run(() => this.#store.remove(queue, now + REMOVED_MS, now));
  }

  async isKnown(queue: string): Promise<boolean> {
    if (this.#store.has(queue)) return true;
    await this.#adoptOnce();
    return this.#store.has(queue);
  }

  async knownQueues(): Promise<string[]> {
    await this.#adoptOnce();
    return this.#store.all();
  }

  async wasRemoved(queue: string): Promise<boolean> {
    await this.#adoptOnce();
    return this.#store.wasRemoved(queue, this.now());
  }
}
