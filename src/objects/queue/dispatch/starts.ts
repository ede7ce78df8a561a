// Which attempts have their start in their task's row, so that one that a crash cuts off is known afterwards.
// On the way of an ordinary task none has: it would cost a row each. Those that run long have; and for a
// minute after the object started late all have, for what ended it may be one of the tasks it is about to
// start. A task whose attempt was cut off (a suspect) starts with no other suspect beside it, so that of many
// that were cut off together the one that ends the server again is known. One that has run long without that
// keeps no other waiting: then two start, and so on, twice as many each time that those before have.
import { begun, isSuspect, unbegun } from "../../../core/task/cut-off.ts";
import type { QueueStore } from "../../../store/queue/queue-store.ts";
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { Commit } from "../../commit.ts";
import { WATCHDOG_MS } from "../../wakeup.ts";
import { HeldBack } from "./held-back.ts";
import type { Attempt, InFlight } from "./in-flight.ts";

export interface StartsDeps {
  store: QueueStore;
  commit: Commit;
  inFlight: InFlight;
}

/** A task that is so late when its object starts was perhaps under way before, in ms. */
const LATE_MS = 1000;
const CAREFUL_MS = 60_000;
/** Attempts that run long are looked for so often, in ms. */
const MARK_EVERY_MS = 5000;
/** A suspect keeps others waiting no longer, in ms: from then on its row says that it runs long. */
const PROBATION_MS = WATCHDOG_MS;
const NONE: readonly number[] = [];

export class Starts {
  readonly #deps: StartsDeps;
  #carefulUntil: number | undefined;
  #markAt = 0;
  /** Suspects that have neither ended nor run long, and how many there may be. */
  readonly #onProbation = new Set<Attempt>();
  #together = 1;
  readonly #heldBack = new HeldBack();

  constructor(deps: StartsDeps) {
    this.#deps = deps;
  }

  /** `firstDue`: when the first task was due that has not started (ms). Keys of tasks that were held back and may start. */
  beginTurn(now: number, firstDue: () => number): readonly number[] {
    this.#carefulUntil ??= firstDue() <= now - LATE_MS ? now + CAREFUL_MS : 0;
    this.#markLong(now);
    // Without any that runs: of a turn that failed before its suspect started, or in which others came before it.
    return this.#onProbation.size === 0 ? this.#heldBack.take() : this.#passProbation(now);
  }

  /** When suspects that are held back may start, should none of those that run end before (ms). */
  nextRelease(): number | undefined {
    // Held back without any that runs: by a turn that failed, which is taken again by itself.
    if (this.#heldBack.size === 0 || this.#onProbation.size === 0) return undefined;
    const begun = [...this.#onProbation].map(({ startedAt }) => startedAt);
    return Math.min(...begun) + PROBATION_MS;
  }

  #passProbation(now: number): readonly number[] {
    const passed = [...this.#onProbation].filter(
      ({ startedAt }) => startedAt <= now - PROBATION_MS,
    );
    if (passed.length === 0) return NONE;
    for (const attempt of passed) this.#onProbation.delete(attempt);
    if (this.#onProbation.size === 0) this.#together *= 2;
    return this.#heldBack.take();
  }

  // Once each.
  #markLong(now: number): void {
    if (now < this.#markAt) return;
    this.#markAt = now + MARK_EVERY_MS;
    const { inFlight, commit, store } = this.#deps;
    const long = inFlight.unmarkedSince(now - WATCHDOG_MS);
    if (long.length === 0) return;
    commit.run(() => {
      for (const { task, startedAt } of long)
        store.tasks.note(task, begun(task.progress, startedAt, true));
    });
    for (const attempt of long) attempt.isLong = true;
  }

  /** Holds back suspects but as many as may start; whether there were any. */
  holdBack(tasks: readonly TaskRow[]): boolean {
    const suspects = tasks.filter(({ progress }) => isSuspect(progress));
    const others = suspects.slice(Math.max(0, this.#together - this.#onProbation.size));
    for (const task of others) this.#heldBack.add(task);
    return others.length > 0;
  }

  isHeldBack(row: number): boolean {
    return this.#heldBack.has(row);
  }

  /** Whether a task of this key is held back. */
  isKeyHeldBack(key: string): boolean {
    return this.#heldBack.hasOf(key);
  }

  /** There is no such task any more in this row. */
  gone(row: number): void {
    this.#heldBack.delete(row);
  }

  allGone(): void {
    this.#heldBack.take();
  }

  /** Writes what has to be written before these tasks start. */
  write(tasks: readonly TaskRow[], now: number): void {
    const isCareful = now < (this.#carefulUntil ?? 0);
    const written = isCareful ? tasks : tasks.filter(({ progress }) => isSuspect(progress));
    if (written.length === 0) return;
    const { commit, store } = this.#deps;
    commit.run(() => {
      for (const task of written) store.tasks.note(task, begun(task.progress, now));
    });
  }

  /** The task as its attempt has it: whatever that writes when it has ended says nothing of its start. */
  taken(task: TaskRow): TaskRow {
    const progress = unbegun(task.progress);
    return progress === task.progress ? task : { ...task, progress };
  }

  started({ progress }: TaskRow, attempt: Attempt): void {
    if (isSuspect(progress)) this.#onProbation.add(attempt);
  }

  /** Keys of tasks that may start now that this attempt has ended. */
  ended(attempt: Attempt): readonly number[] {
    return this.#onProbation.delete(attempt) ? this.#heldBack.take() : NONE;
  }
}
