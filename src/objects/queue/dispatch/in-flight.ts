// The attempts in flight. They live in memory alone: only one instance of an object runs at a time, so
// a claim needs no row, and after a crash the table is empty while every row is still there and due.
import type { TaskRow } from "../../../store/queue/tasks.ts";
import type { Drawing } from "../limits/drawn-limits.ts";

/** A call that several tasks share, each with an attempt of its own. It takes one slot until all have ended. */
export interface SharedCall {
  readonly size: number;
  open: number;
}

/** One attempt, times in ms since 1970. */
export interface Attempt extends Drawing {
  /** No other attempt of this queue has this number, nor one from before a restart of the object. */
  readonly number: number;
  readonly task: TaskRow;
  readonly startedAt: number;
  readonly deadlineAt: number;
  /** The call it shares with others, on a queue that hands on batches. */
  readonly call?: SharedCall;
  /** Whether its row says that it runs long. */
  isLong?: boolean;
  /** The group its task waits for when the handler is done. */
  waitsFor?: string;
  /** Settles with the reason when the attempt is over; there once its runner has asked. */
  cancellation?: PromiseWithResolvers<string>;
}

export class InFlight {
  // A task deleted under its attempt loses its owner, but the attempt goes on and keeps its slot.
  readonly #open = new Map<number, Attempt>();
  readonly #owners = new Map<number, Attempt>();
  // Of attempts that share a call, all but one.
  #withoutSlot = 0;

  get size(): number {
    return this.#open.size;
  }

  /** How many slots they take. */
  get calls(): number {
    return this.#open.size - this.#withoutSlot;
  }

  start(attempt: Attempt): void {
    this.#open.set(attempt.number, attempt);
    if (attempt.call && attempt.call.open++ > 0) this.#withoutSlot++;
    this.#owners.set(attempt.task.key, attempt);
  }

  find(number: number): Attempt | undefined {
    return this.#open.get(number);
  }

  has(key: number, name: string): boolean {
    return this.#owners.get(key)?.task.name === name;
  }

  /** Whether the task in the row at `key` is with an attempt. */
  holds(key: number): boolean {
    return this.#owners.has(key);
  }

  /** The attempt that owns this task. */
  of({ key, name }: { key: number; name: string }): Attempt | undefined {
    return this.has(key, name) ? this.#owners.get(key) : undefined;
  }

  /** How many of the group's subtasks are with their attempts. */
  ofGroup(group: string): number {
    let running = 0;
    for (const { task } of this.#owners.values()) if (task.spec.group?.name === group) running++;
    return running;
  }

  /** How many tasks are with their attempts: all of them, and those in rows up to `key`. */
  tasks(key: number): { all: number; upTo: number } {
    let upTo = 0;
    for (const owned of this.#owners.keys()) if (owned <= key) upTo++;
    return { all: this.#owners.size, upTo };
  }

  /** Whether this very attempt still owns its task: not ended, deleted, purged or past its deadline. */
  owns(attempt: Attempt): boolean {
    return this.#owners.get(attempt.task.key) === attempt;
  }

  /** The attempt is over and its slot is free, whatever else it answers; false when it was over before. */
  end(attempt: Attempt): boolean {
    if (!this.#open.delete(attempt.number)) return false;
    if (attempt.call && --attempt.call.open > 0) this.#withoutSlot--;
    if (this.owns(attempt)) this.#owners.delete(attempt.task.key);
    return true;
  }

  /** The task was taken from its attempt, if it has one. */
  revoke({ key, name }: { key: number; name: string }): void {
    if (this.has(key, name)) this.#owners.delete(key);
  }

  revokeAll(): void {
    this.#owners.clear();
  }

  overdue(now: number): Attempt[] {
    return [...this.#open.values()].filter(({ deadlineAt }) => deadlineAt <= now);
  }

  /** Attempts with their tasks that began at `moment` (ms) or before, and whose rows do not say that they run long. */
  unmarkedSince(moment: number): Attempt[] {
    return [...this.#owners.values()].filter(
      ({ startedAt, isLong }) => startedAt <= moment && !isLong,
    );
  }

  /** When the first deadline passes (ms), infinite when nothing is in flight. */
  firstDeadline(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { deadlineAt } of this.#open.values()) first = Math.min(first, deadlineAt);
    return first;
  }
}
