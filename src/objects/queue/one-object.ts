// A queue's object in a Worker whose queues have one object each. What it finds of more it leaves as it is: to act as
// if there were no others could do twice, or lose, what they have.
import { UNSHARDED } from "../../core/sharding/shard-map.ts";
import type { QueueContext, ShardPlace } from "./context/context.ts";
import type { Sharding } from "./sharding/sharding.ts";

type OneContext = Pick<QueueContext, "name" | "store" | "definition">;

const NOTHING = () => {};

export class OneObject implements Sharding {
  readonly place: ShardPlace;
  readonly shares = { held: undefined, startBy: NOTHING, reshape: NOTHING, shown: () => undefined };
  readonly jobs = [];
  readonly fault: string | undefined;
  readonly resharding = undefined;
  readonly isTold = true;
  readonly join = NOTHING;
  readonly tell = NOTHING;
  readonly #queue: OneContext;

  constructor(queue: OneContext, { shard: index }: { shard: number }) {
    this.#queue = queue;
    const alone = { isSharded: false, isNew: false, ownName: (name: string) => name };
    this.place = {
      ...{ ...alone, index, map: UNSHARDED },
      ...{ begin: NOTHING, noticeDefinition: NOTHING, goBy: NOTHING },
    };
    if (index > 0 || this.#hasOthers())
      this.fault = `queue: found "${queue.name}" on several objects, expected parts: [shards], which knows the others`;
  }

  isMoving(): boolean {
    return false;
  }

  act<T>(_: unknown, work: () => Promise<T>): Promise<T> {
    return work();
  }

  resume(): void {
    this.#queue.definition.resume();
  }

  async told(): Promise<void> {}

  #hasOthers(): boolean {
    const { meta } = this.#queue.store;
    const { shards, former = 1 } = meta.get("shards") ?? UNSHARDED;
    return shards > 1 || former > 1 || !!meta.get("orders")?.untold || !!meta.get("shares");
  }
}
