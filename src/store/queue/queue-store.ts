// What a queue's object keeps: the legal transitions of a task, each one method over the tables it
// touches, and the only place that changes a name's row. Callers run them inside a commit.

import { isWindow, windowEnd } from "../../core/task/add-rule.ts";
import { unbegun } from "../../core/task/cut-off.ts";
import { hasStarted } from "../../core/task/expiry.ts";
import { type Result, resultFromStored, type StoredResult } from "../../core/task/result.ts";
import {
  type AcceptedTask,
  NO_PROGRESS,
  type Progress,
  type StoredTask,
  type TaskSpec,
} from "../../core/task/task.ts";
import { Meta } from "../meta.ts";
import type { Sql } from "../sql.ts";
import { AcceptedGroups } from "./accepted-groups.ts";
import { DeadLetterOutbox } from "./dead-letter-outbox.ts";
import { ExpirySweep, type SweepProgress } from "./expiry-sweep.ts";
import { FailedTasks } from "./failed-tasks.ts";
import type { Found } from "./found.ts";
import {
  type GroupEvent,
  GroupOutbox,
  type OutboxState,
  type SubtaskState,
} from "./group-outbox.ts";
import { LargeResults } from "./large-results.ts";
import { LeasableTasks } from "./leasable-tasks.ts";
import { LineTables } from "./line-tables.ts";
import { type EndedRow, type NameQuery, type NameRow, Names } from "./names.ts";
import { type QueueMetaValues, READ_AT_START } from "./queue-meta.ts";
import { RowCount } from "./row-count.ts";
import { dueOf, keyInName } from "./row-key.ts";
import { RuledTasks } from "./ruled-tasks.ts";
import { Succession } from "./succession.ts";
import { type CountsState, TaskCounts } from "./task-counts.ts";
import { type StepsState, TaskSteps } from "./task-steps.ts";
import { type BriefTask, type TaskRow, Tasks } from "./tasks.ts";

/** How long ended tasks are remembered, in seconds. */
export interface Retention {
  tombstoneTtl: number;
  keepFailed: number;
  /** Whether what handlers answered is kept as long as their tasks' tombstones. */
  keepResults?: boolean;
  /** The queue that failed tasks are forwarded to. */
  failedQueue?: string;
}

/** A task that is done: when (ms since 1970), after which attempts, and what its handler answered. */
export interface Completion {
  task: TaskRow;
  now: number;
  progress: Progress;
  result?: StoredResult | undefined;
}

/** The row of a task, or of the record of a failed one. */
export interface Place {
  key: number;
  name: string;
  /** Its record is one of a task that has expired, which lie by themselves. */
  isExpired?: boolean;
}

/** The task that was added, or what has its name already. */
export type AddOutcome = { added: TaskRow } | { taken: Found };

export class QueueStore {
  readonly tasks: Tasks;
  readonly leasable: LeasableTasks;
  readonly lines: LineTables;
  readonly failed: FailedTasks;
  readonly ruled: RuledTasks;
  readonly succession: Succession;
  readonly largeResults: LargeResults;
  readonly deadLetters: DeadLetterOutbox;
  readonly groupOutbox: GroupOutbox;
  readonly acceptedGroups: AcceptedGroups;
  readonly meta: Meta<QueueMetaValues>;
  readonly counts: TaskCounts;
  readonly sweep: ExpirySweep;
  readonly steps = new TaskSteps();
  readonly #ownName: (name: string) => string | undefined;
  readonly #names: Names;
  readonly #ended: (name?: string) => void;

