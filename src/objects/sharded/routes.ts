// Calls to the shards of a queue, by the map that its first shard keeps. A shard that knows a newer map says so, and
// what it was to do is routed anew. While tasks are on their way from one shard to another, what is not where it
// belongs is where it was, or has come meanwhile: a task moves one way only.

import type { Answer, Failure } from "../../core/errors.ts";
import type { HistorySpan } from "../../core/metrics/history.ts";
import type { ReportReader } from "../../core/metrics/queue-report.ts";
import { isSameMap, type ShardMap, shardOf, shardsOf } from "../../core/sharding/shard-map.ts";
import type { Added, ListQuery } from "../../core/task/calls.ts";
import type { FirstLeasable, LeasedTask, LeaseRequest } from "../../core/task/lease.ts";
import type { RedrivenBatch } from "../../store/queue/queue-meta.ts";
import type {
  MoveReport,
  MovingBatch,
  QueueCalls,
  QueueRpc,
  RedriveBatch,
  ShardRpc,
} from "../rpc.ts";
import type { ListPart, PartAsk, ShardLook } from "../shard-part.ts";

export interface RouteDeps {
  shard: (index: number) => Pick<ShardRpc, "onShard">;
  /** What is known of it here. */
  map: () => ShardMap;
  /** Goes by this map from now on: a shard said so. */
  learn: (map: ShardMap) => void;
}

/** What a shard can be asked by way of `onShard`. */
export type ShardCalls = QueueCalls & QueueRpc & ShardOnlyCalls;

/** What is asked of a shard and not of a queue. */
export interface ShardOnlyCalls {
  /** For each name what it collides with, if a task to come had it. */
  collisions(names: readonly string[]): Promise<(Failure | null)[]>;
  /** Adds a task by its rule where its name still lies here; null where it is to be added at the other shard. */
  addWhereItWas(task: unknown): Promise<Answer<Added | null>>;
  /** The oldest task that a lease would give, null when there is none. */
  firstLeasable(request: LeaseRequest): Promise<Answer<FirstLeasable | null>>;
  /** Leases what is available, if there is any. */
  leaseNow(request: LeaseRequest): Promise<Answer<LeasedTask[]>>;
  /** The tasks behind a place in the list, as far as they are asked for. */
  listPart(query: ListQuery, ask: PartAsk): Promise<ListPart>;
  /** Its state and its history, as far as that is newer than `since` (ms since 1970). */
  look(span: HistorySpan, since: number, reader?: ReportReader): Promise<ShardLook>;
  /** Does a batch of a redrive, once. */
  redriveBatch(batch: RedriveBatch): Promise<RedrivenBatch>;
  /** Takes in what another shard hands over, once; false where it does not. */
  takeIn(batch: MovingBatch): Promise<boolean>;
  /** How far it is with what has to go from it. */
  moves(): Promise<MoveReport>;
  /** Of the first: another one has nothing left that has to go. */
  movesEnded(): Promise<void>;
}

export type Verb = keyof ShardCalls;
export type ResultOf<V extends Verb> = Awaited<ReturnType<ShardCalls[V]>>;

/** Calls one shard by one map; throws Outdated when that is not the newest any more. */
export type OnShard = <V extends Verb>(
  verb: V,
  ...args: Parameters<ShardCalls[V]>
) => Promise<ResultOf<V>>;

/** The name that says where an item lives; a number where any shard will do: which of them in turn. */
export type Route = string | number;

/** A call about items that live where their names say. */
export interface Routed<In, Out> {
  routeOf: (item: In) => Route;
  /** Calls the shard that has them; for each item its result. */
  call: (on: OnShard, items: In[], map: ShardMap) => Promise<readonly Out[]>;
  /** Whether the shard did not have it. */
  isMissing: (result: Out) => boolean;
}

/** The map was outdated; the newer one is known by now. */
export class Outdated extends Error {}

interface Placed<In> {
  item: In;
  index: number;
}

