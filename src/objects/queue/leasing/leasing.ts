// A pull queue at work: workers lease tasks, acknowledge them, change their leases, or wait for a first
// one. A lease is fenced: only whoever shows its token while it holds can act on it.
import { rankOf } from "../../../core/dispatch/rank.ts";
import { type Answer, type Refusal, refuse } from "../../../core/errors.ts";
import type { AckResult } from "../../../core/task/calls.ts";
import { isLate } from "../../../core/task/expiry.ts";
import {
  checkHeld,
  checkLeaseRequest,
  checkLeaseSeconds,
  checkReason,
  endedByWorker,
  type FirstLeasable,
  type LeasedTask,
  type LeaseRequest,
  type LeaseToken,
  leaseAgain,
  tokenOf,
  undelivered,
} from "../../../core/task/lease.ts";
import { DEFAULT_PRIORITY, type Task } from "../../../core/task/task.ts";
import { taskView } from "../../../core/task/task-view.ts";
import type { QueueStore } from "../../../store/queue/queue-store.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { Commit } from "../../commit.ts";
import type { Leased } from "../../turn.ts";
import { turnOf } from "../../turn.ts";
import { Waiters } from "../../waiters.ts";
import type { Consumer } from "../context/consumer.ts";
import type { PullState } from "../context/context.ts";
import type { QueueDefinition } from "../context/definition.ts";
import type { Statistics } from "../context/statistics.ts";
import { Arrivals } from "./arrivals.ts";
import type { Leasable } from "./ends.ts";
import type { Leasables } from "./leasables.ts";
import { LeaseTable } from "./lease-table.ts";

/** What a queue leases by that has tasks with keys or priorities: a part that a Worker may leave out. */
export interface LinedLeasing extends Leasables {
  /** Before a transaction. */
  save(): void;
  /** It was rolled back. */
  restore(): void;
}

export interface LeasingDeps {
  definition: QueueDefinition;
  store: QueueStore;
  statistics: Statistics;
  commit: Commit;
  /** ms since 1970 */
  now: () => number;
  /** Whether the task of this name is on its way to another shard. */
  isMoving: (name: string) => boolean;
  /** What tasks in lines need; a Worker may do without. */
  newLined?: (() => LinedLeasing) | undefined;
  /** Has tasks expire that were not started in time: no alarm need have come for them. */
  expireLate: () => void;
  /** Whether nothing is leased: the queue is paused, or not defined any more. */
  isClosed: () => boolean;
}

/** Bodies of one answer, under the platform's 32 MiB a message; what exceeds it stays for the next lease. */
const MAX_ANSWER_BYTES = 30 * 1024 * 1024;

export class Leasing implements Consumer, PullState {
  readonly #deps: LeasingDeps;
  readonly #waiters: Waiters<LeaseRequest, Task[]>;
  readonly #plain: LeaseTable;
  // Once a task was in a line.
  #lined: LinedLeasing | undefined;
  readonly #arrivals: Arrivals;

