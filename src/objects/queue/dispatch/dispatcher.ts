// Attempts: which due tasks start, and what is in flight.
import type { BatchConfig } from "../../../core/config/queue-config.ts";
import type { BatchPlan } from "../../../core/dispatch/batching.ts";
import { afterCutOff, CUT_OFF, cutOffSince } from "../../../core/task/cut-off.ts";
import type { Outcome, TaskSpec } from "../../../core/task/task.ts";
import { lineOf } from "../../../store/queue/line-columns.ts";
import type { QueueStore } from "../../../store/queue/queue-store.ts";
import { dueOf, isExpedited } from "../../../store/queue/row-key.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { Commit } from "../../commit.ts";
import type { BatchOutcome } from "../../delivery/batch-outcome.ts";
import { type BatchDelivery, type Delivery, deliveryOf } from "../../delivery/delivery.ts";
import { fromWire, outcomeOfError, type WireOutcome } from "../../delivery/outcome.ts";
import type { QueueDefinition } from "../context/definition.ts";
import type { Happenings } from "../context/happenings.ts";
import type { Statistics } from "../context/statistics.ts";
import type { DrawnLimits } from "../limits/drawn-limits.ts";
import type { Batches, NewBatches } from "./batches.ts";
import { expireLate, noteStarts } from "./expiring.ts";
import { Gathering } from "./gathering.ts";
import { type Attempt, InFlight, type SharedCall } from "./in-flight.ts";
import type { KeysAtWork } from "./keys-at-work.ts";
import { EXPEDITED, Lane, SCHEDULED } from "./lane.ts";
import type { Lined, NewLined } from "./lined.ts";
import type { Lines } from "./lines.ts";
import { Settlement } from "./settlement.ts";
import { Starts } from "./starts.ts";
import type { TokenSource } from "./token-source.ts";

/** Begins attempts at once; the outcome of each. */
export type Deliver = (deliveries: readonly Delivery[]) => Promise<WireOutcome>[];

/** Begins a call that tasks share. */
export type DeliverBatch = (delivery: BatchDelivery) => Promise<BatchOutcome>;

export interface DispatcherDeps {
  definition: QueueDefinition;
  /** Which of the queue's objects this is. */
  shard: number;
  store: QueueStore;
  commit: Commit;
  statistics: Statistics;
  /** Who hears of what happens. */
  happenings: Happenings;
  /** Absent without a rate limit. */
  tokens: () => TokenSource | undefined;
  /** What the queue draws from beside its own; a Worker may do without. */
  limits?: DrawnLimits | undefined;
  /** What tasks in lines need; a Worker may do without. */
  newLined?: NewLined | undefined;
  /** Makes calls that tasks share; a Worker may do without. */
  Batches?: NewBatches | undefined;
  /** Whether the task of this name is on its way to another shard. */
  isMoving: (name: string) => boolean;
  /** ms since 1970 */
  now: () => number;
  /** How late alarms come, in ms. */
  late: () => number;
  deliver: Deliver;
  deliverBatch: DeliverBatch;
  /** Hears how attempts end; a Worker may do without. */
  alerts?: { attempted(outcome: Outcome, now: number): void } | undefined;
  /** A result could not be written: the task runs again in a moment. */
  onFault: () => void;
}

/** A task that was deleted or moved; not of all is known what they were. */
export interface Gone {
  key: number;
  name: string;
  spec?: TaskSpec;
}

const DEFAULT_DEADLINE_S = 600;

