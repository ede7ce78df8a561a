// The token buckets of keys, kept so that a restart gives none of them extra tokens: as the queue's own
// (objects/queue/dispatch/tokens.ts), what is stored is a level the bucket cannot have fallen below, a second's worth
// of whole tokens lower where that is one or more. Buckets that are full are not kept.
import { type Bucket, type BucketShape, fullBucket, readyAt, refilled, taken } from "./bucket.ts";
import { afterOverload, afterSuccess, type Throttle, UNTHROTTLED } from "./throttle.ts";

/** A level as it is stored: tokens at an instant (ms since 1970), and how its bucket fills. */
export type StoredLevel = readonly [key: string, tokens: number, at: number, ...shape: ShapePair];
type ShapePair = [capacity: number, rate: number];

interface Kept {
  readonly level: Bucket;
  readonly stored: Bucket;
  readonly shape: BucketShape;
  readonly throttle: Throttle;
}

const SPENT_AHEAD_S = 1;
const FIRST_LOOK = 1000;
const LOOK_EVERY_MS = 1000;
/** Keys whose buckets are not full; further ones wait until some are. */
export const MOST_LEVELS = 100_000;

export class Levels {
  readonly #kept = new Map<string, Kept>();
  /** How those that were changed since `save` were before. */
  #before = new Map<string, Kept | undefined>();
  #lookFrom = FIRST_LOOK;
  #lookedAt = 0;

  /** What was stored; of the same key the latest holds. */
  load(stored: readonly StoredLevel[]): void {
    for (const [key, tokens, at, capacity, rate] of stored) {
      const found = this.#kept.get(key)?.stored;
      if (found && (found.at > at || (found.at === at && found.tokens <= tokens))) continue;
      const level = { tokens, at };
      const shape = { capacity, rate };
      this.#kept.set(key, { level, stored: level, shape, throttle: UNTHROTTLED });
    }
  }

  /** The bucket at `now`, filling at the rate that is enforced. */
  at(key: string, shape: BucketShape, now: number): { level: Bucket; shape: BucketShape } {
    const kept = this.#kept.get(key);
    if (!kept) return { level: fullBucket(shape, now), shape };
    const { throttle } = kept;
    return { level: levelOf(kept, shape, now), shape: enforced({ shape, throttle }) };
  }

  /** Whether the stored level covers `n` more tokens. */
  covers(key: string, shape: BucketShape, n: number, now: number): boolean {
    const kept = this.#kept.get(key);
    if (!kept || !isSame(kept.shape, shape)) return false;
    return refilled(kept.stored, shape, now).tokens <= levelOf(kept, shape, now).tokens - n;
  }

  /** Takes `n` tokens; what has to be stored before their requests leave, if anything has. */
  spend(key: string, shape: BucketShape, n: number, now: number): StoredLevel | undefined {
    const isCovered = this.covers(key, shape, n, now);
    const { level: before } = this.at(key, shape, now);
    const { throttle = UNTHROTTLED, stored: last } = this.#kept.get(key) ?? {};
    const level = taken(before, n);
    const stored = isCovered && last ? last : taken(level, Math.floor(shape.rate * SPENT_AHEAD_S));
    this.#set(key, { level, stored, shape, throttle });
    return isCovered ? undefined : storedLevel(key, stored, shape);
  }