  constructor(deps: LeasingDeps) {
    this.#deps = deps;
    this.#plain = new LeaseTable(deps.store.leasable, deps.isMoving);
    this.#arrivals = new Arrivals(() => this.#table);
    this.#waiters = new Waiters({
      now: deps.now,
      // By the oldest's tag is among those who take any: where there is anything, there is something for it.
      lineOf: ({ tag }) => tag,
      changedLines: (all) => this.#changedLines(all),
      together: (work) => this.#together(work),
      serve: (request) => {
        const tasks = deps.isClosed() ? [] : this.#take(request, deps.now());
        return tasks.length > 0 ? tasks : undefined;
      },
      timedOut: () => [],
      nextMoment: () => this.#table.nextMoment(deps.now()),
    });
  }

  /** Leases what is available; if there is nothing, the caller may wait as long as the request says. */
  lease(request: LeaseRequest): Leased {
    const refusal = checkLeaseRequest(request) ?? this.#refusalWhileClosed();
    if (refusal) return { got: refusal };
    const { now: clock, commit, expireLate } = this.#deps;
    expireLate();
    const now = clock();
    const isAny = this.#choose(request, now).length > 0;
    const tasks = isAny ? commit.run(() => this.#take(request, now)) : [];
    const { waitSeconds = 0 } = request;
    if (tasks.length > 0 || waitSeconds === 0) return { got: { ok: tasks } };
    if (this.#waiters.size === 0) this.#arrivals.begin(now);
    return turnOf(
      (left) => this.#waiters.wait(request, waitSeconds, left),
      (undelivered) => this.withdraw(undelivered),
    );
  }

  /** Leases what is available, if there is any. */
  leaseNow(request: LeaseRequest): Answer<LeasedTask[]> {
    const refusal = checkLeaseRequest(request) ?? this.#refusalWhileClosed();
    if (refusal) return refusal;
    const { now: clock, commit, expireLate } = this.#deps;
    expireLate();
    const now = clock();
    const ranks = new Map(this.#choose(request, now).map((task) => [task.name, rankIn(task)]));
    const tasks = ranks.size > 0 ? commit.run(() => this.#take(request, now)) : [];
    return { ok: tasks.map((task) => ({ task, rank: ranks.get(task.name) ?? now })) };
  }

  /** The first task that a lease would give, null when there is none. */
  first(request: LeaseRequest): Answer<FirstLeasable | null> {
    const refusal = checkLeaseRequest(request) ?? this.#refusalWhileClosed();
    if (refusal) return refusal;
    this.#deps.expireLate();
    const [first] = this.#choose({ ...request, maxTasks: 1 }, this.#deps.now());
    if (!first) return { ok: null };
    const { name, tag } = first;
    return { ok: { rank: rankIn(first), name, ...(tag !== undefined && { tag }) } };
  }

  /** Leases that reached nobody are not counted, and their tasks are to be had at once. */
  withdraw(leased: readonly Pick<Task, "name" | "lease">[]): void {
    const { now: clock, commit } = this.#deps;
    const now = clock();
    commit.run(() => {
      for (const task of leased) this.#withdrawOne(task, now);
    });
  }

  /** Ends tasks whose leases still hold; each has its own result. */
  acknowledge(tokens: readonly LeaseToken[]): AckResult[] {
    const { now: clock, store, commit } = this.#deps;
    const now = clock();
    return commit.run(() => {
      const results = tokens.map((token) => this.#acknowledgeOne(token, now));
      // A pull queue has hardly an alarm that could do it.
      store.sweep.run(now);
      return results;
    });
  }

  /** The lease ends `seconds` from now; with 0 the task is given back. */
  modify(token: LeaseToken, seconds: number): Answer<Task> {
    const refusal = this.#refusalWhileClosed() ?? checkLeaseSeconds(seconds);
    if (refusal) return refusal;
    const { now: clock, store, commit } = this.#deps;
    const now = clock();
    const held = this.#held(token, now);
    if (held.failure) return held;
    const until = endOf(seconds, now);
    const task = commit.run(() => store.lease(held.ok, until, held.ok.progress)) as TaskRow;
    this.#table.lease(task, until);
    this.#changed(task.key);
    this.serve();
    return { ok: this.#view(task, seconds === 0 ? "due" : "leased") };
  }

  /** The holder of a lease gives the task up: it is kept as failed, whatever leases it had left. */
  fail(token: LeaseToken, error: unknown): Answer<Task> {
    const reason = checkReason(error);
    if (reason.failure) return reason;
    const { now: clock, store, commit, definition } = this.#deps;
    const now = clock();
    const held = this.#held(token, now);
    if (held.failure) return held;
    const task = { ...held.ok, progress: endedByWorker(held.ok.progress, now, reason.ok) };
    commit.run(() => store.fail(held.ok, now, task.progress, definition.config));
    this.#table.forget(task.key);
    return { ok: taskView(definition.config.name, "failed", task) };
  }

  /** Something changed: whoever waits may have something now. */
  serve(): void {
    this.#waiters.serve();
  }

  nextWakeAt(): undefined {}

  onAlarm(): void {}

  rowWritten(key: number): void {
    this.#table.rewindTo(key);
    this.#changed(key);
  }

  forget({ key }: { key: number }): void {
    this.#table.forget(key);
  }

  forgetAll(): void {
    this.#clear();
  }

  leasedAt(now: number): number {
    return this.#isPull ? this.#table.leasedAt(now) : 0;
  }

  isAtRest(): boolean {
    return !this.#isPull || !this.#table.anyLeased;
  }

  save(): void {
    this.#lined?.save();
  }

  // When rows are as they were before, the table is made from them again.
  restore(): void {
    this.#clear();
    this.#lined?.restore();
  }

  #clear(): void {
    this.#plain.clear();
    this.#lined?.clear();
  }

  get #table(): Leasables {
    const { newLined, store } = this.#deps;
    if (!newLined || !store.lines.exist) return this.#plain;
    this.#lined ??= newLined();
    return this.#lined;
  }

  get #isPull(): boolean {
    return this.#deps.definition.config.mode === "pull";
  }

  #acknowledgeOne(token: LeaseToken, now: number): AckResult {
    const { store } = this.#deps;
    const { config } = this.#deps.definition;
    const held = this.#held(token, now);
    if (held.failure) return { name: token.name, acknowledged: false, error: held.failure };
    store.complete(held.ok, now, endedByWorker(held.ok.progress, now), config);
    this.#table.forget(held.ok.key);
    return { name: token.name, acknowledged: true };
  }

  // Whoever has ended the task since, or leased it again, keeps what it has done.
  #withdrawOne({ name, lease }: Pick<Task, "name" | "lease">, now: number): void {
    const { store } = this.#deps;
    const found = store.find(name, now);
    if (found?.kind !== "live") return;
    const { task } = found;
    if (lease === undefined || tokenOf(task) !== lease) return;
    if (!store.withdrawLease(task, undelivered(task.progress))) return;
    this.#table.undelivered(task);
    this.#changed(task.key);
  }

  #held({ name, lease }: LeaseToken, now: number): Answer<TaskRow> {
    const { store } = this.#deps;
    const { config } = this.#deps.definition;
    const found = store.find(name, now);
    if (!found) {
      return refuse("UNKNOWN_TASK", `name: the queue "${config.name}" has no task "${name}"`);
    }
    if (found.kind !== "live") {
      return refuse("TOMBSTONED_TASK", `name: the task "${name}" has ended: ${found.row.state}`);
    }
    const { failure } = checkHeld(found.task, lease, now);
    return failure ? { failure } : { ok: found.task };
  }

  #changed(key: number): void {
    if (this.#waiters.size > 0) this.#arrivals.changed(key);
  }

  // Of a queue that leases nothing nothing is lost: when it goes on, all are looked at.
  #changedLines<T>(all: ReadonlyMap<string | undefined, T>): Iterable<string | undefined> {
    const { isClosed, now } = this.#deps;
    if (this.#table.takeReleased(now())) this.#arrivals.anywhere();
    if (!isClosed()) return this.#arrivals.take(now(), all);
    this.#arrivals.anywhere();
    return [];
  }

  // What could not be given is still there.
  #together(work: () => void): void {
    try {
      this.#deps.commit.run(work);
    } catch (error) {
      this.#arrivals.anywhere();
      throw error;
    }
  }

  /** Inside a commit. */
  #take(request: LeaseRequest, now: number): Task[] {
    for (;;) {
      const chosen = this.#choose(request, now);
      if (chosen.length === 0) return [];
      const tasks = this.#leaseAll(chosen, request, now);
      this.#deps.statistics.leased(tasks.length, now);
      // None, for all of them have failed: whoever waits would miss those behind them.
      if (tasks.length > 0 || !request.waitSeconds)
        return tasks.map((task) => this.#view(task, "leased"));
    }
  }

  // By the tag of the oldest: if that one has no tag, only those of the same window that have none either
  // (App Engine).
  #choose({ maxTasks, tag, oldestTag = false }: LeaseRequest, now: number): Leasable[] {
    const chosen = this.#table.available(now, maxTasks, tag);
    if (!oldestTag) return chosen;
    const oldest = chosen[0]?.tag;
    if (oldest !== undefined) return this.#table.available(now, maxTasks, oldest);
    return chosen.filter((task) => task.tag === undefined);
  }

  #leaseAll(chosen: readonly Leasable[], request: LeaseRequest, now: number): TaskRow[] {
    const until = endOf(request.leaseSeconds, now);
    const leased: TaskRow[] = [];
    let bytes = 0;
    for (const { key, name } of chosen) {
      const task = this.#deps.store.tasks.at(key, name);
      if (!task) this.#table.forget(key);
      bytes += task?.body?.length ?? 0;
      if (leased.length > 0 && bytes > MAX_ANSWER_BYTES) break;
      const row = task && this.#leaseOne(task, until, now);
      if (row) leased.push(row);
    }
    this.#table.spend(leased, now);
    return leased;
  }

  // A task that has had all its leases fails instead, and is not in the answer (App Engine).
  #leaseOne(task: TaskRow, until: number, now: number): TaskRow | undefined {
    const { store } = this.#deps;
    const { config } = this.#deps.definition;
    const limit = task.spec.retry?.limit ?? config.retry.limit;
    if (isLate(task, now) && store.expireInTime(task, now, config)) {
      this.#table.forget(task.key);
      return undefined;
    }
    const { step, progress } = leaseAgain(task.progress, task.lease, now, limit);
    if (step === "fail") {
      store.fail(task, now, progress, config);
      this.#table.forget(task.key);
      return undefined;
    }
    this.#deps.statistics.started(task.lease ?? task.due, now);
    this.#table.lease(task, until);
    return store.lease(task, until, progress);
  }

  #refusalWhileClosed(): Refusal | undefined {
    if (!this.#deps.isClosed()) return undefined;
    const { name } = this.#deps.definition.config;
    const message = `queue: "${name}" is paused, or not defined any more: nothing is leased`;
    return refuse("QUEUE_PAUSED", message);
  }

  #view(task: TaskRow, state: "leased" | "due"): Task {
    return taskView(this.#deps.definition.config.name, state, task);
  }
}

function rankIn({ from, priority = DEFAULT_PRIORITY }: Leasable): number {
  return rankOf(from, priority);
}

// A lease of 0 seconds is over within the same millisecond.
function endOf(seconds: number, now: number): number {
  return seconds === 0 ? now - 1 : now + Math.round(seconds * 1000);
}
