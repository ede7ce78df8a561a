// What holds for all shards of a queue, decided by the first: that it is paused, how it is defined, that it was purged
// or removed. It is written in the commit of the act, under a number, and told to each shard until that has answered.
// What is told is all that holds, not what was done: whoever missed some takes the latest.
import { shardsOf } from "../../../core/sharding/shard-map.ts";
import type { StoredOrders } from "../../../store/queue/queue-meta.ts";
import { AlarmJob } from "../../alarm-job.ts";
import { JobsByKey } from "../../jobs-by-key.ts";
import type { ShardOrders } from "../../rpc.ts";
import type { ShardPlace } from "../context/context.ts";
import type { QueueJobDeps } from "../context/job-deps.ts";

export interface OrdersDeps extends QueueJobDeps {
  shard: ShardPlace;
  /** What holds now. */
  current: () => ShardOrders;
  /** Has a shard take it. */
  tell: (shard: number, orders: ShardOrders) => Promise<void>;
}

const RETRY_MS = 2_000;
/** How often a shard that fails is told before the caller is answered, and the alarm goes on. */
const TRIES = { most: 10, everyMs: 500 };

export class Orders extends JobsByKey<number> {
  readonly #deps: OrdersDeps;
  /** The number of the orders that each shard has answered, since the object's start. */
  readonly #answered = new Map<number, number>();

  constructor(deps: OrdersDeps) {
    const { now, ended } = deps;
    super({
      pending: () => this.#pending(),
      newJob: (shard, ended) =>
        new AlarmJob({
          ...{ name: `orders for the shard ${shard}`, now, ended, retryMs: RETRY_MS },
          pendingAt: () => (this.#pending().includes(shard) ? 0 : undefined),
          run: () => this.#tell(shard),
        }),
      ended,
    });
    this.#deps = deps;
  }

  /** Inside a commit: what holds for all shards has changed. `before`: what was stored, where it is not any more. */
  give(change?: "purged" | "erased", before: StoredOrders = this.#stored): void {
    const { store, shard, now } = this.#deps;
    const { purged, erased, untold = 0, number: last } = before;
    const number = Math.max(now(), last + 1, ...[...this.#answered.values()].map((it) => it + 1));
    store.meta.set("orders", {
      number,
      untold: Math.max(untold, shardsOf(shard.map).length),
      ...(change === "erased" ? { erased: number } : erased && { erased }),
      ...(change === "purged" ? { purged: { number, at: now() } } : purged && { purged }),
    });
  }

  get isTold(): boolean {
    return this.#stored.untold === undefined;
  }

  /** Settles when all shards have answered, or one keeps failing: the alarm goes on then. */
  async told(): Promise<void> {
    for (let tries = 0; !this.isTold && tries < TRIES.most; tries++) {
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, TRIES.everyMs));
      await this.flush();
    }
  }

  get #stored(): StoredOrders {
    return this.#deps.store.meta.get("orders") ?? NONE;
  }

  #pending(): number[] {
    const { number, untold = 0 } = this.#stored;
    const shards = Array.from({ length: untold }, (_, shard) => shard);
    return shards.filter((shard) => this.#answered.get(shard) !== number);
  }

  async #tell(shard: number): Promise<void> {
    const orders = this.#deps.current();
    await this.#deps.tell(shard, orders);
    this.#answered.set(shard, Math.max(orders.number, this.#answered.get(shard) ?? 0));
    if (!this.isTold && this.#pending().length === 0) this.#done();
  }

  #done(): void {
    const { commit, store } = this.#deps;
    const { untold: _, ...orders } = this.#stored;
    commit.run(() => store.meta.set("orders", orders));
  }
}

const NONE: StoredOrders = Object.freeze({ number: 0 });
