// The recurring tasks of cron.yaml, in an object of their own: when one is due, its task is put on its queue
// under a name made of entry and due time, and only then is the due time dealt with. Whatever ends in
// between, or does it a second time, finds the name taken.
import type { CronEntry, CronFile } from "../core/cron/cron-config.ts";
import { lastDue } from "../core/cron/schedule.ts";
import { type Answer, type Failure, refuse } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import type { RecurringRow } from "../store/recurring.ts";
import type { Store } from "../store/store.ts";
import type { CronTask } from "./cron-tasks.ts";
import { type CronView, cronView } from "./cron-view.ts";

export interface CronSurroundings {
  store: Store;
  /** The cron.yaml this Worker was deployed with. */
  entries: CronFile;
  /** ms since 1970 */
  now: () => number;
  /** Puts tasks on a queue. */
  addTo: (queue: string, tasks: readonly CronTask[]) => Promise<Answer<Answer<Task>[]>>;
  /** Makes sure of a turn at `at` (ms). */
  wakeBy: (at: number) => void;
}

/** The RPC surface of the recurring tasks. */
export interface CronVerbs {
  list(): Promise<CronView[]>;
  /** Adds a task now, whatever the schedule or a pause say. */
  run(name: string): Promise<Answer<Task>>;
  pause(name: string): Promise<Answer<CronView>>;
  /** What came due meanwhile is passed over. */
  resume(name: string): Promise<Answer<CronView>>;
}

/** The name of the object: no queue can have it. */
export const CRON = "/cron";

const AGAIN_MS = 5_000;
/** An alarm waits this long for tasks on their way, so that a queue that hangs delays no other. */
const PATIENCE_MS = 2_000;
/** After that another alarm lies within this. */
const WATCHDOG_MS = 10_000;

/** An entry, how far it has come, and when it is due next (ms). */
interface Standing {
  entry: CronEntry;
  row: RecurringRow;
  next: number;
}

/** An entry whose time has come. */
interface Due {
  entry: CronEntry;
  dueAt: number;
}

export class Cron implements CronVerbs {
  readonly #around: CronSurroundings;
  readonly #nexts = new Map<string, { handled: number; next: number }>();
  /** Queues that tasks are on their way to. */
  readonly #underWay = new Set<string>();
  /** When a queue that did not take its tasks is asked again (ms). */
  readonly #notBefore = new Map<string, number>();
  #isCurrent = false;
  #lastAsked = 0;

  constructor(around: CronSurroundings) {
    this.#around = around;
  }

  /** Sets the alarm for what is due next; on start, and after every change. Does not throw. */
  arm(): void {
    const { now, wakeBy } = this.#around;
    try {
      for (const standing of this.#standings()) {
        if (!standing.row.paused) wakeBy(this.#turnFor(standing));
      }
    } catch (error) {
      console.error("task queue: what recurs next could not be read, trying again", error);
      wakeBy(now() + AGAIN_MS);
    }
  }

  #turnFor({ entry: { queue }, next }: Standing): number {
    if (this.#underWay.has(queue)) return this.#around.now() + WATCHDOG_MS;
    return Math.max(next, this.#notBefore.get(queue) ?? 0);
  }

  /**
   * Puts on their queues what is due; an alarm calls it, and stays open for a while for what is on its way:
   * the platform fires it again should the object end meanwhile.
   */
  async turn(): Promise<void> {
    const now = this.#around.now();
    const due = this.#standings().filter((it) => !it.row.paused && this.#turnFor(it) <= now);
    const sent = [...Map.groupBy(due, ({ entry }) => entry.queue)].map(([queue, those]) =>
      // Of due times that were missed the last is caught up, and the others are not.
      this.#send(
        queue,
        those.map(({ entry, row }) => ({ entry, dueAt: lastDue(entry.next, row.handled, now) })),
      ),
    );
    if (sent.length > 0) await within(PATIENCE_MS, Promise.all(sent));
    this.arm();
  }

  async #send(queue: string, due: readonly Due[]): Promise<void> {
    this.#underWay.add(queue);
    try {
      await this.#put(queue, due);
    } catch (error) {
      console.error(`task queue: recurring tasks could not be put on "${queue}"`, error);
      this.#notBefore.set(queue, this.#around.now() + AGAIN_MS);
    }
    this.#underWay.delete(queue);
    this.arm();
  }