  /**
   * `random` gives the random part of generated names, 0 to 1. `ended` is called with the name of each task that
   * ends, without one when all do; the transaction may still be rolled back then. `ownName`: the name itself, if
   * it is one for this object, or else one like it that is, if there is one. `placedAt` is called with the key of a task
   * that comes onto the queue because another has ended. `hasLines`: whether tasks with a key or a priority are put in
   * lines.
   */
  constructor(
    sql: Sql,
    random: () => number,
    ended: (name?: string) => void = () => {},
    ownName: (name: string) => string | undefined = (name) => name,
    placedAt: (key: number) => void = () => {},
    hasLines = true,
  ) {
    this.#ended = ended;
    this.#ownName = ownName;
    this.leasable = new LeasableTasks(sql);
    this.largeResults = new LargeResults(sql);
    this.deadLetters = new DeadLetterOutbox(sql);
    this.groupOutbox = new GroupOutbox(sql);
    this.acceptedGroups = new AcceptedGroups(sql);
    this.meta = new Meta(sql, READ_AT_START);
    this.lines = new LineTables(sql, this.meta);
    const rows = new RowCount(this.meta, "tasksCount");
    this.tasks = new Tasks(
      sql,
      random,
      rows,
      hasLines ? () => this.lines.make() : undefined,
      ownName,
    );
    this.failed = new FailedTasks(sql, new RowCount(this.meta, "failedCount"));
    this.ruled = new RuledTasks(sql, this.meta);
    this.counts = new TaskCounts(sql, this.tasks, this.failed, this.ruled);
    this.#names = new Names(sql, (now) => this.sweep.mayHaveExpired(now));
    const { deadLetters, failed, meta, largeResults: results, ruled, tasks } = this;
    this.sweep = new ExpirySweep({ failed, meta, results, ruled, names: this.#names });
    this.succession = new Succession({
      ...{ tasks, names: this.#names, ruled, deadLetters },
      find: (name, now) => this.find(name, now),
      keptIn: (progress) => this.keptIn(progress),
      isLetter: (task) => this.isLetter(task),
      placed: (task) => {
        this.steps.made("added", task);
        placedAt(task.key);
      },
    });
  }

  /** What is made with the names themselves, for a part that a Worker may leave out. */
  withNames<T>(make: (names: Names) => T): T {
    return make(this.#names);
  }

  /** Writes what is gathered during a transaction, at its end; `now` in ms since 1970. */
  flush(now: number): void {
    this.groupOutbox.write();
    this.counts.store(now);
  }

  /** What memory holds beside the rows, as it is before a transaction. */
  save(): QueueStoreState {
    return {
      counts: this.counts.save(),
      groupOutbox: this.groupOutbox.save(),
      cancelled: this.acceptedGroups.save(),
      steps: this.steps.save(),
      sweep: this.sweep.save(),
    };
  }

  /** The transaction was rolled back: memory goes back with the rows. */
  restore(saved: QueueStoreState): void {
    this.counts.restore(saved.counts);
    this.groupOutbox.restore(saved.groupOutbox);
    this.acceptedGroups.restore(saved.cancelled);
    this.meta.restore();
    this.steps.restore(saved.steps);
    this.sweep.restore(saved.sweep);
    this.ruled.expiries.restore();
  }

  /** What a name belongs to at `now`, or undefined when it is free. */
  find(name: string, now: number): Found | undefined {
    return this.#found(name, this.#names.find(name, now));
  }

  #found(name: string, row: NameRow | undefined): Found | undefined {
    if (!row) {
      const task = this.tasks.byGeneratedName(name);
      return task && { kind: "live", task };
    }
    if (row.state === "failed") {
      const task =
        row.key === null
          ? undefined
          : this.keptIn(row.record?.progress ?? NO_PROGRESS).at(row.key, name);
      return task ? { kind: "failed", task, row } : { kind: "ended", row };
    }
    if (row.state === "done" || row.state === "deleted") return { kind: "ended", row };
    const task = this.tasks.at(row.key as number, name);
    return task && { kind: "live", task };
  }

  /** Whether the record of a task that failed is to go to the dead-letter queue. */
  isLetter({ key, progress }: Pick<TaskRow, "key" | "progress">): boolean {
    return !progress.expired && this.deadLetters.has(key);
  }

  /** Where the record of a task is kept that has failed, or has expired. */
  keptIn({ expired }: Progress): FailedTasks {
    return expired ? this.ruled.expired : this.failed;
  }

  /** Puts a new task on the queue and takes its name, or answers what has the name already. */
  add(task: AcceptedTask, now: number): AddOutcome {
    this.#checkOwn(task);
    const found = task.name === undefined ? undefined : this.find(task.name, now);
    return found ? { taken: found } : { added: this.#insert(task, now) };
  }

  /** The same where a task of the name has ended: what is left of that makes room. */
  addAgain(task: AcceptedTask & { name: string }, now: number): AddOutcome {
    this.#checkOwn(task);
    const found = this.find(task.name, now);
    if (found?.kind === "live") return { taken: found };
    if (found?.kind === "failed") this.succession.rename(found);
    return { added: this.#insert(task, now) };
  }

  #insert(task: AcceptedTask, now: number): TaskRow {
    const added = this.tasks.insert(task, now);
    if (added.named) this.#names.take(added.name, added.key, now);
    this.steps.made("added", added);
    if (added.spec.expires !== undefined) this.ruled.expect(added);
    return added;
  }

  /** Puts a new task in the place of one that waits, which counts as deleted and leaves nothing. */
  replace(old: TaskRow, task: AcceptedTask, now: number): TaskRow {
    if (!this.tasks.remove(old)) throw new Error("a task is not where it was");
    this.ruled.unexpect(old);
    this.steps.made("deleted", old);
    return this.#insert({ ...task, name: old.name }, now);
  }

  /** The task is done, with this result; false when it was no longer there. */
  complete(
    task: TaskRow,
    now: number,
    progress: Progress,
    retention: Retention,
    result?: StoredResult,
  ): boolean {
    if (!this.tasks.remove(task)) return false;
    this.#completed({ task, now, progress, result }, retention);
    return true;
  }

  /** The tasks are done. Throws if one of them was no longer there. */
  completeAll(ends: readonly Completion[], retention: Retention): void {
    this.tasks.removeAll(ends.map(({ task }) => task));
    const tombstones: EndedRow[] = [];
    for (const end of ends) {
      if (retention.keepResults || !end.task.named || isWindow(end.task.spec))
        this.#completed(end, retention);
      else {
        tombstones.push(this.#tombstone(end, retention));
        this.#done(end);
      }
    }
    this.#names.endAll(tombstones);
  }

  #tombstone({ task, now, progress }: Completion, { tombstoneTtl }: Retention): EndedRow {
    const expires = tombstoneEnd(task, now, tombstoneTtl);
    this.sweep.expect(expires);
    return { ...endedRow(task, "done", now, progress), expires };
  }

  /** Puts new tasks on the queue, in their order; for each what `add` answers. */
  addAll(tasks: readonly AcceptedTask[], now: number): AddOutcome[] {
    for (const task of tasks) this.#checkOwn(task);
    const taken = this.takenOf(tasks, now);
    const free = tasks.filter((_, i) => taken[i] === undefined);
    const added = this.tasks.insertAll(free, now);
    this.#names.takeAll(
      added.filter(({ named }) => named),
      now,
    );
    this.steps.allMade("added", added);
    for (const task of added) if (task.spec.expires !== undefined) this.ruled.expect(task);
    const outcomes: AddOutcome[] = [];
    let next = 0;
    for (const [i, task] of tasks.entries()) {
      if (taken[i] === undefined) outcomes.push({ added: added[next++] as TaskRow });
      // A name that was free before the first of its tasks came.
      else if (taken[i] === "twice") outcomes.push(this.add(task, now));
      else outcomes.push({ taken: taken[i] });
    }
    return outcomes;
  }

  // Whoever was told that its name is one for here was told so before the number of shards changed.
  #checkOwn({ name }: AcceptedTask): void {
    if (name !== undefined && this.#ownName(name) !== name)
      throw new Error(
        `the task "${name}" belongs to another shard by now, expected to be asked again`,
      );
  }

  /** What has each task's name; "twice" where a task before it has. */
  takenOf(tasks: readonly AcceptedTask[], now: number): (Found | "twice" | undefined)[] {
    const names = tasks.flatMap(({ name }) => name ?? []);
    if (names.length === 0) return [];
    const rows = this.#names.findAll(names, now);
    const seen = new Set<string>();
    return tasks.map(({ name }) => {
      if (name === undefined) return undefined;
      const found = this.#found(name, rows.get(name));
      if (found || seen.size < seen.add(name).size) return found;
      return "twice";
    });
  }

  #completed(
    { task, now, progress, result }: Completion,
    { tombstoneTtl, keepResults = false }: Retention,
  ): void {
    // Else its name is that of the one behind it by now.
    if (!this.succession.succeed(task, now)) {
      const until = tombstoneEnd(task, now, tombstoneTtl);
      if (keepResults) this.#storeResult(task, now, progress, until, result);
      else this.#release(task, "done", now, progress, tombstoneTtl);
    }
    this.#done({ task, now, progress, result });
  }

  #done({ task, progress, result }: Completion): void {
    this.steps.made("done", task, progress);
    this.#ended(task.name);
    this.#report(task, "done", result ? { result } : {});
  }

  /** A master has run and waits for its group; its row, or undefined when it was no longer there. */
  park(task: TaskRow, now: number, progress: Progress & { waitsFor: string }): TaskRow | undefined {
    const key = this.tasks.park(task, now, progress);
    if (key === undefined) return undefined;
    this.groupOutbox.add(progress.waitsFor, { parked: task.name, madeAt: task.createdAt });
    return this.#placed({ ...task, key, progress });
  }

  // A result is asked for by name, so here a task with a generated name leaves a tombstone too.
  #storeResult(
    task: TaskRow,
    now: number,
    progress: Progress,
    expires: number,
    stored: StoredResult | undefined,
  ): void {
    const row = { ...endedRow(task, "done", now, progress), expires };
    const result = stored && resultFromStored(stored);
    if (result && !this.#names.fits({ ...row, result })) {
      const key = this.largeResults.add(task.name, result, expires);
      this.#endName(task, { ...row, key });
    } else this.#endName(task, result ? { ...row, result } : row);
    this.sweep.expect(expires);
  }

