// A queue's object as one of its shards: which one, and how many there are. The first shard keeps the map, by the
// queue's definition; the others have a copy, and ask for another when they are shown a newer one.
import { isSameMap, type ShardMap, shardOf, UNSHARDED } from "../../../core/sharding/shard-map.ts";
import type { QueueMeta } from "../../../store/queue/queue-meta.ts";
import type { Commit } from "../../commit.ts";
import type { ShardOrders } from "../../rpc.ts";
import type { ShardPlace } from "../context/context.ts";
import type { QueueDefinition } from "../context/definition.ts";

export interface ShardDeps {
  index: number;
  meta: QueueMeta;
  definition: QueueDefinition;
  commit: Commit;
  /** Whether the object keeps anything. */
  exists: () => boolean;
  /** What the first shard has decided. */
  orders: () => Promise<ShardOrders>;
  /** Inside a commit: takes what else than the map they say. */
  obey: (orders: ShardOrders) => void;
}

export class Shard implements ShardPlace {
  readonly index: number;
  readonly #deps: ShardDeps;
  /** A queue that has nothing yet has nothing to move. */
  readonly #isNew: boolean;

  constructor(deps: ShardDeps) {
    this.index = deps.index;
    this.#deps = deps;
    this.#isNew = !deps.exists();
  }

  /** The queue's map as far as this shard knows it. */
  get map(): ShardMap {
    return this.#stored ?? (this.index === 0 ? this.#first : UNSHARDED);
  }

  /** Whether other objects have, or may have, tasks of the queue. */
  get isSharded(): boolean {
    const { shards, former = 1 } = this.map;
    return this.index > 0 || shards > 1 || former > 1;
  }

  /** Whether the task of this name lives here once all are where they belong. */
  isOwn(name: string): boolean {
    return shardOf(name, this.map.shards) === this.index;
  }

  /** Of the first shard, on start: the definition may have another number of shards than the map. */
  noticeDefinition(): void {
    if (this.index > 0 || !this.#deps.exists()) return;
    const { shards, version, former } = this.map;
    if (former !== undefined || shards === this.#wanted) return;
    const next = { version: version + 1, shards: this.#wanted, former: shards };
    this.#deps.commit.run(() => this.#deps.meta.set("shards", next));
  }

  /** Before a call that was routed by `map`: the map it has to be routed by, if that is another. */
  async meet(map: ShardMap): Promise<ShardMap | undefined> {
    await this.ensureMap();
    if (isSameMap(map, this.map)) return undefined;
    if (map.version > this.map.version && this.index > 0) await this.#ask();
    return isSameMap(map, this.map) ? undefined : this.map;
  }

  /** Makes sure that the map is on disk before anybody goes by it. */
  async ensureMap(): Promise<void> {
    if (this.#stored) return;
    if (this.index === 0) this.#deps.commit.run(() => this.#deps.meta.set("shards", this.map));
    else await this.#ask();
  }

  // The first shard alone decides.
  async #ask(): Promise<void> {
    const orders = await this.#deps.orders();
    this.#deps.commit.run(() => {
      this.#deps.meta.set("shards", orders.map);
      this.#deps.obey(orders);
    });
  }

  get #stored(): ShardMap | undefined {
    return this.#deps.exists() ? this.#deps.meta.get("shards") : undefined;
  }

  get #first(): ShardMap {
    return this.#isNew ? { version: 1, shards: this.#wanted } : UNSHARDED;
  }

  get #wanted(): number {
    return this.#deps.definition.config.shards ?? 1;
  }
}
