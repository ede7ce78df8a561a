// Limits that queues share as a part: a Worker whose queue.yaml has none does not carry them.
import { limitOfObject } from "../../core/sharding/limit.ts";
import { shardObject, shardOfObject } from "../../core/sharding/shard-map.ts";
import { DrawnLimits } from "./limits/drawn-limits.ts";
import { LimitKeeper } from "./limits/keeper.ts";
import type { Limits } from "./limits/limits.ts";
import type { NewLimits, Queue, QueueDeps } from "./queue.ts";
import type { AgainMemory } from "./sharding/holder.ts";

export interface LimitsPart {
  readonly part: "limits";
  /** What each object of a queue needs for it. */
  readonly Limits: NewLimits;
}

/** What an object has of limits: those it draws from, or the one that it is. */
export class SharedLimits implements Limits {
  readonly drawn: DrawnLimits;
  readonly #queue: Queue;
  readonly #deps: QueueDeps;
  #keeper: LimitKeeper | undefined;

  constructor(queue: Queue, deps: QueueDeps) {
    this.#queue = queue;
    this.#deps = deps;
    this.drawn = new DrawnLimits({
      object: shardObject(queue.name, deps.shard),
      definition: queue.definition,
      limits: deps.file.limits ?? new Map(),
      keeper: (limit) => queue.stubs.limit(limit),
      memory: (limit) => memoryOf(queue, limit),
      ...{ now: deps.now, random: deps.random, changed: deps.arm },
      used: (counts) => queue.statistics.totals?.usedElsewhere(counts),
    });
  }

  get keeper(): LimitKeeper {
    const { name, store, commit, stubs } = this.#queue;
    const limit = limitOfObject(name);
    if (limit === undefined)
      throw new TypeError(`limit: found a call for one at the queue "${name}", expected none`);
    this.#keeper ??= new LimitKeeper({
      ...{ name: limit, commit, meta: store.meta, now: this.#deps.now },
      limit: this.#deps.file.limits?.get(limit),
      holder: (object) => {
        const { queue, shard } = shardOfObject(object);
        return stubs.shard(queue, shard);
      },
    });
    return this.#keeper;
  }
}

function memoryOf({ store: { meta }, commit }: Queue, limit: string): AgainMemory {
  const all = () => meta.get("askAgainOf") ?? {};
  return {
    stored: () => (Object.hasOwn(all(), limit) ? all()[limit] : undefined),
    store: (again) => commit.run(() => meta.set("askAgainOf", { ...all(), [limit]: again })),
  };
}

/** Limits that queues share: `extensions.limits` of queue.yaml. */
export const limits: LimitsPart = { part: "limits", Limits: SharedLimits };
