// A pull queue at work: workers lease tasks, acknowledge them, change their leases, or wait for a first
// one. A lease is fenced: it is acted on only by the one who shows its token while it holds.

import { type Answer, type Failure, type Refusal, refuse } from "../../../core/errors.ts";
import { MAX_CALL_BYTES } from "../../../core/limits.ts";
import {
  acknowledged,
  checkHeld,
  checkLeaseRequest,
  checkLeaseSeconds,
  type LeaseRequest,
  leaseAgain,
} from "../../../core/task/lease.ts";
import type { Task } from "../../../core/task/task.ts";
import { taskView } from "../../../core/task/task-view.ts";
import type { Store } from "../../../store/queue/queue-store.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import { Waiters } from "../../waiters.ts";
import type { Entry } from "../definition.ts";
import type { Statistics } from "../inspect/statistics.ts";
import { type Leasable, LeaseTable } from "./lease-table.ts";

export interface LeasingDeps {
  entry: Entry;
  store: Store;
  statistics: Statistics;
  /** All of the work or nothing of it; a throw also clears the table of leases. */
  transaction: <T>(work: () => T) => T;
  /** ms since 1970 */
  now: () => number;
  /** Whether nothing is to be leased: paused by hand, or defined nowhere. */
  isClosed: () => boolean;
  /** A task was given up, and is to be handed on in the next turn. */
  givenUp: () => void;
}

/** A lease as its holder shows it. */
export interface Hold {
  name: string;
  lease: string;
}

/** What became of an acknowledgement. */
export type AckResult =
  | { name: string; acknowledged: true; error?: undefined }
  | { name: string; acknowledged: false; error: Failure };

export class Leasing {
  readonly #deps: LeasingDeps;
  readonly #waiters: Waiters<LeaseRequest, Task[]>;
  readonly table: LeaseTable;