export class Dispatcher {
  readonly inFlight = new InFlight();
  readonly #deps: DispatcherDeps;
  readonly #starts: Starts;
  readonly #settlement: Settlement;
  readonly #expedited: Lane;
  readonly #plain: Lane;
  // Once a task was in a line.
  #lined: Lined | undefined;
  readonly #batches: Batches | undefined;
  readonly #gathering = new Gathering();
  #lastAttempt: number;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#starts = new Starts({ ...deps, inFlight: this.inFlight });
    this.#settlement = new Settlement({
      ...{ ...deps, inFlight: this.inFlight },
      freed: (attempt) => this.#freed(attempt),
      rewindTo: (key) => this.rewindTo(key),
      keys: () => this.keys,
    });
    this.#expedited = new Lane(EXPEDITED, deps.store.tasks, this.#isRunning);
    this.#plain = new Lane(SCHEDULED, deps.store.tasks, this.#isRunning);
    const { Batches } = deps;
    this.#batches = Batches && new Batches({ ...deps, settlement: this.#settlement });
    // Numbered on from the moment of the start, faster than attempts can follow each other.
    this.#lastAttempt = deps.now() * 1000;
  }

  /** A row was written at `key`: if that lies before the cursor, the cursor goes back. */
  rewindTo(key: number): void {
    this.#laneOf(key).rewindTo(key);
    this.#gathering.written(dueOf(key));
  }

  /** The row of this task is there no more. */
  gone({ key, spec }: Gone): void {
    this.#starts.gone(key);
    const line = spec && (lineOf(spec) ?? "");
    if (isExpedited(key)) this.#expedited.gone(key);
    // A task of a key may have held others back from wherever it was.
    if (!isExpedited(key) || this.#lined) this.#scheduled.gone(key, line);
    this.#gathering.clear();
  }

  /** No task is there any more; attempts go on. */
  forgetAll(): void {
    this.inFlight.revokeAll();
    this.#starts.allGone();
    this.reread();
  }

  /** The rows may have changed in any way. */
  reread(): void {
    this.#expedited.reread();
    this.#plain.reread();
    this.#lined?.lines.reread();
    this.#gathering.clear();
  }

  /** Before a transaction. */
  save(): void {
    this.#lined?.keys.save();
  }

  /** It was rolled back. */
  restore(): void {
    this.#lined?.keys.restore();
    this.reread();
  }

  /** Inside a commit: the queue's configuration may have changed. */
  reshape(now: number): void {
    if (!this.keys?.reshape(now)) return;
    this.#lined?.lines.limitsChanged();
    for (const key of this.keys.released()) this.rewindTo(key);
  }

  /** Keys, what they have under way and by which limits they go; undefined where no task was ever in a line. */
  get keys(): KeysAtWork | undefined {
    return this.#withLines()?.keys;
  }

  get #scheduled(): Lane | Lines {
    return this.#withLines()?.lines ?? this.#plain;
  }

  #withLines(): Lined | undefined {
    const { newLined, store } = this.#deps;
    if (!newLined || !store.lines.exist) return undefined;
    this.#lined ??= newLined({
      isTaken: (key) => this.inFlight.holds(key) || this.#starts.isHeldBack(key),
      isRunning: this.#isRunning,
      isHeldBack: (key) => this.#starts.isKeyHeldBack(key),
    });
    return this.#lined;
  }

  /** When the first scheduled task that is not in flight is due (ms), if there is one. */
  nextScheduled(): number | undefined {
    return this.#scheduled.nextDue();
  }

  /** The same, or until when it waits for others of its batch. */
  nextGathered(): number | undefined {
    return this.#gathering.nextAt(this.nextScheduled());
  }

  /** The same among expedited tasks. */
  nextExpedited(): number | undefined {
    return this.#expedited.nextDue();
  }

  /** How many tasks are due at `now` and could start, `limit` of each kind at most. */
  countDue(now: number, limit: number): { due: number; expedited: number } {
    return {
      due: this.#scheduled.countDue(now, limit),
      expedited: this.#expedited.countDue(now, limit),
    };
  }

  /** Starts up to `limit` scheduled tasks that are due at `now`, having taken their tokens; in `calls` calls at most. */
  startScheduled(now: number, limit: number, calls: number): void {
    const tasks = this.#startable(this.#scheduled, now, limit);
    if (tasks.length === 0) return;
    const batching = this.#batching;
    const spend = (some: readonly TaskRow[]) => this.#spend(some, now, tasks.length === limit);
    if (batching) {
      const { batches, batch } = batching;
      this.#startBatches(batches, batches.plan(tasks, now, batch), now, calls, spend);
      return;
    }
    spend(tasks);
    this.#startAll(tasks, now);
  }

  get #batching(): { batches: Batches; batch: BatchConfig } | undefined {
    const { batch } = this.#deps.definition.config;
    return batch && this.#batches && { batches: this.#batches, batch };
  }

  /** Starts up to `limit` expedited tasks, which takes no tokens and waits for no others; how many. */
  startExpedited(now: number, limit: number, calls: number): number {
    const tasks = this.#startable(this.#expedited, now, limit);
    const batching = this.#batching;
    if (tasks.length === 0 || !batching) this.#startAll(tasks, now);
    else {
      const { batches, batch } = batching;
      const plan = batches.plan(tasks, now, { size: batch.size, wait: 0 });
      return this.#startBatches(batches, plan, now, calls, () => {});
    }
    return tasks.length;
  }

  /** Makes the first of the planned calls, up to `most`; how many tasks start. */
  #startBatches(
    batches: Batches,
    plan: BatchPlan<TaskRow>,
    now: number,
    most: number,
    spend: (tasks: readonly TaskRow[]) => void,
  ): number {
    const calls = plan.calls.slice(0, most);
    const tasks = calls.flat();
    if (tasks.length > 0) spend(tasks);
    this.#noteStarts(tasks, now);
    const single: Attempt[] = [];
    for (const own of calls) {
      const call = { size: own.length, open: 0 };
      const isBatch = batches.isBatch(own);
      const attempts = own.map((task) => this.#start(task, now, isBatch ? call : undefined));
      if (isBatch) batches.deliver(attempts);
      else single.push(...attempts);
    }
    this.#deliver(single);
    this.#keepWaiting(plan, plan.calls.slice(most), now);
    return tasks.length;
  }

  /** Those that do not start are looked for again where they are. */
  #keepWaiting(plan: BatchPlan<TaskRow>, left: TaskRow[][], now: number): void {
    const { waiting, dueAt, missing } = plan;
    for (const { key } of [...waiting, ...left.flat()]) this.#laneOf(key).rewindTo(key);
    this.#gathering.clear();
    if (waiting.length === 0 || left.length > 0) return;
    const fullAt = this.#plain.dueOfNth(missing, now, dueAt) ?? dueAt;
    this.#gathering.wait(Math.min(dueAt, fullAt), missing, plan.waitMs);
  }

  /** Before attempts start in a turn at `now` (ms). */
  beginTurn(now: number): void {
    const firstDue = () => Math.min(this.nextScheduled() ?? now, this.nextExpedited() ?? now);
    for (const key of this.#starts.beginTurn(now, firstDue)) this.rewindTo(key);
  }

  /** When tasks that were cut off and are held back may start (ms), if there are any. */
  nextRelease(): number | undefined {
    return this.#starts.nextRelease();
  }

  // Those that were cut off are settled before others are read, and may be due no more.
  #startable(lane: Lane | Lines, now: number, limit: number): TaskRow[] {
    for (;;) {
      const tasks = lane.due(now, limit);
      const isChanged =
        this.#settleCutOff(tasks, now) ||
        this.#starts.holdBack(tasks) ||
        this.#expireLate(tasks, now);
      if (!isChanged && !(lane === this.#expedited && this.keys?.holdExpedited(tasks)))
        return tasks;
    }
  }

  #expireLate(tasks: readonly TaskRow[], now: number): boolean {
    const expired = expireLate(this.#deps, tasks, now);
    for (const task of expired) this.gone(task);
    return expired.length > 0;
  }

  #settleCutOff(tasks: readonly TaskRow[], now: number): boolean {
    const cutOff = tasks.filter(({ progress }) => cutOffSince(progress) !== undefined);
    if (cutOff.length === 0) return false;
    const moved = this.#deps.commit.run(() => cutOff.map((task) => this.#cutOff(task, now)));
    for (const task of moved) if (task) this.#movedAway(task);
    return true;
  }

  // It is tried again later: until then it holds the line of a key in order, which may know of it where it was.
  #movedAway({ key, spec }: TaskRow): void {
    this.rewindTo(key);
    if (spec.key !== undefined) this.#lined?.lines.meetAnew(spec.key);
  }

  /** Inside a commit. */
  #cutOff(task: TaskRow, now: number): TaskRow | undefined {
    const { isCounted, progress } = afterCutOff(task.progress);
    if (!isCounted) {
      this.#deps.store.tasks.note(task, progress);
      return undefined;
    }
    const startedAt = cutOffSince(task.progress) as number;
    return this.#settlement.settle({ ...task, progress }, startedAt, CUT_OFF, now);
  }

  #startAll(tasks: readonly TaskRow[], now: number): void {
    this.#noteStarts(tasks, now);
    this.#deliver(tasks.map((task) => this.#start(task, now)));
  }

  /** Writes what is to be in the rows before these start. */
  #noteStarts(tasks: readonly TaskRow[], now: number): void {
    noteStarts(this.#deps, tasks);
    this.#starts.write(tasks, now);
  }

  // Tokens of keys and those of the queue are in one commit.
  #spend(tasks: readonly TaskRow[], now: number, areMore: boolean): void {
    const { tokens: current, commit, limits } = this.#deps;
    limits?.spend(tasks.length, now, areMore);
    const tokens = current();
    const n = tasks.length;
    const keys = this.keys?.areLimited ? this.keys : undefined;
    if (!tokens && !keys) return;
    const counts = keys?.countsOf(tasks);
    const spend = () => {
      tokens?.spend(n, now, areMore);
      if (counts) keys?.spend(counts, now);
    };
    const isCovered =
      (tokens?.covers(n, now) ?? true) && (!counts || !keys || keys.cover(counts, now));
    if (isCovered) spend();
    else commit.run(spend);
  }

  /** Ends attempts whose deadline has passed: their handlers are cancelled, their tasks retried. */
  cancelOverdue(now: number): void {
    for (const attempt of this.inFlight.overdue(now)) {
      attempt.cancellation?.resolve("the dispatch deadline has passed");
      const seconds = (attempt.deadlineAt - attempt.startedAt) / 1000;
      const error = `no answer within its deadline of ${seconds} s`;
      const outcome = { kind: "unanswered", error, isOverdue: true } as const;
      const { call } = attempt;
      const own = call && this.#batches ? this.#batches.shared(outcome, call.size) : outcome;
      this.#settlement.add(attempt, own);
    }
  }

  /** Settles with the reason when the attempt is to be cancelled, at the latest when it has ended. */
  async cancelled(number: number): Promise<string> {
    const attempt = this.inFlight.find(number);
    if (!attempt) return "the dispatch deadline has passed, or the queue was started anew";
    attempt.cancellation ??= Promise.withResolvers();
    return attempt.cancellation.promise;
  }

  // One that is held back starts when another has ended.
  readonly #isRunning = (key: number, name: string): boolean =>
    this.inFlight.has(key, name) ||
    this.#starts.isHeldBack(key) ||
    this.#deps.isMoving(name) ||
    (this.#lined?.keys.isHeld(key) ?? false);

  #freed(attempt: Attempt): void {
    this.#deps.limits?.end(attempt);
    for (const key of this.#starts.ended(attempt)) this.rewindTo(key);
    const { key } = attempt.task.spec;
    if (key !== undefined) this.#freedKey(key);
  }

  #freedKey(key: string): void {
    if (!this.#lined) return;
    const { keys, lines } = this.#lined;
    if (keys.ended(key)) lines.meet(key);
    lines.meetAnew(key);
    for (const row of keys.released(key)) this.rewindTo(row);
  }

  #laneOf(key: number): Lane | Lines {
    return isExpedited(key) ? this.#expedited : this.#scheduled;
  }

  #start(row: TaskRow, now: number, call?: SharedCall): Attempt {
    const task = this.#starts.taken(row);
    const deadlineAt = now + (task.spec.dispatchDeadline ?? DEFAULT_DEADLINE_S) * 1000;
    const number = ++this.#lastAttempt;
    const attempt: Attempt = call
      ? { number, task, startedAt: now, deadlineAt, call }
      : { number, task, startedAt: now, deadlineAt };
    this.#deps.statistics.started(task.due, now);
    if (this.#deps.happenings.hearsStarts) this.#deps.happenings.started(task, now);
    this.#laneOf(task.key).started(task.key);
    this.inFlight.start(attempt);
    this.#starts.started(row, attempt);
    this.#deps.limits?.begin(attempt);
    if (task.spec.key !== undefined) this.keys?.started(task.spec.key);
    return attempt;
  }

  #deliver(attempts: readonly Attempt[]): void {
    const outcomes = this.#begun(attempts);
    for (const [i, attempt] of attempts.entries()) {
      outcomes[i]?.then(
        (outcome) => this.#settlement.add(attempt, fromWire(outcome)),
        (error) => this.#settlement.add(attempt, outcomeOfError(error)),
      );
    }
  }

  // What throws before it is sent must free its slots too.
  #begun(attempts: readonly Attempt[]): Promise<WireOutcome>[] {
    const { definition, shard, deliver } = this.#deps;
    try {
      return deliver(
        attempts.map(({ task, number }) => deliveryOf(task, number, definition.config, shard)),
      );
    } catch (error) {
      return attempts.map(() => Promise.reject(error));
    }
  }
}
