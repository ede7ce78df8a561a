// A queue's object as one of several, put together: its place among them, its share of the bucket, what the first
// decides for all, and the tasks that go from one to another.
import type { ShardMap } from "../../core/sharding/shard-map.ts";
import type { Grant, Recall, Statement } from "../../core/sharding/statement.ts";
import { Moving } from "../../store/queue/moving.ts";
import type { StoredOrders } from "../../store/queue/queue-meta.ts";
import { AlarmJob } from "../alarm-job.ts";
import type { Job } from "../host.ts";
import type {
  MoveReport,
  MovingBatch,
  QueueCalls,
  ShardAnswer,
  ShardOrders,
  ShardRpc,
} from "../rpc.ts";
import { Incoming } from "../sharded/incoming.ts";
import type { RouteDeps } from "../sharded/routes.ts";
import { ShardedQueue } from "../sharded/sharded-queue.ts";
import { batchesOf } from "./group-membership.ts";
import { takeIn } from "./moved-tasks.ts";
import { obey } from "./obedience.ts";
import type { Queue, QueueDeps } from "./queue.ts";
import { ACTED_ON } from "./sharding/acts.ts";
import { Mover } from "./sharding/mover.ts";
import { Orders } from "./sharding/orders.ts";
import { Shard } from "./sharding/shard.ts";
import { ShardChange } from "./sharding/shard-change.ts";
import type { ObjectCalls, OwnCall, Sharding } from "./sharding/sharding.ts";
import { Shares } from "./sharding/shares.ts";
import { type Acted, Transit } from "./sharding/transit.ts";

const ASK_RETRY_MS = 2_000;

/** Of the calls of all shards, those that change nothing on one that has nothing. */
const READS: ReadonlySet<string> = new Set([
  ...["listPart", "look", "tombstones", "firstLeasable", "redriveAll", "follow"],
  ...["exportPage", "failures", "redriveBatch"],
]);

export class ManyObjects implements Sharding, ObjectCalls {
  readonly place: Shard;
  readonly shares: Shares;
  readonly jobs: readonly Job[];
  readonly #queue: Queue;
  readonly #deps: QueueDeps;
  readonly #transit = new Transit(() => void this.#mover.runNow());
  readonly #moving: Moving;
  readonly #orders: Orders;
  readonly #mover: Mover;
  readonly #change: ShardChange;
  #whole: ShardedQueue | undefined;
  #incoming: Incoming | undefined;

