// What a queue's object has as one of several: a part that a Worker may leave out, where every queue has one object.
import type { Resharding } from "../../../core/metrics/queue-view.ts";
import type { ShardMap } from "../../../core/sharding/shard-map.ts";
import type { StoredOrders } from "../../../store/queue/queue-meta.ts";
import type { Job } from "../../host.ts";
import type { MovingBatch, ShardAnswer, ShardRpc } from "../../rpc.ts";
import type { ShardOnlyCalls } from "../../sharded/routes.ts";
import type { ShardPlace } from "../context/context.ts";
import type { Shares } from "./shares.ts";
import type { Acted } from "./transit.ts";

export type OwnCall = (...args: unknown[]) => Promise<unknown>;

/** What the object is to the others, and to whoever calls it. */
export interface ObjectCalls
  extends Omit<ShardRpc, "onShard" | "takeAlertReport" | "alertReport">,
    OwnShardCalls {
  onShard(map: ShardMap, verb: string, call: OwnCall, args: unknown[]): Promise<ShardAnswer>;
  /** Has a call of the queue done by those that have what it is about. */
  route(verb: string, call: OwnCall, args: unknown[]): Promise<unknown>;
}

interface OwnShardCalls extends Pick<ShardOnlyCalls, "moves" | "movesEnded"> {
  takeIn(batch: MovingBatch): Promise<boolean>;
}

export interface Sharding {
  readonly place: ShardPlace;
  readonly shares: Pick<Shares, "held" | "startBy" | "reshape" | "shown">;
  readonly jobs: readonly Job[];
  /** Why nothing can be done here. */
  readonly fault?: string | undefined;
  /** How far a change of the number of shards is, while there is one. */
  readonly resharding: Resharding | undefined;
  /** Whether all shards have what was decided for them. */
  readonly isTold: boolean;
  /** Absent where there is only one. */
  readonly calls?: ObjectCalls;
  /** Takes part in commits. */
  join(): void;
  /** Whether the task of this name is on its way to another shard. */
  isMoving(name: string): boolean;
  /** Acts on what is not on its way, at once where nothing of it is. */
  act<T>(on: Acted, work: () => Promise<T>): Promise<T>;
  /** Inside a commit: a deploy changed the queue's entry, which resumes it. */
  resume(): void;
  /** Inside a commit: what holds for all shards has changed. `before`: what was stored, where it is not any more. */
  tell(change?: "purged" | "erased", before?: StoredOrders): void;
  /** Settles when all shards have answered, or one keeps failing: the alarm goes on then. */
  told(): Promise<void>;
}
