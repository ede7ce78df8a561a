// The queue's token bucket, kept so that a restart gives no extra tokens. What is stored is a level the
// bucket cannot have fallen below: it is written only when spending would go under it, then a second's
// worth of whole tokens lower, so that one row covers a second of a busy queue. A crash forfeits what of
// that was unspent; it can only make the queue slower than its rate, never faster. Below one token a second
// the exact level is stored, so that a queue keeps its pace though its object is evicted between any two
// dispatches.
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
import type { QueueMeta } from "../../../store/queue/queue-meta.ts";
import type { TokenSource } from "./token-source.ts";

const SPENT_AHEAD_S = 1;

/** What `restore` goes back to. */
interface TokensState {
  shape: BucketShape;
  level: Bucket;
  stored: Bucket;
}

export class Tokens implements TokenSource {
  readonly #meta: QueueMeta;
  #shape: BucketShape;
  #level: Bucket;
  #stored: Bucket;
  #throttle: Throttle = UNTHROTTLED;

  /** A bucket of a new queue is full; one that was stored has filled in the meantime as it did then. */
  constructor(meta: QueueMeta, shape: BucketShape, now: number) {
    const saved = meta.get("bucket");
    this.#meta = meta;
    this.#shape = saved?.shape ?? shape;
    this.#level = saved ? refilled(saved.level, saved.shape, now) : fullBucket(shape, now);
    this.#stored = this.#level;
  }

  /** Inside a commit. From now on the bucket holds and fills like this; tokens above the capacity are gone. */
  reshape(shape: BucketShape, now: number): void {
    const { capacity, rate } = this.#shape;
    if (shape.capacity === capacity && shape.rate === rate) return;
    this.#level = refilled(this.#refilled(now), shape, now);
    this.#shape = shape;
    this.#store(this.#level);
  }

  /** The bucket at `now`, filling at the rate that is enforced. */
  at(now: number): { level: Bucket; shape: BucketShape } {
    this.#level = this.#refilled(now);
    return { level: this.#level, shape: this.#enforced() };
  }

  /** Whether the stored level covers `n` more tokens, so that spending them writes no row. */
  covers(n: number, now: number): boolean {
    const left = this.#refilled(now).tokens - n;
    return refilled(this.#stored, this.#shape, now).tokens <= left;
  }

  /** Takes `n` tokens; unless they are covered, inside a commit before their requests leave. */
  spend(n: number, now: number): void {
    const isCovered = this.covers(n, now);
    this.#level = taken(this.#refilled(now), n);
    if (!isCovered) this.#storeAhead();
  }

  /**
   * Inside a commit: covers the `n` tokens that will be spent in a moment, so that their requests wait for no other
   * commit. No more than a second's worth, which is all that a crash may forfeit.
   */
  foresee(n: number, now: number): void {
    if (n > this.#ahead || this.covers(n, now)) return;
    this.#level = this.#refilled(now);
    this.#storeAhead();
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

  save(): TokensState {
    return { shape: this.#shape, level: this.#level, stored: this.#stored };
  }

  restore({ shape, level, stored }: TokensState): void {
    this.#shape = shape;
    this.#level = level;
    this.#stored = stored;
  }

  #refilled(now: number): Bucket {
    return refilled(this.#level, this.#enforced(), now);
  }

  #enforced(): BucketShape {
    return { capacity: this.#shape.capacity, rate: this.#shape.rate * this.#throttle.share };
  }

  get #ahead(): number {
    return Math.floor(this.#shape.rate * SPENT_AHEAD_S);
  }

  #storeAhead(): void {
    this.#store(taken(this.#level, this.#ahead));
  }

  #store(level: Bucket): void {
    this.#stored = level;
    this.#meta.set("bucket", { level, shape: this.#shape });
  }
}