export class Routes {
  readonly #deps: RouteDeps;

  constructor(deps: RouteDeps) {
    this.#deps = deps;
  }

  /** Calls shard `index` by `map`. */
  on(map: ShardMap, index: number): OnShard {
    const call = async (verb: Verb, ...args: readonly unknown[]) => {
      const answered = await this.#deps.shard(index).onShard(map, verb, args);
      if (!("stale" in answered)) return answered.answer;
      this.#deps.learn(answered.stale);
      throw new Outdated();
    };
    return call as OnShard;
  }

  /** Does a call on a name, where that lives. */
  async one<V extends Verb>(
    name: string,
    isMissing: (result: ResultOf<V>) => boolean,
    verb: V,
    ...args: Parameters<ShardCalls[V]>
  ): Promise<ResultOf<V>> {
    const call = async (on: OnShard) => [await on(verb, ...args)];
    const [result] = await this.each<string, ResultOf<V>>([name], {
      ...{ routeOf: (it) => it, call, isMissing },
    });
    return result as ResultOf<V>;
  }

  /** Does a call on many, each where it lives; their results in their order. */
  async each<In, Out>(items: readonly In[], routed: Routed<In, Out>): Promise<Out[]> {
    const results = new Array<Out>(items.length);
    const placed = items.map((item, index) => ({ item, index }));
    const first = this.#deps.map();
    await this.#fill(results, placed, now, routed);
    for (const among of [before, now]) {
      // A change may have begun, or ended, since the first were asked.
      if (first.former === undefined && isVersion(this.#deps.map(), first)) break;
      const missing = placed.filter(({ index }) => routed.isMissing(results[index] as Out));
      await this.#fill(results, missing, among, routed);
    }
    return results;
  }

  async #fill<In, Out>(
    results: Out[],
    placed: readonly Placed<In>[],
    among: (map: ShardMap) => number,
    routed: Routed<In, Out>,
  ): Promise<void> {
    const map = this.#deps.map();
    const parts = Map.groupBy(placed, ({ item }) => placeOf(routed.routeOf(item), among(map)));
    const fill = async (shard: number, part: readonly Placed<In>[]) => {
      const items = part.map(({ item }) => item);
      const found = await unlessOutdated(routed.call(this.on(map, shard), items, map));
      if (!found) return this.#fill(results, part, among, routed);
      for (const [i, { index }] of part.entries()) results[index] = found[i] as Out;
    };
    await Promise.all([...parts].map(([shard, part]) => fill(shard, part)));
  }

  /** Does a call on every shard; their results, by shard. It may be done again where the map changes meanwhile. */
  async all<V extends Verb>(verb: V, ...args: Parameters<ShardCalls[V]>): Promise<ResultOf<V>[]> {
    return this.every((on) => on(verb, ...args));
  }

  /** Calls every shard; the results by shard. It may be done again where the map changes meanwhile. */
  async every<T>(call: (on: OnShard, shard: number) => Promise<T>): Promise<T[]> {
    return this.byMap((map) =>
      Promise.all(shardsOf(map).map((shard) => call(this.on(map, shard), shard))),
    );
  }

  /** Does something by the map as it is; again where that changes meanwhile. */
  async byMap<T extends object>(work: (map: ShardMap) => Promise<T>): Promise<T> {
    for (;;) {
      const result = await unlessOutdated(work(this.#deps.map()));
      if (result) return result;
    }
  }
}

function placeOf(route: Route, shards: number): number {
  return typeof route === "number" ? route % shards : shardOf(route, shards);
}

const now = ({ shards }: ShardMap) => shards;
const before = ({ shards, former = shards }: ShardMap) => former;

function isVersion(map: ShardMap, other: ShardMap): boolean {
  return map.version === other.version && isSameMap(map, other);
}

/** Undefined where the map was outdated. */
export async function unlessOutdated<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error) => {
    if (error instanceof Outdated) return undefined;
    throw error;
  });
}
