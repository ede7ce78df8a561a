// The recurring tasks of cron.yaml. When an entry is due, its task is put on its queue under a name made of
// entry and due time, and only then is the due time noted as handled. Whatever ends in between, or does it a
// second time, finds the name taken. Each queue has a job of its own, so one that hangs delays no other.
import type { CronEntry } from "../../core/config/cron-config.ts";
import { type CronTask, dueTask, manualTask } from "../../core/config/cron-task.ts";
import type { CronView } from "../../core/config/cron-view.ts";
import { type Answer, type Failure, refuse } from "../../core/errors.ts";
import type { Meter, MeterCounts } from "../../core/metrics/meter.ts";
import { lastDue } from "../../core/schedule/schedule.ts";
import type { Task } from "../../core/task/task.ts";
import { rfc3339 } from "../../core/task/task-view.ts";
import type { ScheduleRow } from "../../store/cron/schedule-states.ts";
import { AlarmJob, type JobRun } from "../alarm-job.ts";
import type { Job } from "../host.ts";
import { writeLine, writes } from "../log.ts";
import type { QueueRpc } from "../rpc.ts";
import { type ScheduleDeps, type ScheduleState, Schedules } from "./schedule-state.ts";
import { cronView } from "./view.ts";

export interface SchedulerDeps extends ScheduleDeps {
  queue: (name: string) => QueueRpc;
  /** Called when a run has ended. */
  ended: () => void;
  /** What the object uses, where that is counted: told to the queues that it adds to. */
  meter: Meter | undefined;
}

const RETRY_MS = 5_000;

/** An entry whose time has come. */
interface Due {
  entry: CronEntry;
  row: ScheduleRow;
  dueAt: number;
  /** The first due time since the last that was handled: where that is another, some were missed. */
  first: number;
}

export class Scheduler {
  /** What the object's alarm drives: a job for each queue that cron.yaml names. */
  readonly jobs: readonly Job[];
  readonly #deps: SchedulerDeps;
  readonly #schedules: Schedules;
  #lastManualRun = 0;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#schedules = new Schedules(deps);
    const queues = new Set([...deps.entries.values()].map(({ queue }) => queue));
    this.jobs = [...queues].map((queue) => this.#newJob(queue));
  }

  #newJob(queue: string): AlarmJob {
    return new AlarmJob({
      name: `adding recurring tasks to "${queue}"`,
      now: this.#deps.now,
      pendingAt: () => this.#nextDue(queue),
      run: (run) => this.#addDue(queue, run),
      ended: this.#deps.ended,
      retryMs: RETRY_MS,
    });
  }

  #running(queue: string): ScheduleState[] {
    return this.#schedules.all().filter(({ entry, row }) => entry.queue === queue && !row.paused);
  }

  #nextDue(queue: string): number | undefined {
    const next = Math.min(...this.#running(queue).map((state) => state.next));
    return Number.isFinite(next) ? next : undefined;
  }

  // Of due times that were missed the last is caught up, and the others are not.
  async #addDue(queue: string, run: JobRun): Promise<void> {
    const { store, now, commit } = this.#deps;
    const at = now();
    const due = this.#running(queue)
      .filter(({ next }) => next <= at)
      .map(({ entry, row, next }): Due => {
        const dueAt = lastDue(entry.next, row.handled, at);
        return { entry, row, dueAt, first: next };
      });
    const tasks = due.map(({ entry, dueAt }) => dueTask(entry, dueAt));
    const { ok: answers, failure } = await this.#addTo(queue, tasks, { alarmsSet: 1 });
    if (failure) throw new Error(textOf(failure));
    if (!run.isCurrent) return;
    const addedAt = now();
    commit.run(() => {
      for (const [i, { entry, row, dueAt, first }] of due.entries()) {
        const task = tasks[i]?.task.name as string;
        if (!isThere(answers[i])) continue;
        const missed = missedOf(entry, first, dueAt);
        store.schedules.added(row, dueAt, { task, queue, addedAt, dueAt }, missed);
        if (missed > 0) commit.after(() => logMissed(entry, first, missed));
      }
    });
    const refused = answers.find((answer) => !isThere(answer))?.failure;
    if (refused) throw new Error(textOf(refused));
  }

  // What follows, the row of each entry and what is in `ahead`, is told with it: until the next task comes the object may
  // have ended.
  #addTo(
    queue: string,
    tasks: readonly CronTask[],
    ahead: Partial<MeterCounts> = {},
  ): Promise<Answer<Answer<Task>[]>> {
    const used = this.#deps.meter?.untold({ rowsWritten: tasks.length, ...ahead });
    return this.#deps.queue(queue).addCronTasks(tasks, used);
  }

  list(): CronView[] {
    return this.#schedules.all().map(cronView);
  }

  async run(name: string): Promise<Answer<Task>> {
    const { ok: state, failure } = this.#find(name);
    if (failure) return { failure };
    const { now, store, commit } = this.#deps;
    const { entry } = state;
    // Asked twice in a millisecond it is two tasks.
    this.#lastManualRun = Math.max(now(), this.#lastManualRun + 1);
    const task = manualTask(entry, this.#lastManualRun);
    const { ok: answers, failure: refused } = await this.#addTo(entry.queue, [task]);
    if (refused) return { failure: refused };
    const [answer] = answers as [Answer<Task>];
    const last = { task: task.task.name, queue: entry.queue, addedAt: now() };
    // As the row is now: a task may have been added meanwhile.
    if (answer.ok) commit.run(() => store.schedules.ran((this.#find(name).ok ?? state).row, last));
    return answer;
  }

  pause(name: string): Answer<CronView> {
    return this.#change(name, () => this.#deps.store.schedules.pause(name));
  }

  resume(name: string): Answer<CronView> {
    return this.#change(name, () => this.#deps.store.schedules.resume(name, this.#deps.now()));
  }

  #change(name: string, work: () => void): Answer<CronView> {
    const { failure } = this.#find(name);
    if (failure) return { failure };
    this.#deps.commit.run(work);
    return { ok: cronView(this.#find(name).ok as ScheduleState) };
  }

  #find(name: string): Answer<ScheduleState> {
    const found = this.#schedules.all().find(({ entry }) => entry.name === name);
    if (found) return { ok: found };
    const names = [...this.#deps.entries.keys()].join(", ") || "none";
    return refuse("UNKNOWN_CRON", `cron: there is no entry "${name}"; cron.yaml has ${names}`);
  }
}

/** Whether the task is on its queue: just added, or by an earlier try whose answer got lost. */
function isThere(answer: Answer<Task> | undefined): boolean {
  const code = answer?.failure?.code;
  return answer?.ok !== undefined || code === "TASK_ALREADY_EXISTS" || code === "TOMBSTONED_TASK";
}

/** So many missed due times are counted; of more it is said that there were as many at least. */
const MOST_COUNTED = 1000;

/** How many due times there are from `first` on that come before `dueAt`. */
function missedOf({ next }: CronEntry, first: number, dueAt: number): number {
  let count = 0;
  for (let at: number | undefined = first; at !== undefined && at < dueAt; at = next(at))
    if (++count === MOST_COUNTED) break;
  return count;
}

function logMissed({ name, queue }: CronEntry, first: number, count: number): void {
  if (!writes("warn")) return;
  const since = rfc3339(first);
  const line = `"${name}" of cron.yaml missed ${count} of its due times, from ${since}`;
  writeLine("warn", "cron_missed", line, { cron: name, queue, count, since });
}

function textOf({ code, message }: Failure): string {
  return `${code}: ${message}`;
}