  /** Whether one more key may have a bucket that is not full. */
  hasRoom(key: string, now: number): boolean {
    if (this.#kept.has(key) || this.#kept.size < MOST_LEVELS) return true;
    if (now >= this.#lookedAt + LOOK_EVERY_MS) this.#forgetFull(now);
    return this.#kept.size < MOST_LEVELS;
  }

  /** A handler answered that it has too much of this key. */
  overloaded(key: string, shape: BucketShape, now: number): void {
    this.#throttled(key, shape, now, afterOverload);
  }

  succeeded(key: string, shape: BucketShape, now: number): void {
    const { throttle = UNTHROTTLED } = this.#kept.get(key) ?? {};
    if (throttle.share < 1) this.#throttled(key, shape, now, afterSuccess);
  }

  /**
   * Inside a commit: buckets hold and fill by these shapes from now on, or are no more. All that is to be stored then;
   * undefined where nothing has changed.
   */
  reshape(
    shapeOf: (key: string) => BucketShape | undefined,
    now: number,
  ): StoredLevel[] | undefined {
    const isSameAs = ([key, kept]: [string, Kept]) => isSame(kept.shape, shapeOf(key));
    if ([...this.#kept].every(isSameAs)) return undefined;
    const all: StoredLevel[] = [];
    for (const [key, kept] of [...this.#kept]) {
      const shape = shapeOf(key);
      const level = shape && levelOf(kept, shape, now);
      this.#set(key, shape && level && { level, stored: level, shape, throttle: kept.throttle });
      if (shape && level && level.tokens < shape.capacity) all.push(storedLevel(key, level, shape));
    }
    return all;
  }

  /** All that would have to be stored at `now`. */
  stored(now: number): StoredLevel[] {
    this.#forgetFull(now);
    return [...this.#kept].map(([key, { stored, shape }]) => storedLevel(key, stored, shape));
  }

  /** Before a transaction. */
  save(): void {
    if (this.#before.size > 0) this.#before = new Map();
  }

  /** It was rolled back. */
  restore(): void {
    for (const [key, kept] of this.#before) this.#put(key, kept);
    this.#before = new Map();
  }

  #throttled(
    key: string,
    shape: BucketShape,
    now: number,
    after: (throttle: Throttle, now: number) => Throttle,
  ): void {
    const { level } = this.at(key, shape, now);
    const { throttle = UNTHROTTLED, stored = level } = this.#kept.get(key) ?? {};
    this.#set(key, { level, stored, shape, throttle: after(throttle, now) });
  }

  #set(key: string, kept: Kept | undefined): void {
    if (!this.#before.has(key)) this.#before.set(key, this.#kept.get(key));
    this.#put(key, kept);
    const at = kept?.level.at;
    if (at !== undefined && this.#kept.size >= this.#lookFrom) this.#forgetFull(at);
  }

  #put(key: string, kept: Kept | undefined): void {
    if (kept) this.#kept.set(key, kept);
    else this.#kept.delete(key);
  }

  // Looked for when there are twice as many as after the last look.
  #forgetFull(now: number): void {
    for (const [key, kept] of this.#kept) {
      const { shape, throttle } = kept;
      const isFull = levelOf(kept, shape, now).tokens >= shape.capacity;
      if (isFull && throttle.share === 1) this.#kept.delete(key);
    }
    this.#lookFrom = Math.max(FIRST_LOOK, this.#kept.size * 2);
    this.#lookedAt = now;
  }
}

/** When a stored level has filled up (ms), so that it says nothing any more. */
export function fullAt([, tokens, at, capacity, rate]: StoredLevel): number {
  return readyAt({ tokens, at }, { capacity, rate }, capacity) ?? Number.MAX_SAFE_INTEGER;
}

function storedLevel(key: string, { tokens, at }: Bucket, shape: BucketShape): StoredLevel {
  return [key, tokens, at, shape.capacity, shape.rate];
}

// It has filled as it did until now, and holds what the new shape can hold.
function levelOf(kept: Kept, shape: BucketShape, now: number): Bucket {
  const level = refilled(kept.level, enforced(kept), now);
  return level.tokens > shape.capacity ? { ...level, tokens: shape.capacity } : level;
}

function enforced({ shape, throttle }: Pick<Kept, "shape" | "throttle">): BucketShape {
  return { capacity: shape.capacity, rate: shape.rate * throttle.share };
}

function isSame(a: BucketShape, b: BucketShape | undefined): boolean {
  return a.capacity === b?.capacity && a.rate === b.rate;
}