  constructor(queue: Queue, deps: QueueDeps) {
    const { store, commit, stubs, definition } = queue;
    const { arm: ended, now } = deps;
    this.#queue = queue;
    this.#deps = deps;
    this.place = new Shard({
      ...{ index: deps.shard, meta: store.meta, definition, commit, now },
      exists: () => deps.sql.exist,
      orders: () => stubs.shard(queue.name, 0).shardOrders(),
      obey: (orders) => obey(queue, orders),
    });
    const { place } = this;
    this.shares = new Shares({
      ...{ definition, commit, now, place, meta: store.meta, random: deps.random },
      shard: (index) => stubs.shard(queue.name, index),
      changed: deps.arm,
    });
    this.#moving = store.withNames((names) => new Moving(store, names));
    const shared = { definition, store, commit, stubs, now, ended, shard: place };
    this.#orders = new Orders({
      ...{ ...shared, current: () => this.#decided },
      tell: (index, orders) =>
        index === 0 ? place.take(orders) : stubs.shard(queue.name, index).obey(orders),
    });
    const transit = this.#transit;
    this.#mover = new Mover({ ...shared, moving: this.#moving, transit, queue: () => queue });
    this.#change = new ShardChange({
      ...{ ...shared, mover: this.#mover },
      takeOver: (totals) => queue.statistics.totals?.takeOver(totals),
    });
    const others = deps.shard === 0 ? this.#orders : this.#newAsking();
    this.jobs = [others, this.#mover, this.#change, this.shares];
  }

  get calls(): ObjectCalls {
    return this;
  }

  get resharding() {
    return this.#change.progress;
  }

  get isTold(): boolean {
    return this.#orders.isTold;
  }

  join(): void {
    this.#queue.commit.join(this.shares);
  }

  isMoving(name: string): boolean {
    return this.#transit.has(name);
  }

  act<T>(on: Acted, work: () => Promise<T>): Promise<T> {
    return this.#transit.act(on, work);
  }

  // Of several shards the first decides, and the others ask it, for it may not have started since.
  resume(): void {
    const { definition, store } = this.#queue;
    if (this.place.index > 0) store.meta.set("asks", true);
    else {
      definition.resume();
      this.tell();
    }
  }

  tell(change?: "purged" | "erased", before?: StoredOrders): void {
    if (change || this.place.isSharded) this.#orders.give(change, before);
  }

  told(): Promise<void> {
    return this.#orders.told();
  }

  async onShard(map: ShardMap, verb: string, call: OwnCall, args: unknown[]): Promise<ShardAnswer> {
    const stale = await this.place.meet(map, READS.has(verb));
    return stale ? { stale } : { answer: await this.#own(verb, call, args) };
  }

  route(verb: string, call: OwnCall, args: unknown[]): Promise<unknown> {
    const whole = this.#wholeFor(verb);
    return whole?.[verb] ? whole[verb](...args) : this.#own(verb, call, args);
  }

  async takeIn(batch: MovingBatch): Promise<boolean> {
    return takeIn(this.#queue, this.#moving, this.#transit, batch);
  }

  async moves(): Promise<MoveReport> {
    this.#mover.look();
    this.#deps.arm();
    return this.#mover.report;
  }

  async movesEnded(): Promise<void> {
    this.#change.look();
  }

  async shardOrders(): Promise<ShardOrders> {
    await this.#queue.ensureListed();
    await this.place.ensureMap();
    return this.#decided;
  }

  async obey(orders: ShardOrders): Promise<void> {
    await this.place.take(orders);
  }

  async askShare(statement: Statement): Promise<Grant> {
    return this.shares.coordinator.ask(statement);
  }

  async recallShare(recall: Recall): Promise<Statement> {
    return this.shares.holder.recall(recall);
  }

  async nudgeShare(): Promise<void> {
    this.shares.holder.nudge();
  }

  #own(verb: string, call: OwnCall, args: unknown[]): Promise<unknown> {
    const actedOn = ACTED_ON[verb];
    return actedOn ? this.act(actedOn(args), () => call(...args)) : call(...args);
  }

  /** What does the calls of the queue as a whole, where this is the first of several shards. */
  #wholeFor(verb: string): Record<string, OwnCall> | undefined {
    const { place } = this;
    if (place.index > 0 || !place.isSharded || this.#queue.store.meta.get("removing"))
      return undefined;
    this.#whole ??= new ShardedQueue({
      ...{ ...this.#routes, name: this.#queue.name },
      whole: () => this.#deps.object() as QueueCalls,
      admission: () => this.#queue.rules(),
    });
    const whole = verb in this.#whole ? this.#whole : this.#fromObjects;
    return whole as unknown as Record<string, OwnCall>;
  }

  get #fromObjects(): Incoming {
    const queue = this.#queue;
    this.#incoming ??= new Incoming({
      ...{ ...this.#routes, refusal: () => queue.rules(), batches: batchesOf(queue) },
      ensureListed: () => queue.ensureListed(),
      used: (counts) => queue.statistics.totals?.usedElsewhere(counts),
    });
    return this.#incoming;
  }

  get #routes(): RouteDeps {
    const { name, stubs } = this.#queue;
    return {
      shard: (index) =>
        index === 0 ? (this.#deps.object() as ShardRpc) : stubs.shard(name, index),
      map: () => this.place.map,
      learn: () => {},
    };
  }

  /** What holds for all shards. */
  get #decided(): ShardOrders {
    const { isPaused: paused, definition, store } = this.#queue;
    const { untold: _, ...orders } = store.meta.get("orders") ?? { number: 0 };
    const made = store.meta.get("made");
    return {
      ...{ ...orders, map: this.place.map, paused },
      ...(made && { made }),
      ...(!definition.isDefined && { config: definition.config }),
      ...((!definition.exists || store.meta.get("removing")) && { isGone: true }),
    };
  }

  #newAsking(): AlarmJob {
    const { commit, store } = this.#queue;
    const { place } = this;
    // Once a life: asked, the first shard starts and looks, and may be of the version before.
    let isBehind = place.isBehind;
    return new AlarmJob({
      ...{ name: "asking the first shard", now: this.#deps.now, ended: this.#deps.arm },
      pendingAt: () => (isBehind || store.meta.get("asks") ? 0 : undefined),
      run: async () => {
        await place.ask();
        isBehind = false;
        if (store.meta.get("asks")) commit.run(() => store.meta.clear("asks"));
      },
      retryMs: ASK_RETRY_MS,
    });
  }
}