  constructor(around: LeasingDeps) {
    this.#deps = around;
    this.table = new LeaseTable(around.store.leasable);
    this.#waiters = new Waiters({
      now: around.now,
      serve: (request) => {
        const tasks = around.isClosed() ? [] : this.#take(request);
        return tasks.length > 0 ? tasks : undefined;
      },
      timedOut: () => [],
      nextMoment: () => this.table.nextMoment(around.now()),
    });
  }

  /** Leases what is available; if there is nothing, waits as long as the request says. */
  async lease(request: LeaseRequest): Promise<Answer<Task[]>> {
    const refusal = checkLeaseRequest(request) ?? this.#refusalWhileClosed();
    if (refusal) return refusal;
    const tasks = this.#take(request);
    const { waitSeconds = 0 } = request;
    if (tasks.length > 0 || waitSeconds === 0) return { ok: tasks };
    return { ok: await this.#waiters.wait(request, waitSeconds) };
  }

  /** Ends tasks whose leases hold; each hold stands for itself. */
  acknowledge(holds: readonly Hold[]): AckResult[] {
    const { now: clock, store, transaction } = this.#deps;
    const now = clock();
    return transaction(() => {
      const results = holds.map((hold) => this.#acknowledgeOne(hold, now));
      store.sweep(now);
      return results;
    });
  }

  /** The lease ends `seconds` from now; with 0 the task is given back. */
  modify({ name, lease: token }: Hold, seconds: number): Answer<Task> {
    const refusal = this.#refusalWhileClosed() ?? checkLeaseSeconds(seconds);
    if (refusal) return refusal;
    const { now: clock, store, transaction } = this.#deps;
    const now = clock();
    const held = this.#held({ name, lease: token }, now);
    if (held.failure) return held;
    const until = endOf(seconds, now);
    const task = transaction(() => store.lease(held.ok, until, held.ok.progress)) as TaskRow;
    this.table.lease(task, until);
    this.serve();
    return { ok: this.#view(task, seconds === 0 ? "due" : "leased") };
  }

  /** Something changed: whoever waits may have something now. */
  serve(): void {
    this.#waiters.serve();
  }

  #acknowledgeOne(hold: Hold, now: number): AckResult {
    const { store } = this.#deps;
    const { config } = this.#deps.entry;
    const held = this.#held(hold, now);
    if (held.failure) return { name: hold.name, acknowledged: false, error: held.failure };
    store.complete(held.ok, now, acknowledged(held.ok.progress, now), config);
    this.table.forget(held.ok.key);
    return { name: hold.name, acknowledged: true };
  }

  #held({ name, lease: token }: Hold, now: number): Answer<TaskRow> {
    const { store } = this.#deps;
    const { config } = this.#deps.entry;
    const found = store.find(name, now);
    if (!found) {
      return refuse("UNKNOWN_TASK", `name: the queue "${config.name}" has no task "${name}"`);
    }
    if (found.kind !== "live") {
      return refuse("TOMBSTONED_TASK", `name: the task "${name}" has ended: ${found.row.state}`);
    }
    const { failure } = checkHeld(found.task, token, now);
    return failure ? { failure } : { ok: found.task };
  }

  #take(request: LeaseRequest): Task[] {
    const { now: clock, statistics, transaction } = this.#deps;
    const now = clock();
    const tasks = transaction(() => this.#leaseAll(this.#choose(request, now), request, now));
    statistics.leased(tasks.length, now);
    return tasks.map((task) => this.#view(task, "leased"));
  }

  // By the tag of the oldest: if that one has no tag, only those of the same window that have none either
  // (App Engine).
  #choose({ maxTasks, tag, oldestTag = false }: LeaseRequest, now: number): Leasable[] {
    const chosen = this.table.available(now, maxTasks, tag);
    if (!oldestTag) return chosen;
    const oldest = chosen[0]?.tag;
    if (oldest !== undefined) return this.table.available(now, maxTasks, oldest);
    return chosen.filter((task) => task.tag === undefined);
  }

  #leaseAll(chosen: readonly Leasable[], request: LeaseRequest, now: number): TaskRow[] {
    const until = endOf(request.leaseSeconds, now);
    const leased: TaskRow[] = [];
    let bytes = 0;
    for (const { key, name } of chosen) {
      const task = this.#deps.store.tasks.at(key, name);
      bytes += task?.body?.length ?? 0;
      if (leased.length > 0 && bytes > MAX_CALL_BYTES) break;
      const row = task && this.#leaseOne(task, until, now);
      if (row) leased.push(row);
    }
    return leased;
  }

  // A task that has had all its leases is given up instead, and is not in the answer (App Engine).
  #leaseOne(task: TaskRow, until: number, now: number): TaskRow | undefined {
    const { store } = this.#deps;
    const { config } = this.#deps.entry;
    const limit = task.spec.retry?.limit ?? config.retry.limit;
    const { step, progress } = leaseAgain(task.progress, task.lease, now, limit);
    if (step === "fail") {
      store.fail(task, now, progress, config);
      if (config.failedQueue) this.#deps.givenUp();
      this.table.forget(task.key);
      return undefined;
    }
    this.#deps.statistics.started(task.lease ?? task.due, now);
    this.table.lease(task, until);
    return store.lease(task, until, progress);
  }

  #refusalWhileClosed(): Refusal | undefined {
    if (!this.#deps.isClosed()) return undefined;
    const { name } = this.#deps.entry.config;
    const message = `queue: "${name}" is paused, or not defined any more: nothing is leased`;
    return refuse("QUEUE_PAUSED", message);
  }

  #view(task: TaskRow, state: "leased" | "due"): Task {
    return taskView(this.#deps.entry.config.name, state, task);
  }
}

// Of no seconds, it is over in this same millisecond.
function endOf(seconds: number, now: number): number {
  return seconds === 0 ? now - 1 : now + Math.round(seconds * 1000);
}
