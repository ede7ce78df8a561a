// One queue at work: tasks come in, due ones start as tokens and slots allow, their results are written,
// and the alarm is set for whatever is next. The rows are the truth; all else here can be lost.
//
// Attempts start only in `turn`, which only an alarm calls. The platform counts a request started here
// as a descendant of the object's newest incoming request: started from an add, a task that adds a task
// would grow a chain until the platform cuts it ("Subrequest depth limit exceeded", which no local
// runtime shows). An alarm has no ancestor. So adds, results and commits do no more than arm it.
import { judge } from "../core/attempt.ts";
import type { Bucket, BucketShape } from "../core/bucket.ts";
import type { Answer } from "../core/errors.ts";
import type { HostRules } from "../core/hosts.ts";
import { type Room, startable, wakeAt } from "../core/plan.ts";
import type { QueueConfig } from "../core/queue-config.ts";
import { type AddResult, isSuccess, type Outcome } from "../core/task.ts";
import { lastKeyOf } from "../store/key.ts";
import type { Sql } from "../store/sql.ts";
import type { Store } from "../store/store.ts";
import type { TaskRow } from "../store/tasks.ts";
import { type AddCall, acceptCall, addAccepted } from "./adding.ts";
import { type Delivery, outcomeOfError } from "./delivery.ts";
import { GroupCommit } from "./group-commit.ts";
import { InFlight, type Run } from "./in-flight.ts";
import { Statistics } from "./statistics.ts";
import { Tokens } from "./tokens.ts";
import { WATCHDOG_MS, type Wakeup } from "./wakeup.ts";

/** What a queue is given: its configuration, and every effect it has on the world. */
export interface QueueSurroundings {
  /** The queue.yaml entry; of a queue taken out of the file the last one seen, and `inFile` false. */
  config: QueueConfig;
  inFile: boolean;
  hosts: HostRules;
  sql: Sql;
  wakeup: Wakeup;
  /** ms since 1970 */
  now: () => number;
  /** Begins an attempt at once; `cancelled` settles with the reason when it is to be cut off. */
  deliver: (delivery: Delivery, cancelled: Promise<string>) => Promise<Outcome>;
}

const DEFAULT_DEADLINE_S = 600;
const AFTER_TROUBLE_MS = 1000;
/** Tasks of one turn: beyond it the alarm comes again, so that a turn stays short. */
const STARTS_PER_TURN = 500;

export class Queue {
  readonly store: Store;
  readonly statistics: Statistics;
  readonly inFlight = new InFlight();
  readonly #around: QueueSurroundings;
  readonly #tokens: Tokens | undefined;
  readonly #commit: GroupCommit;
  #paused: boolean;
  // Every due task up to this key is in flight: the next to start is looked for behind it.
  #cursor = -1;

  constructor(store: Store, around: QueueSurroundings) {
    this.#around = around;
    this.store = store;
    this.statistics = new Statistics(store);
    this.#commit = new GroupCommit(around.sql.transaction, () => this.#arm());
    this.#paused = store.meta.get("paused") ?? false;
    const { rate } = around.config;
    this.#tokens = Number.isFinite(rate)
      ? new Tokens(store.meta, this.#bucketShape(), around.now())
      : undefined;
  }

  /** Adds what callers hand in together; each call stands for itself. */
  async add(calls: readonly AddCall[]): Promise<Answer<AddResult[]>[]> {
    const { config, hosts, now } = this.#around;
    const admission = { queue: config, now: now(), hosts };
    const accepted = calls.map((call) => acceptCall(call, admission));
    const answers = await this.#written(() =>
      accepted.map((answer, index) =>
        answer.failure
          ? answer
          : this.#write(answer.ok, calls[index]?.atomic ?? false, admission.now),
      ),
    );
    for (const { ok = [] } of answers) this.statistics.added(ok.filter(({ task }) => task).length);
    return answers;
  }

