// By what a queue of several shards starts attempts: each shard holds a share of the queue's bucket and slots, and the
// first one grants them. A queue that has one shard again goes on by shares until the others have none any more.
import type { Bucket, BucketShape } from "../../../core/dispatch/bucket.ts";
import type { Load } from "../../../core/sharding/held.ts";
import { merged, partOf, type Total } from "../../../core/sharding/share.ts";
import type { QueueMeta } from "../../../store/queue/queue-meta.ts";
import type { Commit } from "../../commit.ts";
import type { Job } from "../../host.ts";
import type { ShardRpc } from "../../rpc.ts";
import type { ShardPlace } from "../context/context.ts";
import type { QueueDefinition } from "../context/definition.ts";
import { Coordinator } from "./coordinator.ts";
import { Holder } from "./holder.ts";

export interface SharesDeps {
  place: ShardPlace;
  definition: QueueDefinition;
  meta: QueueMeta;
  commit: Commit;
  /** Another shard of the queue. */
  shard: (index: number) => ShardRpc;
  /** ms since 1970 */
  now: () => number;
  /** From 0 to 1. */
  random: () => number;
  /** Arms the alarm for whatever is next. */
  changed: () => void;
}

/** What starts attempts by them. */
export interface Starter {
  readonly running: number;
  load(isCounted: boolean): Load;
  /** Inside a commit: it has the queue's bucket to itself from now on. */
  reshape(): void;
}

/** How often the first shard looks whether others have returned the last of it, in ms. */
const LOOK_EVERY_MS = 1_000;

export class Shares implements Job {
  readonly #deps: SharesDeps;
  #starter: Starter | undefined;
  #holder: Holder | undefined;
  #coordinator: Coordinator | undefined;
  #lookAt = 0;

  constructor(deps: SharesDeps) {
    this.#deps = deps;
  }

  /** Called once, before anything else. */
  startBy(starter: Starter): void {
    this.#starter = starter;
  }

  /** This shard's share; absent where the queue has one shard. */
  get held(): Holder | undefined {
    const { place, meta } = this.#deps;
    if (place.isSharded) return this.holder;
    // One that had several before has this for as long as something is lent.
    return place.map.version > 0 && meta.get("shares") ? this.holder : undefined;
  }

  /** Of the first shard. */
  get coordinator(): Coordinator {
    if (!this.#coordinator) this.#begin();
    return this.#coordinator as Coordinator;
  }

  get holder(): Holder {
    if (!this.#holder) this.#begin();
    return this.#holder as Holder;
  }

  nextWakeAt(): number | undefined {
    const at = this.held?.nextWakeAt();
    if (!this.held || this.#deps.place.isSharded) return at;
    return Math.min(at ?? Number.POSITIVE_INFINITY, this.#lookAt);
  }

  watchdogAt(now: number): number | undefined {
    return this.held?.watchdogAt(now);
  }

  onAlarm(now: number): void {
    this.held?.onAlarm(now);
    if (!this.held || this.#deps.place.isSharded || now < this.#lookAt) return;
    this.#lookAt = now + LOOK_EVERY_MS;
    if (this.coordinator.isLent(now)) this.coordinator.recallAll();
    else this.#deps.commit.run(() => this.#end(now));
  }

  /** Inside a commit: the queue's bucket, slots or pause changed. */
  reshape(): void {
    if (this.#deps.place.index === 0) this.coordinator.reshape();
    this.#holder?.reshape();
  }

  /** The shard's bucket as it is shown: that of the first with what nobody has, so that all shards together have it all. */
  shown(): { level: Bucket; shape: BucketShape } | undefined {
    const { place, now } = this.#deps;
    const bucket = this.holder.bucket(now());
    if (!bucket || place.index > 0) return bucket;
    const { part, level } = this.coordinator.free(now());
    const shape = partOf(this.#total(), part);
    return {
      level: { at: level.at, tokens: level.tokens + bucket.level.tokens },
      shape: {
        capacity: shape.capacity + bucket.shape.capacity,
        rate: shape.rate + bucket.shape.rate,
      },
    };
  }

  save() {
    return { book: this.#coordinator?.save(), held: this.#holder?.save() };
  }

  restore({ book, held }: ReturnType<Shares["save"]>): void {
    this.#coordinator?.restore(book);
    if (held) this.#holder?.restore(held);
  }

  flush(): void {
    this.#coordinator?.flush();
  }

  #begin(): void {
    const { place, meta, commit, now, shard, random, changed } = this.#deps;
    const starter = this.#starter as Starter;
    const [instance, total] = [Math.floor(random() * 2 ** 53), () => this.#total()];
    const running = starter.running;
    if (place.index === 0) {
      const local = {
        recallShare: async (recall: Parameters<Holder["recall"]>[0]) => this.holder.recall(recall),
        nudgeShare: async () => this.holder.nudge(),
      };
      this.#coordinator = new Coordinator({
        ...{ commit, now, total },
        shelf: {
          stored: () => meta.get("shares"),
          store: (book) => meta.set("shares", book),
          before: () => meta.get("bucket"),
        },
        shard: (index) => (index === 0 ? local : shard(index)),
      });
      this.#coordinator.begin(instance, running);
    }
    const own = {
      askShare: (statement: Parameters<Coordinator["ask"]>[0]) => this.coordinator.ask(statement),
    };
    this.#holder = new Holder({
      title: `shard ${place.index}`,
      ...{ shard: place.index, instance, running, now, total, changed },
      memory: {
        stored: () => meta.get("askAgain"),
        store: (again) => commit.run(() => meta.set("askAgain", again)),
      },
      load: (isCounted) => starter.load(isCounted),
      coordinator: () => (place.index === 0 ? own : shard(0)),
    });
  }

  /** Inside a commit: all of it is here again. */
  #end(now: number): void {
    const { meta } = this.#deps;
    const total = this.#total();
    const own = this.holder.share(now);
    const { level } = merged(this.coordinator.free(now), own, total);
    if (total.bucket) meta.set("bucket", { level, shape: total.bucket });
    this.#coordinator?.end();
    meta.clear("shares");
    this.#starter?.reshape();
    this.#coordinator = undefined;
    this.#holder = undefined;
  }

  #total(): Total {
    const { definition, meta, place } = this.#deps;
    const { config, isDefined } = definition;
    const { rate, bucketSize: capacity, mode } = config;
    const { shards, former = 1 } = place.map;
    const isStill = meta.get("paused") || !isDefined || mode === "pull";
    return {
      bucket: Number.isFinite(rate) ? { capacity, rate: isStill ? 0 : rate } : undefined,
      slots: mode === "pull" ? 0 : config.maxConcurrentRequests,
      shards: Math.max(shards, former),
    };
  }
}