  async #put(queue: string, due: readonly Due[]): Promise<void> {
    const tasks = due.map(({ entry, dueAt }) => taskOf(entry, nameOf(entry, dueAt)));
    const answers = await this.#around.addTo(queue, tasks);
    if (answers.failure) throw new Error(said(answers.failure));
    const { store, now } = this.#around;
    const addedAt = now();
    const isThere = answers.ok.map(({ failure }) => !failure || isTaken(failure));
    store.transaction(addedAt, () => {
      for (const [i, { entry, dueAt }] of due.entries()) {
        const task = tasks[i]?.task.name as string;
        if (isThere[i]) store.recurring.added(entry.name, dueAt, { task, queue, addedAt, dueAt });
      }
    });
    const refused = answers.ok.find((_, i) => !isThere[i])?.failure;
    if (refused) throw new Error(said(refused));
  }

  async list(): Promise<CronView[]> {
    return this.#standings().map(view);
  }

  async run(name: string): Promise<Answer<Task>> {
    const { ok: standing, failure } = this.#find(name);
    if (failure) return { failure };
    const { entry } = standing;
    // Asked twice in a millisecond it is two tasks.
    this.#lastAsked = Math.max(this.#around.now(), this.#lastAsked + 1);
    const task = `cron-${name}-run-${stamp(this.#lastAsked)}`;
    const { ok: answers, failure: lost } = await this.#around.addTo(entry.queue, [
      taskOf(entry, task),
    ]);
    if (lost) return { failure: lost };
    const [answer] = answers as [Answer<Task>];
    const last = { task, queue: entry.queue, addedAt: this.#around.now() };
    if (answer.ok) this.#around.store.recurring.ran(name, last);
    return answer;
  }

  async pause(name: string): Promise<Answer<CronView>> {
    return this.#change(name, () => this.#around.store.recurring.pause(name));
  }

  async resume(name: string): Promise<Answer<CronView>> {
    const now = this.#around.now();
    return this.#change(name, () => this.#around.store.recurring.resume(name, now));
  }

  #change(name: string, work: () => void): Answer<CronView> {
    const { failure } = this.#find(name);
    if (failure) return { failure };
    work();
    this.arm();
    return { ok: view(this.#find(name).ok as Standing) };
  }

  #find(name: string): Answer<Standing> {
    const found = this.#standings().find(({ entry }) => entry.name === name);
    if (found) return { ok: found };
    const names = [...this.#around.entries.keys()].join(", ") || "none";
    return refuse("UNKNOWN_CRON", `cron: there is no entry "${name}"; cron.yaml has ${names}`);
  }

  /** All entries in the file's order. */
  #standings(): Standing[] {
    const { store, entries } = this.#around;
    this.#becomeCurrent();
    const rows = new Map(store.recurring.all().map((row) => [row.name, row]));
    return [...entries.values()].map((entry) => {
      const row = rows.get(entry.name) as RecurringRow;
      return { entry, row, next: this.#next(entry, row) };
    });
  }

  #next({ name, next: schedule }: CronEntry, { handled }: RecurringRow): number {
    const known = this.#nexts.get(name);
    if (known?.handled === handled) return known.next;
    const next = schedule(handled) ?? Number.POSITIVE_INFINITY;
    this.#nexts.set(name, { handled, next });
    return next;
  }

  // The file cannot change while the object lives. An entry that is new, or has another schedule than it had,
  // counts from now; one that is gone is forgotten.
  #becomeCurrent(): void {
    if (this.#isCurrent) return;
    const { store, entries, now } = this.#around;
    const rows = new Map(store.recurring.all().map((row) => [row.name, row]));
    store.transaction(now(), () => {
      if (store.meta.get("name") !== CRON) store.meta.set("name", CRON);
      for (const { name, schedule, timezone } of entries.values()) {
        const goesBy = `${schedule} ${timezone}`;
        if (rows.get(name)?.schedule !== goesBy) store.recurring.begin(name, goesBy, now());
      }
      for (const name of rows.keys()) if (!entries.has(name)) store.recurring.remove(name);
    });
    this.#isCurrent = true;
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}

function view({ entry, row, next }: Standing): CronView {
  return cronView(entry, row, Number.isFinite(next) ? next : undefined);
}

function taskOf({ name: entry, url, target, retry }: CronEntry, name: string): CronTask {
  return { entry, task: { name, url, method: "GET", retry, ...(target ? { target } : {}) } };
}

/** `cron-tally-2026-11-24T09-00-00Z` */
function nameOf({ name }: CronEntry, dueAt: number): string {
  return `cron-${name}-${stamp(dueAt)}`;
}

function stamp(at: number): string {
  return new Date(at)
    .toISOString()
    .replace(/(\.000)?Z$/, "Z")
    .replaceAll(/[:.]/g, "-");
}

/** Whether the task is there by an earlier try, whose answer got lost. */
function isTaken({ code }: Failure): boolean {
  return code === "TASK_ALREADY_EXISTS" || code === "TOMBSTONED_TASK";
}

function said({ code, message }: Failure): string {
  return `${code}: ${message}`;
}
