// A shard's share of its queue's bucket and slots: by it the shard starts its attempts. It asks the first shard for it
// from an alarm, as attempts start from alarms (push-consumer.ts), and keeps it in memory only.
import type { Bucket, BucketShape } from "../../../core/dispatch/bucket.ts";
import {
  afterOverload,
  afterSuccess,
  type Throttle,
  UNTHROTTLED,
} from "../../../core/dispatch/throttle.ts";
import {
  answered,
  ask,
  bucketOf,
  current,
  type Held,
  holdsNothing,
  type Load,
  nextWord,
  nudged,
  PATIENCE_MS,
  recalled,
  slotsOf,
  started,
  unanswered,
} from "../../../core/sharding/held.ts";
import type { Share, Total } from "../../../core/sharding/share.ts";
import type { Recall, Statement } from "../../../core/sharding/statement.ts";
import type { Job } from "../../host.ts";
import type { ShardRpc } from "../../rpc.ts";
import { WATCHDOG_MS } from "../../wakeup.ts";

export interface HolderDeps {
  shard: number;
  /** A random number that no other life of the object has. */
  instance: number;
  /** Attempts under way of a queue that had one shard until now. */
  running: number;
  /** ms since 1970 */
  now: () => number;
  /** What the whole queue may start. */
  total: () => Total;
  /** What there is to do, whether or not it is counted. */
  load: (isCounted: boolean) => Load;
  coordinator: () => Pick<ShardRpc, "askShare">;
  /** What is next may be another. */
  changed: () => void;
}

export class Holder implements Job {
  readonly #deps: HolderDeps;
  #held: Held;
  #total: Total;
  #throttle: Throttle = UNTHROTTLED;

  constructor(deps: HolderDeps) {
    const { shard, instance, running, now, total } = deps;
    this.#deps = deps;
    this.#total = total();
    const held = holdsNothing(shard, instance, now());
    this.#held = { ...held, share: { ...held.share, slots: running } };
  }

  nextWakeAt(): number | undefined {
    if (this.#held.askedAt !== undefined) return undefined;
    return nextWord(this.#held, this.#total, this.#deps.load(false), this.#deps.now());
  }

  onAlarm(now: number): void {
    const at = this.nextWakeAt();
    if (at !== undefined && at <= now) void this.#ask(now);
  }

  /** While it waits for an answer the alarm's handler is held open, and what is granted starts in its turn. */
  watchdogAt(now: number): number | undefined {
    return this.#held.askedAt === undefined ? undefined : now + WATCHDOG_MS;
  }

  /** How many attempts may run at once. */
  get slots(): number {
    return slotsOf(this.#held);
  }

  /** The bucket of its share; absent without a rate limit. */
  bucket(now: number): { level: Bucket; shape: BucketShape } | undefined {
    return bucketOf(this.#held, this.#total, now);
  }

  /** All it holds. */
  share(now: number): Share {
    return current(this.#held, this.#total, now).share;
  }

  /** Nothing is stored of it. */
  covers(): boolean {
    return true;
  }

  spend(n: number, now: number, areMore: boolean): void {
    const tokens = this.#total.bucket ? n : 0;
    this.#held = started(this.#held, this.#total, { attempts: n, tokens, areMore }, now);
  }

  /** A handler answered 503: this shard slows down. */
  overloaded(now: number): void {
    this.#slow(afterOverload(this.#throttle, now), now);
  }

  succeeded(now: number): void {
    if (this.#throttle.share !== 1) this.#slow(afterSuccess(this.#throttle, now), now);
  }

  /** The queue may start more or less than before. */
  reshape(): void {
    this.#held = current(this.#held, this.#total, this.#deps.now());
    const { bucket, ...total } = this.#deps.total();
    const { share } = this.#throttle;
    const slowed = bucket && { ...bucket, rate: bucket.rate * share };
    this.#total = { ...total, bucket: slowed };
    this.#held = current(this.#held, this.#total, this.#deps.now());
  }

  /** Gives back what is above what it may keep. */
  recall(recall: Recall): Statement {
    const { load, now, changed } = this.#deps;
    const [held, statement] = recalled(this.#held, this.#total, recall, load(true), now());
    this.#held = held;
    changed();
    return statement;
  }

  /** There is something for it if it asks. */
  nudge(): void {
    this.#held = nudged(this.#held, this.#deps.now());
    this.#deps.changed();
  }

  save(): { held: Held; total: Total } {
    return { held: this.#held, total: this.#total };
  }

  restore({ held, total }: ReturnType<Holder["save"]>): void {
    this.#held = held;
    this.#total = total;
  }

  #slow(throttle: Throttle, now: number): void {
    this.#held = current(this.#held, this.#total, now);
    this.#throttle = throttle;
    this.reshape();
  }

  async #ask(now: number): Promise<void> {
    const { load, coordinator, changed } = this.#deps;
    const [held, statement] = ask(this.#held, this.#total, load(true), now);
    this.#held = held;
    try {
      const grant = await withinPatience(coordinator().askShare(statement));
      this.#held = answered(this.#held, this.#total, grant, this.#deps.now());
    } catch {
      this.#held = unanswered(this.#held, statement.number);
    }
    changed();
  }
}

async function withinPatience<T>(answer: Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("no answer")), PATIENCE_MS);
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
