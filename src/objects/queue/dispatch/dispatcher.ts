// Attempts: which due tasks start, and what is in flight.
import type { BatchPlan } from "../../../core/dispatch/batching.ts";
import { afterCutOff, CUT_OFF, cutOffSince } from "../../../core/task/cut-off.ts";
import type { QueueStore } from "../../../store/queue/queue-store.ts";
import { dueOf, isExpedited } from "../../../store/queue/row-key.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { Commit } from "../../commit.ts";
import type { BatchOutcome } from "../../delivery/batch-outcome.ts";
import { type BatchDelivery, type Delivery, deliveryOf } from "../../delivery/delivery.ts";
import { fromWire, outcomeOfError, type WireOutcome } from "../../delivery/outcome.ts";
import type { QueueDefinition } from "../context/definition.ts";
import type { Statistics } from "../context/statistics.ts";
import { Batches, shared } from "./batches.ts";
import { Gathering } from "./gathering.ts";
import { type Attempt, InFlight, type SharedCall } from "./in-flight.ts";
import { EXPEDITED, Lane, SCHEDULED } from "./lane.ts";
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
  /** Absent without a rate limit. */
  tokens: () => TokenSource | undefined;
  /** Whether the task of this name is on its way to another shard. */
  isMoving: (name: string) => boolean;
  /** ms since 1970 */
  now: () => number;
  deliver: Deliver;
  deliverBatch: DeliverBatch;
  /** A result could not be written: the task runs again in a moment. */
  onFault: () => void;
}

const DEFAULT_DEADLINE_S = 600;

export class Dispatcher {
  readonly inFlight = new InFlight();
  readonly #deps: DispatcherDeps;
  readonly #starts: Starts;
  readonly #settlement: Settlement;
  readonly #expedited: Lane;
  readonly #scheduled: Lane;
  readonly #batches: Batches;
  readonly #gathering = new Gathering();
  #lastAttempt: number;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#starts = new Starts({ ...deps, inFlight: this.inFlight });
    this.#settlement = new Settlement({
      ...{ ...deps, inFlight: this.inFlight },
      freed: (attempt) => this.#freed(attempt),
      rewindTo: (key) => this.rewindTo(key),
    });
    this.#expedited = new Lane(EXPEDITED, deps.store.tasks, this.#isRunning);
    this.#scheduled = new Lane(SCHEDULED, deps.store.tasks, this.#isRunning);
    this.#batches = new Batches({ ...deps, settlement: this.#settlement });
    // Numbered on from the moment of the start, faster than attempts can follow each other.
    this.#lastAttempt = deps.now() * 1000;
  }

  /** A row was written at `key`: if that lies before the cursor, the cursor goes back. */
  rewindTo(key: number): void {
    this.#laneOf(key).rewindTo(key);
    this.#gathering.written(dueOf(key));
  }

  /** The row at `key` is there no more. */
  gone(key: number): void {
    this.#laneOf(key).gone(key);
    this.#gathering.clear();
  }

  /** The rows may have changed in any way. */
  reread(): void {
    this.#expedited.reread();
    this.#scheduled.reread();
    this.#gathering.clear();
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
    const { batch } = this.#deps.definition.config;
    const spend = (n: number) => this.#spend(n, now, tasks.length === limit);
    if (batch) {
      this.#startBatches(this.#batches.plan(tasks, now, batch), now, calls, spend);
      return;
    }
    spend(tasks.length);
    this.#startAll(tasks, now);
  }

  /** Starts up to `limit` expedited tasks, which takes no tokens and waits for no others; how many. */
  startExpedited(now: number, limit: number, calls: number): number {
    const tasks = this.#startable(this.#expedited, now, limit);
    const { batch } = this.#deps.definition.config;
    if (tasks.length === 0 || !batch) this.#startAll(tasks, now);
    else {
      const plan = this.#batches.plan(tasks, now, { size: batch.size, wait: 0 });
      return this.#startBatches(plan, now, calls, () => {});
    }
    return tasks.length;
  }

  /** Makes the first of the planned calls, up to `most`; how many tasks start. */
  #startBatches(
    plan: BatchPlan<TaskRow>,
    now: number,
    most: number,
    spend: (n: number) => void,
  ): number {
    const calls = plan.calls.slice(0, most);
    const tasks = calls.flat();
    if (tasks.length > 0) spend(tasks.length);
    this.#starts.write(tasks, now);
    const single: Attempt[] = [];
    for (const own of calls) {
      const call = { size: own.length, open: 0 };
      const isBatch = this.#batches.isBatch(own);
      const attempts = own.map((task) => this.#start(task, now, isBatch ? call : undefined));
      if (isBatch) this.#batches.deliver(attempts);
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
    const fullAt = this.#scheduled.dueOfNth(missing, now, dueAt) ?? dueAt;
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
  #startable(lane: Lane, now: number, limit: number): TaskRow[] {
    for (;;) {
      const tasks = lane.due(now, limit);
      if (!this.#settleCutOff(tasks, now) && !this.#starts.holdBack(tasks)) return tasks;
    }
  }

  #settleCutOff(tasks: readonly TaskRow[], now: number): boolean {
    const cutOff = tasks.filter(({ progress }) => cutOffSince(progress) !== undefined);
    if (cutOff.length === 0) return false;
    const moved = this.#deps.commit.run(() => cutOff.map((task) => this.#cutOff(task, now)));
    for (const task of moved) if (task) this.rewindTo(task.key);
    return true;
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
    this.#starts.write(tasks, now);
    this.#deliver(tasks.map((task) => this.#start(task, now)));
  }

  #spend(n: number, now: number, areMore: boolean): void {
    const { tokens: current, commit } = this.#deps;
    const tokens = current();
    if (!tokens) return;
    if (tokens.covers(n, now)) tokens.spend(n, now, areMore);
    else commit.run(() => tokens.spend(n, now, areMore));
  }

  /** Ends attempts whose deadline has passed: their handlers are cancelled, their tasks retried. */
  cancelOverdue(now: number): void {
    for (const attempt of this.inFlight.overdue(now)) {
      attempt.cancellation?.resolve("the dispatch deadline has passed");
      const seconds = (attempt.deadlineAt - attempt.startedAt) / 1000;
      const error = `no answer within its deadline of ${seconds} s`;
      const outcome = { kind: "unanswered" as const, error };
      this.#settlement.add(attempt, attempt.call ? shared(outcome, attempt.call.size) : outcome);
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
    this.inFlight.has(key, name) || this.#starts.isHeldBack(key) || this.#deps.isMoving(name);

  #freed(attempt: Attempt): void {
    for (const key of this.#starts.ended(attempt)) this.rewindTo(key);
  }

  #laneOf(key: number): Lane {
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
    this.#laneOf(task.key).started(task.key);
    this.inFlight.start(attempt);
    this.#starts.started(row, attempt);
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
