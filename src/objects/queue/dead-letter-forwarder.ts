// Failed tasks on their way to the queue that `extensions.failed_queue` names. They stay records here until
// that queue has them on disk; a crash in between hands them on again, under names that are taken then.
import type { Answer } from "../../core/errors.ts";
import { deadLetterTask } from "../../core/task/dead-letter.ts";
import type { NewTask } from "../../core/task/task.ts";
import type { OutboxRow } from "../../store/queue/dead-letter-outbox.ts";
import type { Store } from "../../store/queue/queue-store.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import type { Added } from "./admission.ts";
import type { Entry } from "./definition.ts";

export interface HandoverDeps {
  entry: Entry;
  store: Store;
  transaction: <T>(work: () => T) => T;
  /** ms since 1970 */
  now: () => number;
  /** Adds tasks to another queue. */
  addTo: (queue: string, tasks: readonly NewTask[]) => Promise<Answer<Added[]>>;
  /** Called when something was handed on, or is to be tried again later. */
  changed: () => void;
}

const PAGE = 50;
const AGAIN_MS = 10_000;
/** Should the object end while tasks are handed on, an alarm lies within this. */
const WATCHDOG_MS = 10_000;

export class Handover {
  readonly #deps: HandoverDeps;
  #isUnderWay = false;
  #startedAt = 0;
  #notBefore = 0;

  constructor(around: HandoverDeps) {
    this.#deps = around;
  }

  /** When the next tasks are to be handed on (ms), undefined when there are none. */
  next(): number | undefined {
    if (this.#isUnderWay) return this.#startedAt + WATCHDOG_MS;
    if (this.#deps.entry.config.failedQueue === undefined) return undefined;
    return this.#deps.store.outbox.first(1).length > 0 ? this.#notBefore : undefined;
  }

  /** Hands on a page of failed tasks, if it is time; an alarm's turn calls it. */
  turn(now: number): void {
    const { failedQueue } = this.#deps.entry.config;
    const next = this.next();
    if (failedQueue === undefined || next === undefined || next > now) return;
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#startedAt = now;
    void this.#handOn(failedQueue, this.#deps.store.outbox.first(PAGE))
      .catch((error) => {
        console.error(`task queue: failed tasks could not be put on "${failedQueue}"`, error);
        this.#notBefore = this.#deps.now() + AGAIN_MS;
      })
      .finally(() => {
        this.#isUnderWay = false;
        this.#deps.changed();
      });
  }

  async #handOn(queue: string, rows: readonly OutboxRow[]): Promise<void> {
    const { entry, store } = this.#deps;
    for (const row of rows) {
      const task = store.failed.at(row.key, row.name);
      if (!task) {
        this.#settle(row, () => {});
        continue;
      }
      const answer = await this.#deps.addTo(queue, [
        deadLetterTask(entry.config.name, task, row.key),
      ]);
      this.#settle(row, () => this.#written(task, answer, queue));
    }
  }

  // Refused, it stays here as failed: it is not lost. A name that is taken is this very failure's.
  #written(task: TaskRow, { ok, failure }: Answer<Added[]>, queue: string): void {
    const refusal = failure ?? ok?.[0]?.error;
    const isThere = refusal?.code === "TASK_ALREADY_EXISTS" || refusal?.code === "TOMBSTONED_TASK";
    if (refusal && !isThere) {
      console.error(`task queue: "${task.name}" stays failed, "${queue}" refused it:`, refusal);
      return;
    }
    this.#deps.store.handOn(task, this.#deps.now());
  }

  #settle(row: OutboxRow, work: () => void): void {
    const { store, transaction } = this.#deps;
    transaction(() => {
      store.outbox.remove(row.key);
      work();
    });
  }
}