  #write(tasks: Parameters<typeof addAccepted>[0], atomic: boolean, now: number) {
    const context = { store: this.store, queue: this.#around.config.name, now };
    return addAccepted(tasks, atomic, context, ({ key }) => this.#lookAgainFrom(key));
  }

  /** Deletes tasks by name: for each whether it was on the queue (or kept as failed) until now. */
  delete(names: readonly string[]): boolean[] {
    const now = this.#around.now();
    return this.#change(() => names.map((name) => this.#deleteOne(name, now)));
  }

  #deleteOne(name: string, now: number): boolean {
    const found = this.store.find(name, now);
    if (found?.kind === "failed") return this.store.forget(found.task, now);
    if (found?.kind !== "live" || !this.store.delete(found.task, now, this.#around.config))
      return false;
    this.inFlight.disown(found.task);
    this.statistics.removed();
    return true;
  }

  /** Deletes every task on the queue; what is in flight runs to its end and changes nothing. */
  purge(): void {
    this.#change(() => this.store.purge(this.#around.now(), this.#around.config));
    this.inFlight.disownAll();
    this.statistics.cleared();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** A paused queue takes tasks and starts none; its bucket stands still. */
  setPaused(paused: boolean): void {
    this.#change(() => {
      this.#paused = paused;
      this.store.meta.set("paused", paused);
      this.#tokens?.reshape(this.#bucketShape(), this.#around.now());
    });
  }

  /** The bucket now, absent without a rate limit. */
  tokens(): { level: Bucket; shape: BucketShape } | undefined {
    return this.#tokens?.standing(this.#around.now());
  }

  /** What an alarm does: cut off what ran too long, start what may start, forget a little of the old. */
  turn(): void {
    const now = this.#around.now();
    for (const run of this.inFlight.overdue(now)) this.#cutOff(run);
    this.#startDue(now);
    const sweepAgain = this.#around.sql.transaction(() => this.store.sweep(now));
    this.#arm();
    if (sweepAgain) this.#around.wakeup.by(now);
  }

  /** Makes sure of the next wake-up: on start, on a scheduled call, and before an alarm handler ends. */
  watch(): void {
    this.#arm();
    if (this.inFlight.size === 0) return;
    const { wakeup, now } = this.#around;
    wakeup.by(Math.min(this.inFlight.firstDeadline(), now() + WATCHDOG_MS));
  }

  /** Arms the alarm for whatever is next, after anything that changed it. Does not throw. */
  #arm(): void {
    const { wakeup, now } = this.#around;
    try {
      const nextDue = this.store.tasks.nextDue(this.#cursor, this.#isRunning);
      const next = wakeAt({ ...this.#room(), now: now(), nextDue });
      if (next !== undefined) wakeup.by(next);
    } catch (error) {
      console.error("task queue: what is next could not be read, trying again", error);
      wakeup.by(now() + AFTER_TROUBLE_MS);
    }
    if (this.inFlight.size === 0) wakeup.release();
  }

  #room(): Room {
    return {
      paused: this.#isHeld(),
      bucket: this.tokens(),
      running: this.inFlight.size,
      maxRunning: this.#around.config.maxConcurrentRequests,
    };
  }

  #isHeld(): boolean {
    const { config, inFile } = this.#around;
    return this.#paused || !inFile || config.rate === 0 || config.mode === "pull";
  }

  readonly #isRunning = (key: number, name: string): boolean => this.inFlight.has(key, name);

  #startDue(now: number): void {
    const limit = Math.min(startable(this.#room()), STARTS_PER_TURN);
    const tasks = this.store.tasks.due(this.#cursor, lastKeyOf(now), limit, this.#isRunning);
    if (tasks.length === 0) return;
    this.#tokens?.spend(tasks.length, now);
    for (const task of tasks) this.#start(task, now);
  }

  #start(task: TaskRow, now: number): void {
    const { config, deliver } = this.#around;
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<string>();
    const deadlineAt = now + (task.spec.dispatchDeadline ?? DEFAULT_DEADLINE_S) * 1000;
    const run: Run = { task, startedAt: now, deadlineAt, cancel };
    this.#cursor = task.key;
    this.inFlight.start(run);
    const delivery = { queue: config.name, task, target: config.target ?? task.spec.target };
    deliver(delivery, cancelled).then(
      (outcome) => this.#ended(run, outcome),
      (error) => this.#ended(run, outcomeOfError(error)),
    );
  }

  #cutOff(run: Run): void {
    run.cancel("the dispatch deadline has passed");
    const seconds = (run.deadlineAt - run.startedAt) / 1000;
    this.#ended(run, {
      kind: "unanswered",
      error: `no answer within its deadline of ${seconds} s`,
    });
  }

  #ended(run: Run, outcome: Outcome): void {
    const endedAt = this.#around.now();
    this.#commit.run(
      () => this.#settle(run, outcome, endedAt),
      (written) => {
        const owned = this.inFlight.owns(run);
        this.inFlight.end(run);
        if ("error" in written) this.#unsettled(run, written.error);
        else if (owned) this.#settled(outcome, endedAt, written.value);
      },
    );
  }

  /** Writes a result; whether the task left the queue. One that no longer owns its task writes nothing. */
  #settle(run: Run, outcome: Outcome, endedAt: number): "left" | TaskRow | undefined {
    if (!this.inFlight.owns(run)) return undefined;
    const { task, startedAt } = run;
    const { config } = this.#around;
    const times = { startedAt, endedAt };
    const verdict = judge(task.progress, times, outcome, task.spec.retry, config.retry);
    if (verdict.step === "retry") return this.store.retry(task, verdict.due, verdict.progress);
    return this.store[verdict.step](task, endedAt, verdict.progress, config) ? "left" : undefined;
  }

  #settled(outcome: Outcome, now: number, step: "left" | TaskRow | undefined): void {
    if (step === "left") this.statistics.removed();
    else if (step) this.#lookAgainFrom(step.key);
    if (outcome.kind !== "answered") return;
    this.statistics.executed(now);
    if (outcome.status === 503) this.#tokens?.overloaded(now);
    else if (isSuccess(outcome)) this.#tokens?.succeeded(now);
  }

  // The result could not be written: the row is as it was, so the task runs again.
  #unsettled({ task }: Run, error: unknown): void {
    console.error(`task queue: the result of "${task.name}" could not be written`, error);
    this.#lookAgainFrom(task.key);
    this.#around.wakeup.by(this.#around.now() + AFTER_TROUBLE_MS);
  }

  #lookAgainFrom(key: number): void {
    this.#cursor = Math.min(this.#cursor, key - 1);
  }

  #written<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#commit.run(work, (written) =>
        "error" in written ? reject(written.error) : resolve(written.value),
      );
    });
  }

  #change<T>(work: () => T): T {
    const value = this.#around.sql.transaction(work);
    this.#arm();
    return value;
  }

  // While a queue is paused its bucket keeps what it holds and gains nothing.
  #bucketShape(): BucketShape {
    const { config, inFile } = this.#around;
    const isStill = this.#paused || !inFile;
    return { capacity: config.bucketSize, rate: isStill ? 0 : config.rate };
  }
}
