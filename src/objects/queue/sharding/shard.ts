// A queue's object as one of its shards: which one, and how many there are. The first shard keeps the map, by the
// queue's definition; the others have a copy, and ask for another when they are shown a newer one.
import {
  isSameMap,
  nameOn,
  type ShardMap,
  shardOf,
  UNSHARDED,
} from "../../../core/sharding/shard-map.ts";
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
  /** ms since 1970 */
  now: () => number;
  /** What the first shard has decided. */
  orders: () => Promise<ShardOrders>;
  /** Takes it, with the map. */
  obey: (orders: ShardOrders) => Promise<void>;
}

export class Shard implements ShardPlace {
  readonly index: number;
  readonly #deps: ShardDeps;
  /** Versions go by time, so that they rise even where the queue was removed and made again. */
  readonly #startedAt: number;
  #asking: Promise<void> | undefined;
  /** Whether it has heard from the first shard in this life. */
  #isSure = false;

  constructor(deps: ShardDeps) {
    this.index = deps.index;
    this.#deps = deps;
    this.#startedAt = deps.now();
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

  ownName(name: string): string | undefined {
    return nameOn(this.index, this.map.shards, name);
  }

  /**
   * Of the first shard, on start and when it was defined anew: the definition may have another number of shards than
   * the map. One change is seen through before another one begins.
   */
  noticeDefinition(): void {
    const { exists, meta } = this.#deps;
    if (this.index > 0 || !exists() || meta.get("removing")) return;
    // A batch of a group is accepted by one number of shards.
    if (meta.get("batches")) return;
    const { shards, former } = this.map;
    if (former !== undefined || shards === this.#wanted) return;
    this.#change({ version: this.#nextVersion, shards: this.#wanted, former: shards });
  }

  /** Of another than the first: the definition was deployed with another number, of which the first may not know yet. */
  get isBehind(): boolean {
    const { shards, former } = this.#stored ?? {};
    if (this.index === 0 || shards === undefined || former !== undefined) return false;
    return shards !== this.#wanted;
  }

  /** Of the first shard: nothing is on its way any more. `also` is done inside the commit that says so. */
  endChange(also: () => void): void {
    this.#change({ version: this.#nextVersion, shards: this.map.shards }, also);
    this.noticeDefinition();
  }

  // What was to be added by the map before is on disk before the new one is.
  #change(map: ShardMap, also: () => void = () => {}): void {
    this.#deps.commit.flush();
    this.#deps.commit.run(() => {
      this.goBy(map);
      also();
    });
  }

  /** Inside a commit: this is the map from now on. */
  goBy(map: ShardMap): void {
    const { meta } = this.#deps;
    meta.set("shards", map);
    for (const key of ["moves", "taken", "left"] as const) if (meta.get(key)) meta.clear(key);
  }

  get #nextVersion(): number {
    return Math.max(this.map.version + 1, this.#deps.now());
  }

  /** Before a call that was routed by `map`: the map it has to be routed by, if that is another. */
  async meet(map: ShardMap, isRead = false): Promise<ShardMap | undefined> {
    // What keeps nothing has nothing to read by any map, and is left as it is.
    if (isRead && !this.#deps.exists())
      return this.index > 0 || this.#goesBy(map) ? undefined : this.map;
    // One that has all there is of the queue needs no map on disk for that.
    const alone = this.#alone;
    if (alone) return isSameMap(map, alone) ? undefined : alone;
    await this.ensureMap();
    if (map.version === 0 && !this.#isSure) await this.#makeSure();
    // One that says the same by another version may be of a later queue of the name.
    if (this.#goesBy(map)) return undefined;
    if (map.version > this.map.version && this.index > 0) {
      // What was asked for before may be older.
      await this.#asking;
      await this.ask();
    }
    return this.#goesBy(map) ? undefined : this.map;
  }

  // Of a queue that is being removed the first shard alone says what holds: others may have erased it, or be yet to.
  get #alone(): ShardMap | undefined {
    if (this.index > 0) return undefined;
    if (this.#deps.meta.get("removing")) return UNSHARDED;
    return this.isSharded ? undefined : this.map;
  }

  // A guess, which is what queue.yaml says, holds for a queue too that was removed and put into the file again, of which
  // this shard may have the old tasks. A first shard that does not answer keeps nobody from those it has.
  async #makeSure(): Promise<void> {
    if (this.index > 0) await this.ask().catch(() => {});
    this.#isSure = true;
  }

  // A guess has no version.
  #goesBy(map: ShardMap): boolean {
    const { version } = this.map;
    return isSameMap(map, this.map) && (map.version === 0 || map.version === version);
  }

  /** Makes sure that the map is on disk before anybody goes by it. */
  async ensureMap(): Promise<void> {
    if (this.#stored) return;
    if (this.index > 0) await this.ask();
    else if (this.#deps.definition.exists)
      this.#deps.commit.run(() => this.#deps.meta.set("shards", this.map));
  }

  /** Of the first shard, inside the commit that makes the queue: how many shards it begins with. */
  begin(): void {
    const { meta, now } = this.#deps;
    const { version = 0 } = this.#stored ?? {};
    if (this.#wanted === 1 && version === 0) return;
    meta.set("shards", { version: Math.max(now(), version + 1), shards: this.#wanted });
  }

  /** Whether the queue has nothing yet, and so nothing to move. */
  get isNew(): boolean {
    const { exists, meta } = this.#deps;
    return !exists() || meta.get("config") === undefined;
  }

  /** Takes what the first shard says of it; one that has nothing yet will ask. */
  async take(orders: ShardOrders): Promise<void> {
    await this.#asking?.catch(() => {});
    if (this.#stored) await this.#deps.obey(orders);
  }

  /** Takes what the first shard has decided, which alone decides. */
  ask(): Promise<void> {
    this.#asking ??= this.#takeAnswer().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #takeAnswer(): Promise<void> {
    const orders = await this.#deps.orders();
    if (!orders.isGone || this.#stored) await this.#deps.obey(orders);
    this.#isSure = true;
  }

  get #stored(): ShardMap | undefined {
    return this.#deps.exists() ? this.#deps.meta.get("shards") : undefined;
  }

  get #first(): ShardMap {
    return this.isNew ? { version: this.#startedAt, shards: this.#wanted } : UNSHARDED;
  }

  get #wanted(): number {
    const { definition } = this.#deps;
    return definition.exists ? (definition.config.shards ?? 1) : 1;
  }
}
