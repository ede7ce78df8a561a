// One queue at work: tasks come in, due ones start as tokens and slots allow, their results are written,
// and the alarm is set for whatever is next. The rows are the truth; all else here can be lost.
//
// Attempts start only in `turn`, which only an alarm calls. The platform counts a request started here
// as a descendant of the object's newest incoming request: started from an add, a task that adds a task
// would grow a chain until the platform cuts it ("Subrequest depth limit exceeded", which no local
// runtime shows). An alarm has no ancestor. So adds, results and commits do no more than arm it.
import type { Bucket, BucketShape } from "../../core/dispatch/bucket.ts";
import { type Capacity, startable, wakeAt } from "../../core/dispatch/plan.ts";
import type { HostRules } from "../../core/egress/host-rules.ts";
import type { Answer } from "../../core/errors.ts";
import type { Admission } from "../../core/task/new-task.ts";
import type { AcceptedTask } from "../../core/task/task.ts";
import type { Store } from "../../store/queue/queue-store.ts";
import type { Sql } from "../../store/sql.ts";
import { HOLD_MS, WATCHDOG_MS, type Wakeup } from "../wakeup.ts";
import { type AddCall, type Added, acceptCall, addAccepted, checkStorage } from "./admission.ts";
import { Handover, type HandoverDeps } from "./dead-letter-forwarder.ts";
import type { Entry } from "./definition.ts";
import { type Deliver, Dispatcher } from "./dispatch/dispatcher.ts";
import type { Run } from "./dispatch/in-flight.ts";
import { Tokens } from "./dispatch/tokens.ts";
import { GroupCommit } from "./group-commit.ts";
import { Telling, type TellingDeps } from "./group-notifier.ts";
import { Statistics } from "./inspect/statistics.ts";
import type { KeptHistory } from "./inspect/stored-history.ts";
import { Leasing } from "./leasing/leasing.ts";

/** What a queue is given: its configuration, and every effect it has on the world. */
export interface QueueDeps {
  entry: Entry;
  history: KeptHistory;
  hosts: HostRules;
  /** Whether identity tokens can be signed. */
  hasIdentity: boolean;
  /** queue.yaml's total_storage_limit, in bytes. */
  storageLimit: number | undefined;
  sql: Sql;
  wakeup: Wakeup;
  /** ms since 1970 */
  now: () => number;
  deliver: Deliver;
  /** Adds tasks to another queue. */
  addTo: HandoverDeps["addTo"];
  /** Tells a group of its subtasks. */
  tell: TellingDeps["tell"];
  /** Called after whatever changed tasks, their rows or their states. */
  changed: () => void;
}

const AFTER_TROUBLE_MS = 1000;
/** Tasks of one turn: beyond it the alarm comes again, so that a turn stays short. */
const STARTS_PER_TURN = 500;

export class Queue {
  readonly store: Store;
  readonly statistics: Statistics;
  readonly #deps: QueueDeps;
  #tokens: Tokens | undefined;
  readonly #leasing: Leasing;
  readonly #handover: Handover;
  readonly #telling: Telling;
  readonly #commit: GroupCommit;
  readonly #dispatcher: Dispatcher;
  #paused: boolean;

