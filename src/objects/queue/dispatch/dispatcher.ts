// Attempts: which due tasks start, what is in flight, and what each end means for its task. Results are
// written in groups; one that no longer owns its task (its deadline passed, it was deleted or purged)
// changes nothing.
import { decide } from "../../../core/task/attempt.ts";
import { isSuccess, type Outcome, type TaskSpec } from "../../../core/task/task.ts";
import type { Store } from "../../../store/queue/queue-store.ts";
import { isExpedited } from "../../../store/queue/row-key.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import { type Delivery, deliveryOf, keepsResult } from "../../delivery/delivery.ts";
import { offWire, outcomeOfError, type WireOutcome } from "../../delivery/outcome.ts";
import type { Entry } from "../definition.ts";
import type { GroupCommit } from "../group-commit.ts";
import type { Statistics } from "../inspect/statistics.ts";
import { InFlight, type Run } from "./in-flight.ts";
import { EXPEDITED, Lane, SCHEDULED } from "./lane.ts";
import type { Tokens } from "./tokens.ts";

/** Begins an attempt at once. */
export type Deliver = (delivery: Delivery) => Promise<WireOutcome>;

export interface DispatcherDeps {
  entry: Entry;
  store: Store;
  statistics: Statistics;
  /** Absent without a rate limit. */
  tokens: () => Tokens | undefined;
  commit: GroupCommit;
  /** ms since 1970 */
  now: () => number;
  deliver: Deliver;
  /** Something could not be written and is to be tried again in a moment. */
  onTrouble: () => void;
}

const DEFAULT_DEADLINE_S = 600;

export class Dispatcher {
  readonly inFlight = new InFlight();
  readonly #deps: DispatcherDeps;
  readonly #front: Lane;
  readonly #proper: Lane;
  #lastAttempt: number;

  constructor(around: DispatcherDeps) {
    this.#deps = around;
    this.#front = new Lane(EXPEDITED, around.store.tasks, this.#isRunning);
    this.#proper = new Lane(SCHEDULED, around.store.tasks, this.#isRunning);
    // Numbered on from the moment of the start, faster than attempts can follow each other.
    this.#lastAttempt = around.now() * 1000;
  }

  /** A row was written at `key`: if that lies before the cursor, the cursor goes back. */
  rewindTo(key: number): void {
    this.#laneOf(key).rewindTo(key);
  }

  /** When the first task that is not in flight is due (ms), if there is one. */
  nextDue(): number | undefined {
    return this.#proper.nextDue();
  }

  /** The same among those that somebody asked to run now. */
  nextExpedited(): number | undefined {
    return this.#front.nextDue();
  }

  /** Starts up to `limit` tasks that are due at `now`, having taken their tokens. */
  startDue(now: number, limit: number): void {
    const tasks = this.#proper.due(now, limit);
    if (tasks.length === 0) return;
    this.#deps.tokens()?.spend(tasks.length, now);
    for (const task of tasks) this.#start(task, now);
  }

  /** Starts up to `limit` tasks that somebody asked to run now, which takes no tokens; how many. */
  startExpedited(now: number, limit: number): number {
    const tasks = this.#front.due(now, limit);
    for (const task of tasks) this.#start(task, now);
    return tasks.length;
  }

  /** Ends attempts whose deadline has passed: their handlers are told, their tasks tried again. */
  cutOffOverdue(now: number): void {
    for (const run of this.inFlight.overdue(now)) {
      run.ending?.resolve("the dispatch deadline has passed");
      const seconds = (run.deadlineAt - run.startedAt) / 1000;
      const error = `no answer within its deadline of ${seconds} s`;
      this.#ended(run, { kind: "unanswered", error });
    }
  }

  /** Settles with the reason when the attempt is to be cut off, at the latest when it has ended. */
  async ending(attempt: number): Promise<string> {
    const run = this.inFlight.find(attempt);
    if (!run) return "the dispatch deadline has passed, or the queue was started anew";
    run.ending ??= Promise.withResolvers();
    return run.ending.promise;
  }

