// The queue's token bucket, kept so that a restart gives no extra tokens. What is stored is a level the
// bucket cannot have fallen below: it is written only when spending would go under it, then a second's
// worth of tokens lower, so that one row covers a second of a busy queue. A crash forfeits what of that
// was unspent; it can only make the queue slower than its rate, never faster.
import {
  type Bucket,
  type BucketShape,
  fullBucket,
  refilled,
  taken,
} from "../../../core/dispatch/bucket.ts";
import {
  afterOverload,
  afterSuccess,
  type Throttle,
  UNTHROTTLED,
} from "../../../core/dispatch/throttle.ts";
import type { Meta } from "../../../store/meta.ts";

const SPENT_AHEAD_S = 1;

export class Tokens {
  readonly #meta: Meta;
  #shape: BucketShape;
  #level: Bucket;
  #stored: Bucket;
  #throttle: Throttle = UNTHROTTLED;

  /** A bucket of a new queue is full; one that was stored has filled in the meantime as it did then. */
  constructor(meta: Meta, shape: BucketShape, now: number) {
    const saved = meta.get("bucket");
    this.#meta = meta;
    this.#shape = saved?.shape ?? shape;
    this.#level = saved ? refilled(saved.level, saved.shape, now) : fullBucket(shape, now);
    this.#stored = this.#level;
    this.reshape(shape, now);
  }

  /** From now on the bucket holds and fills like this; tokens above the new capacity are gone. */
  reshape(shape: BucketShape, now: number): void {
    const { capacity, rate } = this.#shape;
    if (shape.capacity === capacity && shape.rate === rate) return;
    this.#level = refilled(this.#refilled(now), shape, now);
    this.#shape = shape;
    this.#save(this.#level);
  }

  /** The bucket at `now`, filling at the rate that is enforced. */
  standing(now: number): { level: Bucket; shape: BucketShape } {
    this.#level = this.#refilled(now);
    return { level: this.#level, shape: this.#enforced() };
  }

  /** Takes `n` tokens; the row that covers them is written before their requests can leave. */
  spend(n: number, now: number): void {
    this.#level = taken(this.#refilled(now), n);
    const stored = refilled(this.#stored, this.#shape, now);
    if (stored.tokens > this.#level.tokens) {
      this.#save(taken(this.#level, Math.ceil(this.#shape.rate * SPENT_AHEAD_S)));
    }
  }

  /** A handler answered 503: the whole queue slows down. */
  overloaded(now: number): void {
    this.#level = this.#refilled(now);
    this.#throttle = afterOverload(this.#throttle, now);
  }

  succeeded(now: number): void {
    if (this.#throttle.share === 1) return;
    this.#level = this.#refilled(now);
    this.#throttle = afterSuccess(this.#throttle, now);
  }

  /** Tokens per second in force. */
  get enforcedRate(): number {
    return this.#enforced().rate;
  }

  #refilled(now: number): Bucket {
    return refilled(this.#level, this.#enforced(), now);
  }

  #enforced(): BucketShape {
    return { capacity: this.#shape.capacity, rate: this.#shape.rate * this.#throttle.share };
  }

  #save(level: Bucket): void {
    this.#stored = level;
    this.#meta.set("bucket", { level, shape: this.#shape });
  }
}