  #endName({ named }: TaskRow, row: EndedRow): void {
    if (named) this.#names.end(row);
    else this.#names.endGenerated(row);
  }

  /** What a done task left, by the row of its name. */
  resultOf({ name, state, key, result }: NameRow): Result | undefined {
    if (result || state !== "done" || key === null) return result;
    return this.largeResults.at(key, name);
  }

  /**
   * The task runs again at `due`; its row, or undefined when it was no longer there. `priority`: where it stands in its
   * line meanwhile, if not where it stood.
   */
  retry(task: TaskRow, due: number, progress: Progress, priority?: number): TaskRow | undefined {
    const key = this.tasks.move(task, due, progress, priority);
    if (key === undefined) return undefined;
    if (progress.retryCount > task.progress.retryCount)
      this.steps.made("retried", task, progress, due);
    return this.#placed({ ...task, key, progress });
  }

  /** A waiting task is due at `due` instead; its row, or undefined when it was no longer there. */
  reschedule(task: TaskRow, due: number): TaskRow | undefined {
    return this.retry(task, due, unbegun(task.progress));
  }

  /**
   * The task runs at `due` before all others, whatever the rate or a pause say, and this place is a
   * promise: it is left by the end of an attempt alone, and by who moves or deletes the task. Nor does it expire
   * any more. Its row, or undefined when it was no longer there.
   */
  expedite(task: TaskRow, due: number): TaskRow | undefined {
    const progress = unbegun(task.progress);
    const key = this.tasks.expedite({ ...task, progress }, due);
    if (key === undefined) return undefined;
    this.ruled.unexpect(task);
    return this.#placed({ ...task, key, progress });
  }

  /** Tasks that have failed or expired are on the queue again as if they were new, due at `now`; those that were kept. */
  redriveAll(places: readonly Place[], now: number): Place[] {
    return this.#byTable(places).flatMap(([table, own]) => {
      const kept = table.briefsAt(own);
      if (kept.length === 0) return [];
      const restored = this.tasks.restoreAll(kept, now, { table: table.table, again: anew(now) });
      table.removeAll(kept);
      this.steps.allMade("redriven", kept);
      for (const task of kept) this.#report(task, "open");
      this.#names.placeAll(restored.filter(hasPlace));
      this.#names.removeAll(restored.flatMap((task) => (hasPlace(task) ? [] : task.name)));
      return restored;
    });
  }

  /** A pull task is leased until `lease` (ms since 1970); its row, or undefined when it was no longer there. */
  lease(task: TaskRow, lease: number, progress: Progress): TaskRow | undefined {
    if (task.spec.key !== undefined) this.lines.makeLeases();
    if (!this.leasable.lease(task, lease, progress)) return undefined;
    // One more among its attempts: a lease that ran out, or was given back.
    if (progress.attempts !== task.progress.attempts) this.steps.leaseEnded();
    this.steps.made("leased", task, progress, lease);
    this.ruled.unexpect(task);
    return { ...task, lease, progress };
  }

  /**
   * The lease of a pull task reached nobody: the task is where it was before it was ever leased, to be had at
   * once. False when it was no longer there, or has another lease.
   */
  withdrawLease(task: TaskRow, progress: Progress): boolean {
    if (!this.leasable.unlease(task, progress)) return false;
    if (task.spec.expires !== undefined && !hasStarted(progress)) this.ruled.expect(task);
    return true;
  }

  /** The task has no attempts left and is kept as failed; false when it was no longer there. */
  fail(task: TaskRow, now: number, progress: Progress, retention: Retention): boolean {
    if (!this.tasks.remove(task)) return false;
    this.steps.made("failed", task, progress);
    const kept = this.#keep(task, now, progress, retention);
    if (retention.failedQueue) this.deadLetters.add(kept);
    const error = progress.attempts.at(-1)?.error;
    this.#report(task, "failed", error === undefined ? {} : { error });
    return true;
  }

  /** The task was not started in time, and is kept as a failed one is; false when it was no longer there. */
  expire(task: TaskRow, now: number, retention: Retention): boolean {
    if (!this.tasks.remove(task)) return false;
    this.ruled.use();
    this.ruled.unexpect(task);
    this.steps.made("expired", task);
    this.#keep(task, now, { ...task.progress, expired: true }, retention);
    this.#report(task, "failed", { error: "expired" });
    return true;
  }

  /** The same of one whose time to start is over; false when it was started before. */
  expireInTime(task: TaskRow, now: number, retention: Retention): boolean {
    if (this.ruled.expiresAt(task) === undefined) return false;
    return this.expire(task, now, retention);
  }

  /** Where the record of a task lies that is none of the queue's any more, and under which name. */
  #keep(
    task: TaskRow,
    now: number,
    progress: Progress,
    { keepFailed, tombstoneTtl }: Retention,
  ): { key: number; name: string } {
    this.#ended(task.name);
    const kept = now + keepFailed * 1000;
    const key = this.keptIn(progress).add({ ...task, progress }, kept);
    this.sweep.expect(kept);
    const row = { ...endedRow(task, "failed", now, progress), key };
    if (this.ruled.successorOf(task)) {
      const name = this.succession.rename({
        kind: "failed",
        task: { ...task, key, progress },
        row: { ...row, expires: kept },
      });
      this.succession.succeed(task, now);
      return { key, name };
    }
    const until = task.named ? Math.max(kept, tombstoneEnd(task, now, tombstoneTtl)) : kept;
    this.#endName(task, { ...row, expires: until });
    return { key, name: task.name };
  }

  /** The task is deleted by someone; false when it was no longer there. */
  delete(task: TaskRow, now: number, { tombstoneTtl }: Retention): boolean {
    if (!this.tasks.remove(task)) return false;
    this.steps.made("deleted", task);
    this.#release(task, "deleted", now, task.progress, tombstoneTtl);
    this.#deleted(task);
    return true;
  }

  /**
   * Deletes what lies under these names: tasks on the queue, and records of failed ones, whose names stay tombstones as
   * long as they were to be. Where those that were there lay.
   */
  deleteAll(
    names: readonly string[],
    now: number,
    { tombstoneTtl }: Pick<Retention, "tombstoneTtl">,
  ): Record<"live" | "failed", Place[]> {
    const { rows, ...places } = this.#placesOf(names, now);
    const live = this.tasks.briefsAt(places.live);
    const failed = this.#takeRecords(places.failed);
    this.tasks.removeAll(live);
    // One that was deleted has its window no more.
    const expires = now + tombstoneTtl * 1000;
    const ended: EndedRow[] = live
      .filter(({ named }) => named)
      .map((task) => ({ ...endedRow(task, "deleted", now, task.progress), expires }));
    if (ended.length > 0) this.sweep.expect(expires);
    const freed = live.filter((task) => !task.named && hasPlace(task));
    for (const task of failed) {
      const row = rows.get(task.name) as EndedRow;
      if (task.named) ended.push({ ...row, state: "deleted", key: null });
      else freed.push(task);
    }
    this.#names.endAll(ended);
    this.#names.removeAll(freed.map(({ name }) => name));
    this.steps.allMade("deleted", live);
    this.steps.recordsDeleted(failed);
    for (const task of live) this.#deleted(task);
    return { live, failed };
  }

  #deleted(task: BriefTask): void {
    this.#ended(task.name);
    this.ruled.deleted(task);
    this.#report(task, "deleted");
  }

  /** Removes records of failed and of expired tasks; those that were there. */
  #takeRecords(places: readonly Place[]): BriefTask[] {
    return this.#byTable(places).flatMap(([table, own]) => {
      const tasks = table.briefsAt(own);
      table.removeAll(tasks);
      return tasks;
    });
  }

  /** Which of the records lie where; without tables that have none. */
  #byTable(places: readonly Place[]): [table: FailedTasks, own: Place[]][] {
    const ofFailed = places.filter(({ isExpired }) => !isExpired);
    const ofExpired = places.filter(({ isExpired }) => isExpired);
    const each: [FailedTasks, Place[]][] = [
      [this.failed, ofFailed],
      [this.ruled.expired, ofExpired],
    ];
    return each.filter(([, own]) => own.length > 0);
  }

  /** Where records of failed and of expired tasks of these names lie. */
  failedOf(names: readonly string[], now: number): Place[] {
    return this.#placesOf(names, now).failed;
  }

  /** What the rows of names say, each once; those that have none may be generated ones. */
  #placesOf(names: readonly string[], now: number) {
    const rows = this.#names.findAll(names, now);
    const live: Place[] = [];
    const failed: Place[] = [];
    for (const name of new Set(names)) {
      const { state, record, key = keyInName(name) } = rows.get(name) ?? {};
      if (key === undefined || key === null) continue;
      const isExpired = record?.progress.expired ?? false;
      if (state === "failed") failed.push({ name, key, isExpired });
      else if (state !== "done" && state !== "deleted") live.push({ name, key });
    }
    return { rows, live, failed };
  }

  /** A failed task is on its dead-letter queue: its record goes, and its name says that it failed. */
  deadLetter(task: TaskRow, now: number): void {
    this.#forgetRecord(task, now, "failed");
  }

  /** Names of ended tasks, in their order: a page may be short, or empty, and yet have a next. */
  tombstones(query: NameQuery, now: number): { rows: NameRow[]; next?: string } {
    const kept = this.ruled.exist ? ALL_KEPT : FAILED_KEPT;
    return this.#names.ended(query, now, kept);
  }

  /** Everything is forgotten but the values of `keys`: what there was is elsewhere. */
  leave(...keys: readonly (keyof QueueMetaValues)[]): void {
    this.tasks.clear();
    this.failed.clear();
    this.largeResults.clear();
    this.deadLetters.clear();
    this.groupOutbox.clear();
    this.acceptedGroups.clear();
    this.lines.clear();
    this.ruled.clear();
    this.#names.clear();
    this.meta.clearBut(...keys);
    this.sweep.reset();
  }

  /** Frees the name of a task that has ended; false when it is free already, or its task is kept. */
  releaseName(name: string, now: number): boolean {
    if (this.find(name, now)?.kind !== "ended") return false;
    this.#names.remove(name);
    return true;
  }

  /**
   * Deletes up to `limit` tasks behind the key `after`, and says which; none, when there are none left. Failed
   * ones are records, not on the queue, and stay.
   */
  purge(
    now: number,
    { tombstoneTtl }: Pick<Retention, "tombstoneTtl">,
    limit: number,
    after = -1,
  ): { key: number; name: string }[] {
    const page = this.tasks.places(after, limit);
    const upTo = page.at(-1)?.key;
    if (upTo === undefined) return page;
    const expires = now + tombstoneTtl * 1000;
    if (this.acceptedGroups.any())
      for (const task of this.tasks.ofGroupsBetween(after, upTo)) this.#report(task, "deleted");
    this.#names.endTasks(after, upTo, now, expires);
    this.ruled.deletedBetween(after, upTo);
    const count = this.tasks.removeBetween(after, upTo);
    this.steps.purged(count);
    this.#ended();
    this.sweep.expect(expires);
    return page;
  }

  /**
   * Everything is forgotten: tasks, failed ones, names and the meta values. Tasks of groups count as
   * deleted; the events that say so stay in the outbox until they are delivered.
   */
  erase(): void {
    if (this.acceptedGroups.any())
      for (const task of this.tasks.ofGroupsBetween(-1, Number.MAX_SAFE_INTEGER))
        this.#report(task, "deleted");
    this.tasks.clear();
    this.#ended();
    this.failed.clear();
    this.largeResults.clear();
    this.deadLetters.clear();
    this.acceptedGroups.clear();
    this.lines.clear();
    this.ruled.clear();
    this.#names.clear();
    this.meta.clearAll();
    this.sweep.reset();
  }

  #forgetRecord(task: TaskRow, now: number, state: "deleted" | "failed"): void {
    // Forgotten already, its name may be another task's by now.
    if (!this.keptIn(task.progress).remove(task)) return;
    const row = this.#names.find(task.name, now);
    const { expires, record } = row ?? {};
    if (task.named && expires && record) {
      this.#names.end({ name: task.name, state, key: null, expires, record });
    } else {
      this.#names.remove(task.name);
    }
  }

  #report(
    { name, spec }: Pick<TaskRow, "name" | "spec">,
    state: SubtaskState,
    more: GroupEvent = {},
  ): void {
    const { group } = spec;
    if (group?.index === undefined) return;
    const { index, made } = group;
    if (state !== "open") this.steps.ofGroup(state);
    const own = made === undefined ? more : { ...more, made };
    this.groupOutbox.add(group.name, { index, name, state, ...own });
  }

  // A task that came back to the place its generated name says is found without a row.
  #placed(task: TaskRow): TaskRow {
    if (hasPlace(task)) {
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
      // One that was deleted has its window no more.
      const expires = state === "done" ? tombstoneEnd(task, now, ttl) : now + ttl * 1000;
      this.#names.end({ ...endedRow(task, state, now, progress), expires });
      this.sweep.expect(expires);
    } else if (keyInName(task.name) !== task.key) {
      this.#names.remove(task.name);
    }
  }
}

