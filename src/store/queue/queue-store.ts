// A queue's memory: the legal steps of a task's life, each one method over the tables it touches. What
// a step may do to a name stands here and nowhere else. Callers wrap steps in `transaction`.

import { noTransitions, type TransitionCounts } from "../../core/metrics/transitions.ts";
import { resultFromStored, type StoredResult } from "../../core/task/result.ts";
import {
  type AcceptedTask,
  NO_PROGRESS,
  type Progress,
  type StoredTask,
} from "../../core/task/task.ts";
import { Recurring } from "../cron/schedule-states.ts";
import { Directory } from "../directory/known-queues.ts";
import { Members } from "../group/members.ts";
import { Meta } from "../meta.ts";
import { migrate } from "../migrations.ts";
import type { Sql } from "../sql.ts";
import { Joined } from "./accepted-groups.ts";
import { Outbox } from "./dead-letter-outbox.ts";
import { FailedTasks } from "./failed-tasks.ts";
import { type Entry, type MemberState, News } from "./group-outbox.ts";
import { LeasableTasks } from "./leasable-tasks.ts";
import { type NameQuery, type NameRow, Names, type TaskRecord } from "./names.ts";
import { Results } from "./results.ts";
import { RowCount } from "./row-count.ts";
import { dueOf, keyInName } from "./row-key.ts";
import { Tally } from "./task-counts.ts";
import { type TaskRow, Tasks } from "./tasks.ts";

/** How long ended tasks are remembered, in seconds. */
export interface Retention {
  tombstoneTtl: number;
  keepFailed: number;
  /** Whether what handlers answered is kept as long as their tasks' tombstones. */
  keepResults?: boolean;
  /** The queue that failed tasks are handed on to. */
  failedQueue?: string;
}

/** What a name stands for. */
export type Found =
  | { kind: "live"; task: TaskRow }
  | { kind: "failed"; task: TaskRow; row: NameRow }
  | { kind: "ended"; row: NameRow };

const SWEEP_PAGE = 500;
const SWEEP_EVERY_MS = 6 * 3600 * 1000;

export class Store {
  readonly tasks: Tasks;
  readonly leasable: LeasableTasks;
  readonly failed: FailedTasks;
  readonly results: Results;
  readonly outbox: Outbox;
  readonly news: News;
  readonly joined: Joined;
  /** Of a group's own object. */
  readonly members: Members;
  /** Of the object that keeps recurring tasks. */
  readonly recurring: Recurring;
  readonly meta: Meta;
  readonly directory: Directory;
  readonly tally: Tally;
  readonly #names: Names;
  #steps = noTransitions();
  #sweepAt: number | undefined;
  #sweptTo = "";
  #earliest = Infinity;

  /** `random` gives the random part of generated names, 0 to 1. */
  constructor(sql: Sql, random: () => number) {
    migrate(sql);
    this.leasable = new LeasableTasks(sql);
    this.results = new Results(sql);
    this.outbox = new Outbox(sql);
    this.news = new News(sql);
    this.joined = new Joined(sql);
    this.members = new Members(sql);
    this.recurring = new Recurring(sql);
    this.meta = new Meta(sql);
    this.tasks = new Tasks(sql, random, new RowCount(this.meta, "tasksCount"));
    this.failed = new FailedTasks(sql, new RowCount(this.meta, "failedCount"));
    this.tally = new Tally(sql, this.tasks, this.failed);
    this.directory = new Directory(sql);
    this.#names = new Names(sql);
    this.#sweepAt = this.meta.get("sweepAt");
  }