  readonly #isRunning = (key: number, name: string): boolean => this.inFlight.has(key, name);

  #laneOf(key: number): Lane {
    return isExpedited(key) ? this.#front : this.#proper;
  }

  #start(task: TaskRow, now: number): void {
    const { entry, deliver } = this.#deps;
    const deadlineAt = now + (task.spec.dispatchDeadline ?? DEFAULT_DEADLINE_S) * 1000;
    const attempt = ++this.#lastAttempt;
    const run: Run = { attempt, task, startedAt: now, deadlineAt };
    this.#deps.statistics.started(task.due, now);
    this.#laneOf(task.key).started(task.key);
    this.inFlight.start(run);
    deliver(deliveryOf(task, attempt, entry.config)).then(
      (outcome) => this.#ended(run, offWire(outcome)),
      (error) => this.#ended(run, outcomeOfError(error)),
    );
  }

  #ended(run: Run, outcome: Outcome): void {
    const endedAt = this.#deps.now();
    this.#deps.commit.run(
      () => this.#settle(run, outcome, endedAt),
      (written) => {
        const isOwner = this.inFlight.owns(run);
        this.inFlight.end(run);
        run.ending?.resolve("the attempt has ended");
        if ("error" in written) this.#notWritten(run, written.error);
        else if (isOwner) this.#written(run, outcome, endedAt, written.value);
      },
    );
  }

  /** Writes what the attempt's end means; the row the task lies in now, if it stays on the queue. */
  #settle(run: Run, outcome: Outcome, endedAt: number): TaskRow | undefined {
    if (!this.inFlight.owns(run)) return undefined;
    const { entry, store } = this.#deps;
    const { config } = entry;
    const { task, startedAt } = run;
    const times = { dueAt: task.due, startedAt, endedAt };
    const transition = decide(task.progress, times, outcome, task.spec.retry, config.retry);
    if (transition.step === "retry") {
      const { group } = task.spec;
      if (group && store.joined.isCancelled(group.name)) {
        store.delete({ ...task, progress: transition.progress }, endedAt, config);
        return undefined;
      }
      // What was no attempt at all has not done what was asked.
      const isStillExpedited = outcome.kind === "postponed" && isExpedited(task.key);
      if (isStillExpedited) return store.expedite(task, transition.due);
      return store.retry(task, transition.due, transition.progress);
    }
    const result = outcome.kind === "answered" ? outcome.result : undefined;
    if (transition.step === "complete" && run.waitsFor !== undefined) {
      const { waitsFor } = run;
      const answer = keepsResult(task, config) && result ? { answer: result } : {};
      store.await(task, endedAt, { ...transition.progress, waitsFor, ...answer });
    } else if (transition.step === "fail") store.fail(task, endedAt, transition.progress, config);
    else store.complete(task, endedAt, transition.progress, config, result);
    return undefined;
  }

  #written(
    { startedAt, task }: Run,
    outcome: Outcome,
    now: number,
    moved: TaskRow | undefined,
  ): void {
    const { statistics } = this.#deps;
    const tokens = this.#deps.tokens();
    if (moved) this.rewindTo(moved.key);
    if (outcome.kind !== "answered") return;
    statistics.answered(startedAt, now);
    if (isOverload(outcome.status, task.spec)) tokens?.overloaded(now);
    else if (isSuccess(outcome)) tokens?.succeeded(now);
  }

  // The row is as it was, so the task runs again.
  #notWritten({ task }: Run, error: unknown): void {
    console.error(`task queue: the result of "${task.name}" could not be written`, error);
    this.rewindTo(task.key);
    this.#deps.onTrouble();
  }
}

function isOverload(status: number, { dialect }: TaskSpec): boolean {
  return status === 503 || (status === 429 && dialect === "cloudtasks");
}