const FAILED_KEPT = ["failed"] as const;
const ALL_KEPT = ["failed", "expired"] as const;

/** What `restore` goes back to. */
export interface QueueStoreState {
  counts: CountsState;
  groupOutbox: OutboxState;
  cancelled: ReadonlySet<string>;
  steps: StepsState;
  sweep: SweepProgress;
}

/** Whether it is not found by the key in its name alone. */
function hasPlace({ name, named, key }: Pick<TaskRow, "name" | "named" | "key">): boolean {
  return named || keyInName(name) !== key;
}

function endedRow(
  { name, createdAt }: Pick<StoredTask, "name" | "createdAt">,
  state: EndedRow["state"],
  endedAt: number,
  progress: Progress,
): Omit<EndedRow, "expires"> {
  return { name, state, key: null, record: { createdAt, endedAt, progress } };
}

/** When the name of a task that has ended is free: not while the window of a throttled one goes on, which it has. */
function tombstoneEnd(
  { createdAt, spec: { throttle } }: Pick<StoredTask, "createdAt" | "spec">,
  now: number,
  ttl: number,
): number {
  const end = now + ttl * 1000;
  return throttle ? Math.max(end, windowEnd(throttle, createdAt)) : end;
}

/** What a failed task is when it is new again. Who puts it back wants it to run, whenever that is. */
function anew(now: number): (spec: TaskSpec) => TaskSpec {
  return (spec) => {
    if (spec.expires === undefined && spec.since === undefined) return spec;
    const { expires: _, since, ...rest } = spec;
    return since === undefined ? rest : { ...rest, since: now };
  };
}
