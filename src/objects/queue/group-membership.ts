// A queue's part in groups: it takes subtasks, says which task is a master, and hears what became of the
// group that master waits for. What it has to tell the groups' owners goes by `telling.ts`.
import type { Answer, Failure } from "../../core/errors.ts";
import { refuse } from "../../core/errors.ts";
import { type Admission, acceptTask } from "../../core/task/new-task.ts";
import type { Progress } from "../../core/task/task.ts";
import { isWaiting } from "../../store/queue/row-key.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import { collision } from "./admission.ts";
import type { Entry } from "./definition.ts";
import type { Queue } from "./queue.ts";

/** Subtasks of a group for this queue; a number of null is the group's `then`. */
export interface PartCall {
  group: string;
  /** The group's first part: what the queue knows of parts before it is of another that had the name. */
  first: number;
  /** Parts of one group come in their order; one that was taken before is not taken again. */
  part: number;
  indexes: (number | null)[];
  tasks: object[];
}

/** How the group of a master ended. */
export interface MastersNews {
  name: string;
  /** When the master was added (ms): another may have its name by now. */
  madeAt: number;
  group: string;
  state: "done" | "failed" | "cancelled";
  reason?: string;
}

/** The RPC surface of a queue's part in groups. */
export interface JoiningVerbs {
  /** Adds subtasks, each part once. One that cannot be added counts as failed; its error is in the answer. */
  join(call: PartCall): Promise<Answer<Failure[]>>;
  /** The running task of this name waits for the group when its handler is done; when it was made (ms). */
  attend(name: string, group: string): Promise<Answer<number>>;
  ended(news: MastersNews): Promise<void>;
  /** Deletes the group's tasks that are not running, tries none of it again, and takes no part up to this one. */
  drop(group: string, part: number): Promise<void>;
  /** The group whose parts went up to this one is over. */
  leave(group: string, part: number): Promise<void>;
  /** How many of the group's tasks are with their handlers. */
  running(group: string): Promise<number>;
}

export class Joining implements JoiningVerbs {
  readonly #queue: Queue;
  readonly #entry: Entry;
  readonly #now: () => number;
  readonly #becomeKnown: () => Promise<void>;

  constructor(queue: Queue, entry: Entry, now: () => number, becomeKnown: () => Promise<void>) {
    this.#queue = queue;
    this.#entry = entry;
    this.#now = now;
    this.#becomeKnown = becomeKnown;
  }

  async join(call: PartCall): Promise<Answer<Failure[]>> {
    const admission = this.#queue.admission();
    if (admission.failure) return admission;
    await this.#becomeKnown();
    const { joined } = this.#queue.store;
    const { group, first, part, indexes, tasks } = call;
    return this.#queue.change(() => {
      const last = joined.lastPart(group);
      if (part <= last) return { ok: [] };
      if (last < first) joined.forget(group);
      joined.took(group, part);
      const failures = tasks.map((task, i) =>
        this.#take(task, group, indexes[i] ?? undefined, admission.ok),
      );
      return { ok: failures.flatMap((failure) => failure ?? []) };
    });
  }

  #take(given: object, group: string, index: number | undefined, admission: Admission) {
    const { store } = this.#queue;
    const place = index === undefined ? { name: group } : { name: group, index };
    const { ok: task, failure } = acceptTask(given, admission);
    const outcome =
      task && store.add({ ...task, spec: { ...task.spec, group: place } }, admission.now);
    if (outcome && "added" in outcome) {
      this.#queue.rewindTo(outcome.added.key);
      return undefined;
    }
    const refused = failure ?? (outcome && collision(task.name as string, outcome.taken));
    const error = `${refused?.code}: ${refused?.message}`;
    if (index !== undefined) store.news.add(group, { index, state: "failed", error });
    return refused;
  }

  async attend(name: string, group: string): Promise<Answer<number>> {
    const found = this.#queue.store.find(name, this.#now());
    const run = found?.kind === "live" ? this.#queue.runOf(found.task) : undefined;
    if (!run) {
      const message = `master: the queue "${this.#entry.config.name}" has no task "${name}" that is running`;
      return refuse("UNKNOWN_TASK", message);
    }
    if (run.waitsFor !== undefined && run.waitsFor !== group) {
      const message = `master: the task "${name}" waits for its group "${run.waitsFor}" already, and for one alone`;
      return refuse("INVALID_REQUEST", message);
    }
    run.waitsFor = group;
    return { ok: run.task.createdAt };
  }

  async ended({ name, madeAt, group, state, reason }: MastersNews): Promise<void> {
    const { store } = this.#queue;
    const { config } = this.#entry;
    const now = this.#now();
    this.#queue.change(() => {
      const found = store.find(name, now);
      if (found?.kind !== "live" || !isWaiting(found.task.key)) return;
      const { task } = found;
      if (task.progress.waitsFor !== group || task.createdAt !== madeAt) return;
      const { answer, ...progress } = task.progress;
      if (state === "done") store.complete(task, now, progress, config, answer);
      else store.fail(task, now, failedFor(progress, reason), config);
    });
  }

  async drop(group: string, part: number): Promise<void> {
    const { store } = this.#queue;
    this.#queue.change(() => store.joined.cancel(group, part));
    const tasks = store.tasks.ofGroups(group);
    for (let page = take(tasks); page.length > 0; page = take(tasks)) {
      this.#queue.change(() => {
        for (const task of page) this.#dropOne(task);
      });
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  // A master that waits has started: it ends when its own group, cancelled too, has.
  #dropOne(task: TaskRow): void {
    const { store } = this.#queue;
    if (this.#queue.isRunning(task) || task.spec.group?.index === undefined) return;
    const { waitsFor } = task.progress;
    if (isWaiting(task.key) && waitsFor) {
      store.news.add(waitsFor, { cancel: true, madeAt: task.createdAt });
    } else if (store.delete(task, this.#now(), this.#entry.config)) {
      this.#queue.leasing?.table.forget(task.key);
    }
  }

  async leave(group: string, part: number): Promise<void> {
    const { joined, news } = this.#queue.store;
    this.#queue.change(() => {
      if (joined.lastPart(group) > part) return;
      joined.forget(group);
      news.forget(group);
    });
  }

  async running(group: string): Promise<number> {
    return this.#queue.runningOf(group);
  }
}

const DROP_PAGE = 200;

function take(tasks: Generator<TaskRow>): TaskRow[] {
  const page: TaskRow[] = [];
  while (page.length < DROP_PAGE) {
    const { value, done } = tasks.next();
    if (done) break;
    page.push(value);
  }
  return page;
}

// The attempt was answered well, and the task failed all the same: it says why where one looks for it.
function failedFor(progress: Progress, reason = "its group failed"): Progress {
  const last = progress.attempts.at(-1);
  if (!last) return progress;
  return { ...progress, attempts: [...progress.attempts.slice(0, -1), { ...last, error: reason }] };
}
