// The recurring tasks of cron.yaml, in an object of their own: when one is due, its task is put on its queue
// under a name made of entry and due time, and only then is the due time dealt with. Whatever ends in
// between, or does it a second time, finds the name taken.
import type { CronEntry, CronFile } from "../../core/config/cron-config.ts";
import { type CronTask, dueTask, manualTask } from "../../core/config/cron-task.ts";
import { type Answer, type Failure, refuse } from "../../core/errors.ts";
import { lastDue } from "../../core/schedule/schedule.ts";
import type { Task } from "../../core/task/task.ts";
import type { Store } from "../../store/queue/queue-store.ts";
import { CronStandings, type Standing } from "./schedule-state.ts";
import { type CronView, cronView } from "./view.ts";

export interface CronDeps {
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

const AGAIN_MS = 5_000;
/** An alarm waits this long for tasks on their way, so that a queue that hangs delays no other. */
const PATIENCE_MS = 2_000;
/** After that another alarm lies within this. */
const WATCHDOG_MS = 10_000;

/** An entry whose time has come. */
interface Due {
  entry: CronEntry;
  dueAt: number;
}

export class Cron implements CronVerbs {
  readonly #deps: CronDeps;
  readonly #standings: CronStandings;
  /** Queues that tasks are on their way to. */
  readonly #underWay = new Set<string>();
  /** When a queue that did not take its tasks is asked again (ms). */
  readonly #notBefore = new Map<string, number>();
  #lastAsked = 0;

  constructor(around: CronDeps) {
    this.#deps = around;
    this.#standings = new CronStandings(around.store, around.entries, around.now);
  }

  /** Sets the alarm for what is due next; on start, and after every change. Does not throw. */
  arm(): void {
    const { now, wakeBy } = this.#deps;
    try {
      for (const standing of this.#standings.all()) {
        if (!standing.row.paused) wakeBy(this.#turnFor(standing));
      }
    } catch (error) {
      console.error("task queue: what recurs next could not be read, trying again", error);
      wakeBy(now() + AGAIN_MS);
    }
  }

  #turnFor({ entry: { queue }, next }: Standing): number {
    if (this.#underWay.has(queue)) return this.#deps.now() + WATCHDOG_MS;
    return Math.max(next, this.#notBefore.get(queue) ?? 0);
  }

  /**
   * Puts on their queues what is due; an alarm calls it, and stays open for a while for what is on its way:
   * the platform fires it again should the object end meanwhile.
   */
  async turn(): Promise<void> {
    const now = this.#deps.now();
    const standings = this.#standings.all();
    const ripe = standings.filter((it) => !it.row.paused && this.#turnFor(it) <= now);
    // Of due times that were missed the last is caught up, and the others are not.
    const due = ripe.map(({ entry, row }) => ({
      entry,
      dueAt: lastDue(entry.next, row.handled, now),
    }));
    const byQueue = Map.groupBy(due, ({ entry }) => entry.queue);
    const sent = [...byQueue].map(([queue, those]) => this.#send(queue, those));
    if (sent.length > 0) await within(PATIENCE_MS, Promise.all(sent));
    this.arm();
  }

  async #send(queue: string, due: readonly Due[]): Promise<void> {
    this.#underWay.add(queue);
    try {
      await this.#put(queue, due);
    } catch (error) {
      console.error(`task queue: recurring tasks could not be put on "${queue}"`, error);
      this.#notBefore.set(queue, this.#deps.now() + AGAIN_MS);
    }
    this.#underWay.delete(queue);
    this.arm();
  }

  async #put(queue: string, due: readonly Due[]): Promise<void> {
    const tasks = due.map(({ entry, dueAt }) => dueTask(entry, dueAt));
    const { ok: answers, failure } = await this.#deps.addTo(queue, tasks);
    if (failure) throw new Error(said(failure));
    const { store, now } = this.#deps;
    const addedAt = now();
    store.transaction(addedAt, () => {
      for (const [i, { entry, dueAt }] of due.entries()) {
        const task = tasks[i]?.task.name as string;
        if (isThere(answers[i])) {
          store.recurring.added(entry.name, dueAt, { task, queue, addedAt, dueAt });
        }
      }
    });
    const refused = answers.find((answer) => !isThere(answer))?.failure;
    if (refused) throw new Error(said(refused));
  }

  async list(): Promise<CronView[]> {
    return this.#standings.all().map(cronView);
  }

  async run(name: string): Promise<Answer<Task>> {
    const { ok: standing, failure } = this.#find(name);
    if (failure) return { failure };
    const { store, now, addTo } = this.#deps;
    const { entry } = standing;
    // Asked twice in a millisecond it is two tasks.
    this.#lastAsked = Math.max(now(), this.#lastAsked + 1);
    const asked = manualTask(entry, this.#lastAsked);
    const { ok: answers, failure: lost } = await addTo(entry.queue, [asked]);
    if (lost) return { failure: lost };
    const [answer] = answers as [Answer<Task>];
    const last = { task: asked.task.name, queue: entry.queue, addedAt: now() };
    if (answer.ok) store.recurring.ran(name, last);
    return answer;
  }

  async pause(name: string): Promise<Answer<CronView>> {
    return this.#change(name, () => this.#deps.store.recurring.pause(name));
  }

  async resume(name: string): Promise<Answer<CronView>> {
    const now = this.#deps.now();
    return this.#change(name, () => this.#deps.store.recurring.resume(name, now));
  }

  #change(name: string, work: () => void): Answer<CronView> {
    const { failure } = this.#find(name);
    if (failure) return { failure };
    work();
    this.arm();
    return { ok: cronView(this.#find(name).ok as Standing) };
  }

  #find(name: string): Answer<Standing> {
    const found = this.#standings.all().find(({ entry }) => entry.name === name);
    if (found) return { ok: found };
    const names = [...this.#deps.entries.keys()].join(", ") || "none";
    return refuse("UNKNOWN_CRON", `cron: there is no entry "${name}"; cron.yaml has ${names}`);
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: timeout, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}

/** Whether the task is on its queue: just added, or by an earlier try whose answer got lost. */
function isThere(answer: Answer<Task> | undefined): boolean {
  const code = answer?.failure?.code;
  return answer?.ok !== undefined || code === "TASK_ALREADY_EXISTS" || code === "TOMBSTONED_TASK";
}

function said({ code, message }: Failure): string {
  return `${code}: ${message}`;
}
