// Push: tasks are sent to handlers, as tokens and slots allow.
//
// Attempts start only in `onAlarm`. The platform counts a request started here as a descendant of the
// object's newest incoming request: started from an add, a task that adds a task would grow a chain until
// the platform cuts it ("Subrequest depth limit exceeded", which no local runtime shows). An alarm has no
// ancestor. So adds, results and commits do no more than arm it.
import type { Bucket, BucketShape } from "../../../core/dispatch/bucket.ts";
import { type Capacity, PACE_MS, startable, wakeAt } from "../../../core/dispatch/plan.ts";
import type { Load } from "../../../core/sharding/held.ts";
import type { LimitState } from "../../../core/sharding/limit.ts";
import { MANY } from "../../../core/sharding/statement.ts";
import type { QueueMeta } from "../../../store/queue/queue-meta.ts";
import { dueOf, isExpedited } from "../../../store/queue/row-key.ts";
import { WATCHDOG_MS } from "../../wakeup.ts";
import type { Consumer } from "../context/consumer.ts";
import type { PushState } from "../context/context.ts";
import type { Holder } from "../sharding/holder.ts";
import type { Sharding } from "../sharding/sharding.ts";
import { Dispatcher, type DispatcherDeps, type Gone } from "./dispatcher.ts";
import type { Attempt } from "./in-flight.ts";
import type { KeysAtWork } from "./keys-at-work.ts";
import { Tokens } from "./tokens.ts";

export interface PushDeps extends Omit<DispatcherDeps, "tokens"> {
  /** Of a queue of several shards: what of the queue's bucket and slots this one has. */
  shares: Sharding["shares"];
}

/** Tasks of one turn: beyond it the alarm comes again, so that a turn stays short. */
const STARTS_PER_TURN = 500;

export class PushConsumer implements Consumer, PushState {
  readonly #deps: PushDeps;
  readonly #dispatcher: Dispatcher;
  #tokens: Tokens | undefined;
  // Tasks that were written in this commit, are due and need a token each.
  #writtenDue = 0;

  constructor(deps: PushDeps) {
    this.#deps = deps;
    this.#dispatcher = new Dispatcher({ ...deps, tokens: () => this.#held ?? this.#tokens });
    deps.shares.startBy(this);
    deps.limits?.startBy(this);
  }

