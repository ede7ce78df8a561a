// A shard's share of its queue's bucket and slots, or a queue's of a limit: by it attempts start. It asks the
// coordinator for it from an alarm, as attempts start from alarms (push-consumer.ts), and keeps it in memory only.
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
  reshapedHeld,
  slotsOf,
  started,
  unanswered,
} from "../../../core/sharding/held.ts";
import type { Share, Total } from "../../../core/sharding/share.ts";
import type { Recall, Statement } from "../../../core/sharding/statement.ts";
import { LONGEST_MS, STEP_MS } from "../../../core/sharding/turns.ts";
import type { QueueMetaValues } from "../../../store/queue/queue-meta.ts";
import { EarliestTimer } from "../../earliest-timer.ts";
import type { Job } from "../../host.ts";
import { trouble } from "../../log.ts";
import type { ShardRpc } from "../../rpc.ts";
import { WATCHDOG_MS } from "../../wakeup.ts";

export interface HolderDeps {
  /** What the log calls it. */
  title: string;
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
  /** Where it keeps for its next life when to ask again, if that is long. */
  memory?: AgainMemory;
}

export interface AgainMemory {
  stored(): QueueMetaValues["askAgain"] | undefined;
  store(again: QueueMetaValues["askAgain"]): void;
}

/** When it has to ask again later than this, in ms, that is kept for the object's next life. */
const LONG_MS = 5_000;

export class Holder implements Job {
  readonly #deps: HolderDeps;
  #held: Held;
  /** What the whole queue may start, and that slowed down. */
  #whole: Total;
  #total: Total;
  #throttle: Throttle = UNTHROTTLED;
  readonly #look: EarliestTimer;

  constructor(deps: HolderDeps) {
    const { shard, instance, running, now, total } = deps;
    this.#deps = deps;
    this.#look = new EarliestTimer(now, deps.changed);
    this.#whole = total();
    this.#total = this.#whole;
    const held = holdsNothing(shard, instance, now(), this.#askAgain());
    this.#held = { ...held, share: { ...held.share, slots: running } };
  }

  nextWakeAt(): number | undefined {
    if (this.#held.askedAt !== undefined) return undefined;
    const [load, now] = [this.#deps.load(false), this.#deps.now()];
    const at = nextWord(this.#held, this.#total, load, now);
    return at !== undefined && this.#isLookedAtBefore(at, load, now) ? undefined : at;
  }

  // What slots it could use beside those that are taken is asked again after a while. Each attempt that ends looks
  // whether it is time, and the alarm that watches over attempts does: one of its own would be set for each turn in
  // which all slots are taken, and would end the one that is held open. A timer looks where more is there soon.
  #isLookedAtBefore(at: number, { running }: Load, now: number): boolean {
    return this.#total.bucket === undefined && running > 0 && at > now && at === this.#held.again;
  }

  onAlarm(now: number): void {
    const at = this.nextWakeAt();
    if (at !== undefined && at <= now) void this.#ask(now, this.#deps.load(true));
  }

  /** While it waits for an answer the alarm's handler is held open, and what is granted starts in its turn. */
  watchdogAt(now: number): number | undefined {
    return this.#held.askedAt === undefined ? undefined : now + WATCHDOG_MS;
  }

  /** How many attempts may run at once. */
  get slots(): number {
    return slotsOf(this.#held);
  }

  /** What there was too little of for it when it asked. */
  get lacks(): Held["lacks"] {
    return this.#held.lacks;
  }

  /** The bucket of its share; absent without a rate limit. */
  bucket(now: number): { level: Bucket; shape: BucketShape } | undefined {
    return bucketOf(this.#held, this.#total, now);
  }

  /** Tasks a second that the whole queue starts, where all of it goes as fast as this shard; absent without a limit. */
  get queueRate(): number | undefined {
    return this.#total.bucket?.rate;
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
    const next = this.#deps.total();
    if (JSON.stringify(next) === JSON.stringify(this.#whole)) return;
    this.#whole = next;
    this.#refit(true);
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

  save(): { held: Held; total: Total; whole: Total } {
    return { held: this.#held, total: this.#total, whole: this.#whole };
  }

  restore({ held, total, whole }: ReturnType<Holder["save"]>): void {
    this.#held = held;
    this.#total = total;
    this.#whole = whole;
  }

  #slow(throttle: Throttle, now: number): void {
    if (throttle === this.#throttle) return;
    this.#held = current(this.#held, this.#total, now);
    this.#throttle = throttle;
    this.#refit(false);
  }

  #refit(isNew: boolean): void {
    const { bucket, ...total } = this.#whole;
    const { share } = this.#throttle;
    const slowed = { ...total, bucket: bucket && { ...bucket, rate: bucket.rate * share } };
    const { again } = this.#held;
    const held = reshapedHeld(this.#held, this.#total, slowed, this.#deps.now());
    this.#held = isNew ? held : { ...held, again };
    this.#total = slowed;
  }

  #askAgain(): number {
    const { memory, now } = this.#deps;
    const kept = memory?.stored();
    const isSame = kept?.total === JSON.stringify(this.#whole);
    return kept && isSame ? Math.min(kept.at, now() + LONGEST_MS) : 0;
  }

  #keepAgain(now: number): void {
    const at = this.#held.again;
    if (this.#held.share.part > 0 || at <= now + LONG_MS) return;
    this.#deps.memory?.store({ at, total: JSON.stringify(this.#whole) });
  }

  // Where more slots are there a moment later it looks by itself then, for attempts may take long.
  #lookSoon(): void {
    const { again, lacks } = this.#held;
    if (lacks === "slot" && again <= this.#deps.now() + STEP_MS) this.#look.by(again);
  }

  // The load is read before: what throws then is for the turn.
  async #ask(now: number, load: Load): Promise<void> {
    const { coordinator, changed } = this.#deps;
    const [held, statement] = ask(this.#held, this.#total, load, now);
    this.#held = held;
    try {
      const grant = await withinPatience(coordinator().askShare(statement));
      this.#held = answered(this.#held, this.#total, grant, this.#deps.now());
      this.#keepAgain(this.#deps.now());
      this.#lookSoon();
    } catch (error) {
      trouble(`task queue: ${this.#deps.title} got no share, trying again`, error);
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