  /** All of `work` or nothing of it; `now` in ms since 1970. */
  transaction<T>(now: number, work: () => T): T {
    const news = this.news.saved();
    const steps = { ...this.#steps };
    try {
      return this.tally.transaction(now, () => {
        const value = work();
        this.news.write();
        return value;
      });
    } catch (error) {
      this.news.undo(news);
      this.#steps = steps;
      throw error;
    }
  }

  /** What happened to tasks since this was last asked. */
  takeSteps(): TransitionCounts {
    const steps = this.#steps;
    this.#steps = noTransitions();
    return steps;
  }

  /** What a name stands for at `now`, or undefined when it is free. */
  find(name: string, now: number): Found | undefined {
    const row = this.#names.find(name, now);
    if (!row) {
      const task = this.tasks.byGeneratedName(name);
      return task && { kind: "live", task };
    }
    if (row.state === "failed") {
      const task = row.key === null ? undefined : this.failed.at(row.key, name);
      return task ? { kind: "failed", task, row } : { kind: "ended", row };
    }
    if (row.state === "done" || row.state === "deleted") return { kind: "ended", row };
    const task = this.tasks.at(row.key as number, name);
    return task && { kind: "live", task };
  }

  /** Puts a new task on the queue and takes its name, or answers what the name stands for already. */
  add(task: AcceptedTask, now: number): { added: TaskRow } | { taken: Found } {
    const found = task.name === undefined ? undefined : this.find(task.name, now);
    if (found) return { taken: found };
    const added = this.tasks.insert(task, now);
    if (added.named) this.#names.place(added.name, "live", added.key);
    this.#steps.added++;
    return { added };
  }

  /** The task is done, with this result; false when it was no longer there. */
  complete(
    task: TaskRow,
    now: number,
    progress: Progress,
    { tombstoneTtl, keepResults = false }: Retention,
    result?: StoredResult,
  ): boolean {
    if (!this.tasks.remove(task)) return false;
    if (keepResults) this.#leaveResult(task, now, progress, now + tombstoneTtl * 1000, result);
    else this.#release(task, "done", now, progress, tombstoneTtl);
    this.#steps.done++;
    this.#tell(task, "done", result ? { result } : {});
    return true;
  }

  /** A master has run and waits for its group; its row, or undefined when it was no longer there. */
  await(
    task: TaskRow,
    now: number,
    progress: Progress & { waitsFor: string },
  ): TaskRow | undefined {
    const key = this.tasks.park(task, now, progress);
    if (key === undefined) return undefined;
    this.news.add(progress.waitsFor, { waits: task.name, madeAt: task.createdAt });
    return this.#placed({ ...task, key, progress });
  }

  // A result is asked for by name, so here a task with a generated name leaves a tombstone too.
  #leaveResult(
    task: TaskRow,
    now: number,
    progress: Progress,
    expires: number,
    result: StoredResult | undefined,
  ): void {
    const key = result ? this.results.keep(task.name, resultFromStored(result), expires) : null;
    this.#names.end(task.name, "done", expires, recordOf(task, now, progress), key);
    this.#expectSweep(expires);
  }

  /** The task runs again at `due`; its row, or undefined when it was no longer there. */
  retry(task: TaskRow, due: number, progress: Progress): TaskRow | undefined {
    const key = this.tasks.move(task, due, progress);
    if (key === undefined) return undefined;
    if (progress.retryCount > task.progress.retryCount) this.#steps.retried++;
    return this.#placed({ ...task, key, progress });
  }

  /** A waiting task is due at `due` instead; its row, or undefined when it was no longer there. */
  reschedule(task: TaskRow, due: number): TaskRow | undefined {
    return this.retry(task, due, task.progress);
  }

  /**
   * The task runs at `due` before all others, whatever the rate or a pause say, and this place is a
   * promise: it is left by the end of an attempt alone, and by who moves or deletes the task. Its row, or
   * undefined when it was no longer there.
   */
  expedite(task: TaskRow, due: number): TaskRow | undefined {
    const key = this.tasks.expedite(task, due);
    return key === undefined ? undefined : this.#placed({ ...task, key });
  }

  /** A failed task is on the queue again as if it were new, due at `now`; its row, or undefined when it was not kept. */
  redrive(task: TaskRow, now: number): TaskRow | undefined {
    if (!this.failed.remove(task)) return undefined;
    this.#steps.added++;
    this.#tell(task, "open");
    return this.#placed(this.tasks.restore({ ...task, progress: NO_PROGRESS }, now));
  }

  /** A pull task is leased until `lease` (ms since 1970); its row, or undefined when it was no longer there. */
  lease(task: TaskRow, lease: number, progress: Progress): TaskRow | undefined {
    if (!this.leasable.lease(task, lease, progress)) return undefined;
    // One more among its attempts: a lease that ran out, or was given back.
    if (progress.attempts !== task.progress.attempts) this.#steps.retried++;
    return { ...task, lease, progress };
  }

  /** The task is given up and kept as failed; false when it was no longer there. */
  fail(task: TaskRow, now: number, progress: Progress, retention: Retention): boolean {
    if (!this.tasks.remove(task)) return false;
    this.#steps.failed++;
    const keptUntil = now + retention.keepFailed * 1000;
    const key = this.failed.keep({ ...task, progress }, keptUntil);
    const nameUntil = task.named
      ? Math.max(keptUntil, now + retention.tombstoneTtl * 1000)
      : keptUntil;
    this.#names.end(task.name, "failed", nameUntil, recordOf(task, now, progress), key);
    if (retention.failedQueue) this.outbox.add({ key, name: task.name });
    this.#expectSweep(keptUntil);
    const error = progress.attempts.at(-1)?.error;
    this.#tell(task, "failed", error === undefined ? {} : { error });
    return true;
  }

  /** The task is deleted by someone; false when it was no longer there. */
  delete(task: TaskRow, now: number, { tombstoneTtl }: Retention): boolean {
    if (!this.tasks.remove(task)) return false;
    this.#steps.deleted++;
    this.#release(task, "deleted", now, task.progress, tombstoneTtl);
    this.#tell(task, "deleted");
    return true;
  }

  /** The record of a failed task is deleted; its name stays a tombstone as long as it was to be. */
  forget(task: TaskRow, now: number): boolean {
    this.#forgetRecord(task, now, "deleted");
    return true;
  }