  constructor(store: Store, around: QueueDeps) {
    const { entry, now, deliver } = around;
    const transaction = <T>(work: () => T) => this.#committed(work);
    this.#deps = around;
    this.store = store;
    this.statistics = new Statistics(around.history);
    this.#paused = store.meta.get("paused") ?? false;
    this.#tokens = this.#newTokens();
    this.#commit = new GroupCommit(
      (work) => this.#transaction(work),
      () => this.#arm(),
    );
    this.#dispatcher = new Dispatcher({
      ...{ entry, store, now, deliver },
      statistics: this.statistics,
      tokens: () => this.#tokens,
      commit: this.#commit,
      onTrouble: () => this.#wakeSoon(),
    });
    this.#handover = new Handover({
      ...{ entry, store, now, addTo: around.addTo, transaction },
      changed: () => this.#arm(),
    });
    this.#telling = new Telling({
      ...{ store, now, tell: around.tell, transaction },
      changed: () => this.#arm(),
    });
    this.#leasing = new Leasing({
      ...{ entry, store, now, statistics: this.statistics, transaction },
      isClosed: () => this.#paused || !entry.isDefined,
      givenUp: () => around.wakeup.by(now()),
    });
  }

  /** Leases, absent on a push queue. */
  get leasing(): Leasing | undefined {
    return this.#deps.entry.config.mode === "pull" ? this.#leasing : undefined;
  }

  /** Adds what callers hand in together; each call stands for itself. */
  async add(calls: readonly AddCall[]): Promise<Answer<Added[]>[]> {
    const { ok: admission, failure } = this.admission();
    if (failure) return calls.map(() => ({ failure }));
    const accepted = calls.map((call) => ({ ...call, answer: acceptCall(call, admission) }));
    return this.#written(() =>
      accepted.map(({ answer, atomic }) =>
        answer.failure ? answer : this.#insert(answer.ok, atomic, admission.now),
      ),
    );
  }

  /** What new tasks are checked against, unless there is no room for any. */
  admission(): Answer<Admission> {
    const { entry, hosts, hasIdentity, now, sql, storageLimit } = this.#deps;
    const full = checkStorage(sql.size(), storageLimit);
    return full ?? { ok: { queue: entry.config, now: now(), hosts, hasIdentity } };
  }

  #insert(tasks: readonly AcceptedTask[], atomic: boolean, now: number): Answer<Added[]> {
    const context = { store: this.store, now };
    return addAccepted(tasks, atomic, context, ({ key }) => this.rewindTo(key));
  }

  /** Deletes tasks by name: for each whether it was on the queue (or kept as failed) until now. */
  delete(names: readonly string[]): boolean[] {
    const now = this.#deps.now();
    return this.change(() => names.map((name) => this.#deleteOne(name, now)));
  }

  #deleteOne(name: string, now: number): boolean {
    const found = this.store.find(name, now);
    if (found?.kind === "failed") return this.store.forget(found.task, now);
    if (found?.kind !== "live") return false;
    if (!this.store.delete(found.task, now, this.#deps.entry.config)) return false;
    this.#dispatcher.inFlight.revoke(found.task);
    this.leasing?.table.forget(found.task.key);
    return true;
  }

  /** Deletes every task on the queue; what is in flight runs to its end and changes nothing. */
  purge(): void {
    const now = this.#deps.now();
    this.change(() => {
      this.store.purge(now, this.#deps.entry.config);
      this.store.meta.set("purgedAt", now);
      this.statistics.history.mark("purged", now);
    });
    this.#dispatcher.inFlight.revokeAll();
    this.leasing?.table.clear();
  }

  /** When it was last purged, ms since 1970. */
  get purgedAt(): number | undefined {
    return this.store.meta.get("purgedAt");
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** A paused queue takes tasks and starts none; its bucket stands still. */
  setPaused(paused: boolean): void {
    const now = this.#deps.now();
    this.change(() => {
      if (paused !== this.#paused) {
        this.statistics.history.mark(paused ? "paused" : "resumed", now);
      }
      this.#paused = paused;
      this.store.meta.set("paused", paused);
      this.#tokens?.reshape(this.#bucketShape(), now);
    });
  }

  /** The entry it goes by is another now: what is on the queue and in flight stays. */
  reconfigured(): void {
    const hasRate = Number.isFinite(this.#deps.entry.config.rate);
    if (hasRate && this.#tokens) this.#tokens.reshape(this.#bucketShape(), this.#deps.now());
    else this.#tokens = this.#newTokens();
    this.#arm();
  }

  /** Forgets everything; what is in flight runs to its end and changes nothing. */
  erase(): void {
    this.change(() => this.store.erase());
    this.statistics.history.forget();
    this.#dispatcher.inFlight.revokeAll();
    this.#leasing.table.clear();
    this.#paused = false;
  }

  /** The bucket now, absent without a rate limit. */
  tokens(): { level: Bucket; shape: BucketShape } | undefined {
    return this.#tokens?.standing(this.#deps.now());
  }

  /** Attempts without an answer yet. */
  get running(): number {
    return this.#dispatcher.inFlight.size;
  }

  /** Tasks with their handlers: all of them, and those in rows up to `key`. */
  runningTasks(key: number): { all: number; upTo: number } {
    return this.#dispatcher.inFlight.tasks(key);
  }

  /** The attempt that is under way for this task. */
  runOf(task: { key: number; name: string }): Run | undefined {
    return this.#dispatcher.inFlight.of(task);
  }

  /** Subtasks of the group that are with their handlers. */
  runningOf(group: string): number {
    return this.#dispatcher.inFlight.ofGroup(group);
  }

  /** Settles with the reason when an attempt in flight is to be cut off. */
  ending(attempt: number): Promise<string> {
    return this.#dispatcher.ending(attempt);
  }

  /** Changes rows in one transaction and sees to the next wake-up. */
  change<T>(work: () => T): T {
    const value = this.#transaction(work);
    this.#arm();
    return value;
  }

  /** A row was written at `key`, and is to be looked at for what may start or be leased. */
  rewindTo(key: number): void {
    this.#dispatcher.rewindTo(key);
    this.leasing?.table.rewindTo(key);
  }

  /** Whether the task in this row is with its handler. */
  isRunning(task: { key: number; name: string }): boolean {
    return this.#dispatcher.inFlight.has(task.key, task.name);
  }

  /** What an alarm does: cut off what ran too long, start what may start, forget a little of the old. */
  turn(): void {
    const { now: clock, wakeup } = this.#deps;
    const now = clock();
    this.#dispatcher.cutOffOverdue(now);
    const asked = Math.min(startable(this.#expeditedCapacity(this.#capacity())), STARTS_PER_TURN);
    const left = STARTS_PER_TURN - this.#dispatcher.startExpedited(now, asked);
    this.#dispatcher.startDue(now, Math.min(startable(this.#capacity()), left));
    this.#handover.turn(now);
    this.#telling.turn(now);
    const isSwept = !this.#transaction(() => this.store.sweep(now));
    this.#arm();
    if (!isSwept) wakeup.by(now);
  }

  /** Whether attempts are in flight and none reaches its deadline while an alarm handler is held open. */
  mayHold(): boolean {
    const { now } = this.#deps;
    return this.running > 0 && this.#dispatcher.inFlight.firstDeadline() > now() + HOLD_MS;
  }

  /** Makes sure of the next wake-up: on start, on a scheduled call, and before an alarm handler ends. */
  watch(): void {
    this.#arm();
    if (this.running === 0) return;
    const { wakeup, now } = this.#deps;
    wakeup.by(Math.min(this.#dispatcher.inFlight.firstDeadline(), now() + WATCHDOG_MS));
  }

  /** Arms the alarm for whatever is next, after anything that changed it. Does not throw. */
  #arm(): void {
    const { wakeup, now } = this.#deps;
    try {
      const room = { ...this.#capacity(), now: now() };
      const asked = { ...this.#expeditedCapacity(room), nextDue: this.#dispatcher.nextExpedited() };
      const due = { ...room, nextDue: this.#dispatcher.nextDue() };
      const moments = [wakeAt(asked), wakeAt(due), this.#handover.next(), this.#telling.next()];
      for (const next of moments) if (next !== undefined) wakeup.by(next);
    } catch (error) {
      console.error("task queue: what is next could not be read, trying again", error);
      this.#wakeSoon();
    }
    if (this.running === 0) wakeup.release();
    this.#keepHistory();
    this.leasing?.serve();
    this.#deps.changed();
  }

  // What goes on disk with the commit just made may fail without harm.
  #keepHistory(): void {
    const now = this.#deps.now();
    try {
      const { history } = this.statistics;
      history.keep(
        now,
        () => this.#isAtRest(now),
        () => this.store.tally.onQueue(),
      );
    } catch (error) {
      console.error("task queue: the history could not be written", error);
    }
  }

  #isAtRest(now: number): boolean {
    if (this.leasing) return !this.leasing.table.anyLeased;
    if (this.running > 0 || isBy(now, this.#dispatcher.nextExpedited())) return false;
    return this.#capacity().paused || !isBy(now, this.#dispatcher.nextDue());
  }

  #wakeSoon(): void {
    this.#deps.wakeup.by(this.#deps.now() + AFTER_TROUBLE_MS);
  }

  #capacity(): Capacity {
    const { config, isDefined } = this.#deps.entry;
    return {
      paused: this.#paused || !isDefined || config.rate === 0 || config.mode === "pull",
      bucket: this.tokens(),
      running: this.running,
      maxRunning: config.maxConcurrentRequests,
    };
  }

  // Pause and rate are set aside for tasks that somebody asked to run now; slots are not.
  #expeditedCapacity<R extends Capacity>(room: R): R {
    const { isDefined, config } = this.#deps.entry;
    return { ...room, paused: !isDefined || config.mode === "pull", bucket: undefined };
  }

  // While a queue is paused its bucket keeps what it holds and gains nothing.
  #bucketShape(): BucketShape {
    const { config, isDefined } = this.#deps.entry;
    const isStill = this.#paused || !isDefined;
    return { capacity: config.bucketSize, rate: isStill ? 0 : config.rate };
  }

  #newTokens(): Tokens | undefined {
    const { entry, now } = this.#deps;
    if (!Number.isFinite(entry.config.rate)) return undefined;
    return new Tokens(this.store.meta, this.#bucketShape(), now());
  }

  /** For who calls nothing when the work is done. */
  #committed<T>(work: () => T): T {
    const value = this.#transaction(work);
    this.#keepHistory();
    return value;
  }

  // When rows are as they were before, what memory says of leases is made from them again.
  #transaction<T>(work: () => T): T {
    const now = this.#deps.now();
    try {
      const value = this.store.transaction(now, work);
      this.statistics.took(this.store.takeSteps(), now);
      return value;
    } catch (error) {
      this.#leasing.table.clear();
      throw error;
    }
  }

  #written<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#commit.run(work, (written) =>
        "error" in written ? reject(written.error) : resolve(written.value),
      );
    });
  }
}

function isBy(now: number, moment: number | undefined): boolean {
  return moment !== undefined && moment <= now;
}