  nextWakeAt(): number | undefined {
    const { now, late, limits } = this.#deps;
    const capacity = { ...this.ownCapacity(), now: now(), late: late(), pace: this.#pace };
    let expedited = wakeAt(this.#expeditedCapacity(capacity), () =>
      this.#dispatcher.nextExpedited(),
    );
    let scheduled = wakeAt(capacity, () => this.#dispatcher.nextGathered());
    if (limits) {
      expedited = limits.wakeAt(expedited, capacity, true);
      scheduled = limits.wakeAt(scheduled, capacity);
    }
    return earliest(expedited, earliest(scheduled, this.#dispatcher.nextRelease()));
  }

  onAlarm(now: number): void {
    this.#dispatcher.cancelOverdue(now);
    this.#dispatcher.beginTurn(now);
    const most = Math.max(STARTS_PER_TURN, this.#batchSize);
    const expedited = Math.min(startable(this.#expeditedCapacity(this.ownCapacity())), most);
    const started = this.#startExpedited(now, expedited);
    this.#startScheduled(now, most - started);
  }

  watchdogAt(now: number): number | undefined {
    if (this.running === 0) return undefined;
    return Math.min(this.#dispatcher.inFlight.firstDeadline(), now + WATCHDOG_MS);
  }

  rowWritten(key: number): void {
    if (this.#tokens && !isExpedited(key) && dueOf(key) <= this.#deps.now()) this.#writtenDue++;
    this.#dispatcher.rewindTo(key);
  }

  /** An attempt of it goes on, and changes nothing any more. */
  forget(task: Gone): void {
    this.#dispatcher.inFlight.revoke(task);
    this.#dispatcher.gone(task);
  }

  forgetAll(): void {
    this.#dispatcher.forgetAll();
  }

  isAtRest(now: number): boolean {
    if (this.running > 0 || isBy(now, this.#dispatcher.nextExpedited())) return false;
    return this.ownCapacity().paused || !isBy(now, this.#dispatcher.nextScheduled());
  }

  /**
   * Inside a commit: the queue's rate, bucket or pause changed. The bucket of a queue that was never
   * defined does not exist yet: it starts full with the first definition.
   */
  reshape(): void {
    const { definition, now } = this.#deps;
    // Rows of a pull queue that becomes a push queue were written without a word to this consumer.
    this.#dispatcher.reread();
    this.#dispatcher.reshape(now());
    if (this.#held) {
      this.#tokens = undefined;
      this.#deps.shares.reshape();
    } else if (!definition.exists || !Number.isFinite(definition.config.rate))
      this.#tokens = undefined;
    else {
      this.#tokens ??= new Tokens(this.#meta, this.#bucketShape(), now());
      this.#tokens.reshape(this.#bucketShape(), now());
    }
  }

  limits(): readonly LimitState[] {
    return this.#deps.limits?.states(this.#deps.now()) ?? [];
  }

  tokens(): { level: Bucket; shape: BucketShape } | undefined {
    return this.#held ? this.#deps.shares.shown() : this.#tokens?.at(this.#deps.now());
  }

  /** Keys of tasks, what they have under way and by which limits they go; undefined where no task was ever in a line. */
  get keys(): KeysAtWork | undefined {
    return this.#dispatcher.keys;
  }

  /** What there is to start: whether there is any, or how much. */
  load(isCounted: boolean): Load {
    const now = this.#deps.now();
    const [due, expedited] = [this.#dispatcher.nextScheduled(), this.#dispatcher.nextExpedited()];
    const count = isCounted
      ? this.#dispatcher.countDue(now, MOST_COUNTED)
      : { due: 1, expedited: 1 };
    return {
      ...{ running: this.running, perSlot: this.#batchSize },
      ...(isBy(now, due) ? { due: manyFrom(count.due) } : { due: 0, nextDue: due }),
      ...(isBy(now, expedited)
        ? { expedited: manyFrom(count.expedited) }
        : { expedited: 0, nextExpedited: expedited }),
    };
  }

  /** Calls under way: tasks that share one have one slot. */
  get running(): number {
    return this.#dispatcher.inFlight.calls;
  }

  get slots(): number {
    const { config } = this.#deps.definition;
    return this.#held ? this.#held.slots : config.maxConcurrentRequests;
  }

  runningTasks(key: number): { all: number; upTo: number } {
    return this.#dispatcher.inFlight.tasks(key);
  }

  /** The attempt that is under way for this task. */
  attemptOf(task: { key: number; name: string }): Attempt | undefined {
    return this.#dispatcher.inFlight.of(task);
  }

  isRunning({ key, name }: { key: number; name: string }): boolean {
    return this.#dispatcher.inFlight.has(key, name);
  }

  /** Subtasks of the group that are with their handlers. */
  runningOfGroup(group: string): number {
    return this.#dispatcher.inFlight.ofGroup(group);
  }

  cancelled(attempt: number): Promise<string> {
    return this.#dispatcher.cancelled(attempt);
  }

  /** Inside a commit, at its end: the tokens of what was written are taken off the stored level in passing. */
  flush(now: number): void {
    const written = this.#writtenDue;
    this.#writtenDue = 0;
    if (!this.#tokens || written === 0 || this.#held) return;
    const n = Math.min(written, this.#startable(now));
    if (n > 0) this.#tokens.foresee(n, now);
  }

  save(): { tokens: Tokens | undefined; state: ReturnType<Tokens["save"]> | undefined } {
    this.#dispatcher.save();
    return { tokens: this.#tokens, state: this.#tokens?.save() };
  }

  restore({ tokens, state }: ReturnType<PushConsumer["save"]>): void {
    this.#tokens = tokens;
    if (state) tokens?.restore(state);
    this.#dispatcher.restore();
    this.#writtenDue = 0;
  }

  /** Without its limits. */
  ownCapacity(): Capacity {
    const { config, isDefined } = this.#deps.definition;
    const held = this.#held;
    const now = this.#deps.now();
    return {
      paused: this.#isPaused || !isDefined || config.rate === 0 || config.mode === "pull",
      bucket: held ? held.bucket(now) : this.#tokens?.at(now),
      running: this.running * this.#batchSize,
      maxRunning: this.slots * this.#batchSize,
    };
  }

  #startExpedited(now: number, most: number): number {
    const calls = this.#free(now);
    return this.#dispatcher.startExpedited(now, Math.min(most, calls * this.#batchSize), calls);
  }

  #startScheduled(now: number, most: number): void {
    const n = Math.min(most, this.#startable(now));
    this.#dispatcher.startScheduled(now, n, this.#free(now));
  }

  /** By its limits too. */
  #startable(now: number): number {
    const own = startable(this.ownCapacity());
    const { limits } = this.#deps;
    if (!limits || own === 0) return own;
    return Math.min(own, limits.tokens(now), limits.free(now) * this.#batchSize);
  }

  get #batchSize(): number {
    return this.#deps.definition.config.batch?.size ?? 1;
  }

  /** How many calls may be made. */
  #free(now: number): number {
    const own = Math.max(0, this.slots - this.running);
    return Math.min(own, this.#deps.limits?.free(now) ?? own);
  }

  /** A batch that waits for tasks waits for tokens too, as long as there are to be any for the whole of it. */
  get #pace(): number {
    const { batch, rate } = this.#deps.definition.config;
    if (!batch) return PACE_MS;
    return Math.max(PACE_MS, 1000 * Math.min(batch.wait, batch.size / rate));
  }

  // Pause and rate do not hold for expedited tasks; slots do.
  #expeditedCapacity<C extends Capacity>(capacity: C): C {
    const { isDefined, config } = this.#deps.definition;
    return { ...capacity, paused: !isDefined || config.mode === "pull", bucket: undefined };
  }

  // While a queue is paused its bucket keeps what it holds and gains nothing.
  #bucketShape(): BucketShape {
    const { config, isDefined } = this.#deps.definition;
    const isStill = this.#isPaused || !isDefined;
    return { capacity: config.bucketSize, rate: isStill ? 0 : config.rate };
  }

  get #held(): Holder | undefined {
    return this.#deps.shares.held;
  }

  get #isPaused(): boolean {
    return this.#meta.get("paused") ?? false;
  }

  get #meta(): QueueMeta {
    return this.#deps.store.meta;
  }
}

/** So many due tasks are counted; more are many. */
const MOST_COUNTED = 101;

function manyFrom(count: number): number {
  return count < MOST_COUNTED ? count : MANY;
}

function isBy(now: number, moment: number | undefined): boolean {
  return moment !== undefined && moment <= now;
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