  /** A failed task lies on another queue now: its record goes, and its name says that it failed. */
  handOn(task: TaskRow, now: number): void {
    this.#forgetRecord(task, now, "failed");
  }

  /** Names of ended tasks, in their order: a page may be short, or empty, and yet have a next. */
  tombstones(query: NameQuery, now: number): { rows: NameRow[]; next?: string } {
    return this.#names.ended(query, now);
  }

  /** Frees the name of a task that has ended; false when it is free already, or its task is kept. */
  releaseName(name: string, now: number): boolean {
    if (this.find(name, now)?.kind !== "ended") return false;
    this.#names.remove(name);
    return true;
  }

  /** Every task on the queue is deleted; failed ones are records, not on the queue, and stay. */
  purge(now: number, { tombstoneTtl }: Retention): void {
    const expires = now + tombstoneTtl * 1000;
    if (this.joined.any()) for (const task of this.tasks.ofGroups()) this.#tell(task, "deleted");
    this.#steps.deleted += this.tasks.clear();
    this.#names.endAll(now, expires);
    this.#expectSweep(expires);
  }

  /** Everything is forgotten: tasks, failed ones, names and what the queue knows of itself. */
  erase(): void {
    this.tasks.clear();
    this.failed.clear();
    this.results.clear();
    this.outbox.clear();
    this.news.clear();
    this.joined.clear();
    this.members.clear();
    this.#names.clear();
    this.meta.clearAll();
    this.#steps = noTransitions();
    this.#sweepAt = undefined;
    this.#sweptTo = "";
    this.#earliest = Infinity;
  }

  /**
   * Forgets a page of what has expired, if any may have; true when there is more to do at once. An
   * expired name is free already: this only gives its room back.
   */
  sweep(now: number): boolean {
    if (this.#sweepAt === undefined || this.#sweepAt > now) return false;
    const names = this.#names.sweep(this.#sweptTo, now, SWEEP_PAGE);
    const failed = this.failed.sweep(now, SWEEP_PAGE);
    const results = this.results.sweep(now, SWEEP_PAGE);
    this.#sweptTo = names.next ?? "";
    this.#earliest = Math.min(this.#earliest, names.earliest, failed.earliest, results.earliest);
    const isMore = failed.removed === SWEEP_PAGE || results.removed === SWEEP_PAGE;
    if (names.next !== undefined || isMore) return true;
    this.#planSweep(
      this.#earliest === Infinity ? undefined : Math.max(this.#earliest, now + SWEEP_EVERY_MS),
    );
    this.#earliest = Infinity;
    return false;
  }

  #forgetRecord(task: TaskRow, now: number, state: "deleted" | "failed"): void {
    const row = this.#names.find(task.name, now);
    this.failed.remove(task);
    if (task.named && row?.expires && row.record) {
      this.#names.end(task.name, state, row.expires, row.record, null);
    } else {
      this.#names.remove(task.name);
    }
  }

  #tell(
    { name, spec }: Pick<TaskRow, "name" | "spec">,
    state: MemberState,
    more: Entry = {},
  ): void {
    const { group } = spec;
    if (group?.index === undefined) return;
    this.news.add(group.name, { index: group.index, name, state, ...more });
  }

  // A task that came back to the place its generated name says is found without a row.
  #placed(task: TaskRow): TaskRow {
    if (task.named || keyInName(task.name) !== task.key) {
      this.#names.place(task.name, task.named ? "live" : "moved", task.key);
    } else {
      this.#names.remove(task.name);
    }
    const { lease: _, ...unleased } = task;
    return { ...unleased, due: dueOf(task.key) };
  }

  #release(
    task: TaskRow,
    state: "done" | "deleted",
    now: number,
    progress: Progress,
    ttl: number,
  ): void {
    if (task.named) {
      const expires = now + ttl * 1000;
      this.#names.end(task.name, state, expires, recordOf(task, now, progress), null);
      this.#expectSweep(expires);
    } else if (keyInName(task.name) !== task.key) {
      this.#names.remove(task.name);
    }
  }

  // Tombstones of one queue live equally long, so the first one's end is the earliest and later ones
  // change nothing: one row in the first tombstone's life, not one each.
  #expectSweep(expires: number): void {
    // A sweep that is under way may be past this name already.
    if (this.#sweptTo !== "") this.#earliest = Math.min(this.#earliest, expires);
    if (this.#sweepAt === undefined || expires < this.#sweepAt) this.#planSweep(expires);
  }

  #planSweep(at: number | undefined): void {
    this.#sweepAt = at;
    if (at === undefined) this.meta.clear("sweepAt");
    else this.meta.set("sweepAt", at);
  }
}

function recordOf({ createdAt }: StoredTask, endedAt: number, progress: Progress): TaskRecord {
  return { createdAt, endedAt, progress };
}
