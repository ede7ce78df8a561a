// What an object of a queue has of one limit that the queue shares with others.
import type { Capacity } from "../../../core/dispatch/plan.ts";
import type { Load } from "../../../core/sharding/held.ts";
import { type SharedLimit, totalOf } from "../../../core/sharding/limit.ts";
import type { Total } from "../../../core/sharding/share.ts";
import type { Statement } from "../../../core/sharding/statement.ts";
import type { LimitGrant } from "../../rpc.ts";
import { type AgainMemory, Holder } from "../sharding/holder.ts";

export interface DrawnLimitDeps {
  name: string;
  /** As this Worker's queue.yaml has it; absent where it has it no more. */
  limit: SharedLimit | undefined;
  /** A random number that no other life of the object has. */
  instance: number;
  /** ms since 1970 */
  now: () => number;
  /** What of the queue's load waits for this limit. */
  load: (isCounted: boolean) => Load;
  ask: (statement: Statement) => Promise<LimitGrant>;
  /** What is next may be another. */
  changed: () => void;
  memory: AgainMemory;
}

const NOT_KNOWN: Total = { bucket: undefined, slots: 0, shards: 0 };

export class DrawnLimit {
  readonly name: string;
  readonly holder: Holder;
  /** Attempts under way that have a slot of it. */
  running = 0;
  readonly #deps: DrawnLimitDeps;
  /** By queue.yaml, until its object says otherwise: that may have been deployed before. */
  #total: Total;

  constructor(deps: DrawnLimitDeps) {
    const { name, limit, instance, now, load, changed, memory } = deps;
    this.name = name;
    this.#deps = deps;
    this.#total = limit ? totalOf(limit, 1) : NOT_KNOWN;
    this.holder = new Holder({
      title: `a queue that draws from the limit "${name}"`,
      ...{ shard: 0, instance, running: 0, now, load, changed, memory },
      total: () => this.#total,
      coordinator: () => ({ askShare: (statement) => this.#ask(statement) }),
    });
  }

  capacity(now: number): Capacity {
    const { running } = this;
    const { slots: maxRunning } = this.holder;
    return { paused: false, bucket: this.holder.bucket(now), running, maxRunning };
  }

  async #ask(statement: Statement) {
    const { grant, total = NOT_KNOWN } = await this.#deps.ask(statement);
    this.#total = total;
    this.holder.reshape();
    return grant;
  }
}
