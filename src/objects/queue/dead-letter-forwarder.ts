// Exhausted tasks are forwarded to the dead-letter queue (`extensions.failed_queue`) from an outbox. They
// stay failed here until that queue has them on disk; a crash in between forwards them again, under names
// that are taken by then.
import type { Answer } from "../../core/errors.ts";
import { deadLetterTask, failedBefore } from "../../core/task/dead-letter.ts";
import type { Task } from "../../core/task/task.ts";
import type { DeadLetterRow } from "../../store/queue/dead-letter-outbox.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import { AlarmJob, type JobRun } from "../alarm-job.ts";
import { writeLine, writes } from "../log.ts";
import type { QueueJobDeps } from "./context/job-deps.ts";

/** One message: so many tasks, or so many bytes of bodies, whichever comes first. */
const PAGE = { tasks: 50, bytes: 8 * 1024 * 1024 };
const RETRY_MS = 10_000;

interface DeadLetter {
  row: DeadLetterRow;
  task: TaskRow;
}

export class DeadLetterForwarder extends AlarmJob {
  readonly #deps: QueueJobDeps;

  constructor(deps: QueueJobDeps) {
    super({
      name: "forwarding dead letters",
      now: deps.now,
      pendingAt: () => (this.#queue !== undefined && deps.store.deadLetters.any() ? 0 : undefined),
      run: (run) => this.#forward(run),
      ended: deps.ended,
      retryMs: RETRY_MS,
    });
    this.#deps = deps;
  }

  get #queue(): string | undefined {
    return this.#deps.definition.config.failedQueue;
  }

  async #forward(run: JobRun): Promise<void> {
    const { commit, definition, store, stubs } = this.#deps;
    const queue = this.#queue;
    const page = this.#page();
    const { name } = definition.config;
    const stuck = page.letters.filter(({ task }) => isAgainOn(task, name, queue));
    const letters = page.letters.filter((letter) => !stuck.includes(letter));
    const done = [...page.gone, ...stuck.map(({ row }) => row)];
    if (done.length > 0) {
      commit.run(() => {
        this.#removeRows(done);
        for (const { task } of stuck) this.#staysFailed(task, `it has failed on "${queue}" before`);
      });
    }
    if (queue === undefined || letters.length === 0) return;
    const tasks = letters.map(({ row, task }) => deadLetterTask(name, task, row.key));
    const { ok: answers, failure } = await stubs.queue(queue).addDeadLetters(tasks);
    if (!run.isCurrent) return;
    commit.run(() => {
      this.#removeRows(letters.map(({ row }) => row));
      const moved = letters.filter(({ task }, i) =>
        this.#isThere(task, failure ? { failure } : answers[i], queue),
      );
      for (const { task } of moved) store.deadLetter(task, this.#deps.now());
      commit.after(() => logMoved(name, queue, moved));
    });
  }

  /** The first letters of the outbox, and rows whose tasks are no longer kept. */
  #page(): { letters: DeadLetter[]; gone: DeadLetterRow[] } {
    const { store } = this.#deps;
    const letters: DeadLetter[] = [];
    const gone: DeadLetterRow[] = [];
    let bytes = 0;
    for (const row of store.deadLetters.first(PAGE.tasks)) {
      const task = store.failed.at(row.key, row.name);
      if (!task) gone.push(row);
      else if (bytes > 0 && bytes + (task.body?.length ?? 0) > PAGE.bytes) break;
      else letters.push({ row, task });
      bytes += task?.body?.length ?? 0;
    }
    return { letters, gone };
  }

  #removeRows(rows: readonly DeadLetterRow[]): void {
    for (const { key } of rows) this.#deps.store.deadLetters.remove(key);
  }

  // Refused, the task stays here as failed: it is not lost. A name that is taken is this very letter's.
  #isThere(task: TaskRow, answer: Answer<Task> | undefined, queue: string): boolean {
    const { code, message } = answer?.failure ?? {};
    if (!code || code === "TASK_ALREADY_EXISTS" || code === "TOMBSTONED_TASK") return true;
    this.#staysFailed(task, `"${queue}" refused it: ${code}`, message);
    return false;
  }

  /** Inside a commit. */
  #staysFailed({ name: task }: TaskRow, why: string, error?: string): void {
    const { name: queue, failedQueue: deadLetterQueue } = this.#deps.definition.config;
    const fields = { queue, task, deadLetterQueue, error };
    const line = `task queue: "${task}" stays failed, ${why}`;
    this.#deps.commit.after(() => writeLine("error", "dead_letter_refused", line, fields));
  }
}

function logMoved(queue: string, deadLetterQueue: string, moved: readonly DeadLetter[]): void {
  if (moved.length === 0 || !writes("info")) return;
  const tasks = moved.map(({ task }) => task.name);
  const line = `${tasks.length} failed tasks of "${queue}" are on "${deadLetterQueue}"`;
  writeLine("info", "dead_lettered", line, { queue, deadLetterQueue, count: tasks.length, tasks });
}

// A circle of dead-letter queues is refused where they are defined; two that are defined at the same moment, or
// by a file and over the API, can still make one. Once round, the task stays failed.
function isAgainOn(task: TaskRow, name: string, queue: string | undefined): boolean {
  return queue !== undefined && [...failedBefore(task), name].includes(queue);
}
