// The only way an object writes. A commit is one transaction: either all of its work is on disk, or none
// is and memory is as it was before. What depends on a commit (statistics, the alarm, waiters) is in the
// after-commit list and runs once the transaction is through, so none of it can be undone.
import type { Sql } from "../store/sql.ts";
import { trouble } from "./log.ts";

/** Memory that mirrors rows: saved before a transaction, restored when it is rolled back. */
export interface Participant<State = unknown> {
  save(): State;
  restore(saved: State): void;
  /** Writes what was gathered during the transaction, at its end; `now` in ms since 1970. */
  flush?(now: number): void;
}

export interface CommitDeps {
  sql: Pick<Sql, "transaction">;
  /** ms since 1970 */
  now: () => number;
  /** Runs `work` once what this turn of the event loop brings has come. */
  nextTurn: (work: () => void) => void;
}

/** The outcome of a piece of work in a group commit. */
export type Written<T> = { value: T } | { error: unknown };

/** So long after the last commit (ms) the object is idle, and waiting for others would only keep one waiting. */
const IDLE_MS = 3;

/** Work on all that is given to it in one group commit; an answer to each, in their order. */
export type Together<Given, T> = (given: readonly Given[]) => readonly T[];

interface Queued {
  given: unknown;
  together: Together<never, unknown>;
  settled: (written: Written<never>) => void;
}

export class Commit {
  readonly #deps: CommitDeps;
  readonly #participants: Participant[] = [];
  readonly #listeners: ((now: number) => void)[] = [];
  #once: (() => void)[] = [];
  #queued: Queued[] = [];
  // Whether what is queued is to be committed in this turn or the next, and else when a timer says so.
  #isSoon = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isNotifying = false;
  #lastAt = 0;

  constructor(deps: CommitDeps) {
    this.#deps = deps;
  }

  /** Adds memory that is restored with the rows. */
  join<State>(participant: Participant<State>): void {
    this.#participants.push(participant as Participant);
  }

  /** `listener` runs after every commit, in the order of registration. */
  onCommit(listener: (now: number) => void): void {
    this.#listeners.push(listener);
  }

  /** Inside a commit: runs `effect` once it is through, and not at all if it is rolled back. */
  after(effect: () => void): void {
    this.#once.push(effect);
  }

  /** Runs `work` in one transaction, then the after-commit list. No await inside. */
  run<T>(work: () => T): T {
    const value = this.#transact(work);
    this.#notify();
    return value;
  }

  /**
   * Runs `work` in the next group commit: a commit costs fifty times a row, so what comes
   * within a millisecond, or until a caller waits for its own, shares a transaction; on an idle object the first
   * waits for nothing. `work` must be repeatable: when a neighbour throws, each runs again by itself.
   */
  enqueue<T>(work: () => T, settled: (written: Written<T>) => void): void {
    if (this.#queued.length === 0) this.#later();
    this.#put(eachOfThem<T>, work, settled);
  }

  /**
   * The same where others are sure to come soon. An object whose thread is busy with others looks idle: its own
   * turns are far apart, and each would bring a commit for one.
   */
  enqueueWithOthers<T>(work: () => T, settled: (written: Written<T>) => void): void {
    if (this.#queued.length === 0) this.#timer = setTimeout(() => this.flush(), 0);
    this.#put(eachOfThem<T>, work, settled);
  }

  /**
   * The same for what a caller waits for, and is cheaper together: those that come one behind the other with the same
   * `together`.
   */
  gather<Given, T>(
    together: Together<Given, T>,
    given: Given,
    settled: (written: Written<T>) => void,
  ): void {
    if (!this.#isSoon) this.#soon();
    this.#put(together, given, settled);
  }

  #put<Given, T>(
    together: Together<Given, T>,
    given: Given,
    settled: (written: Written<T>) => void,
  ): void {
    this.#queued.push({ given, together, settled: settled as Queued["settled"] });
  }

  // A timer takes a millisecond, and in it come more.
  #later(): void {
    if (this.#isIdle) this.#soon();
    else this.#timer = setTimeout(() => this.flush(), 0);
  }

  // What whoever waits sends next comes only when this is written.
  #soon(): void {
    this.#isSoon = true;
    if (this.#isIdle) queueMicrotask(() => this.flush());
    else this.#deps.nextTurn(() => this.flush());
  }

  get #isIdle(): boolean {
    return this.#deps.now() - this.#lastAt > IDLE_MS;
  }

  /** Commits what is queued now, not at the end of the turn. */
  flush(): void {
    if (this.#queued.length > 0) this.#commitQueued();
  }

  #commitQueued(): void {
    const group = this.#queued;
    this.#queued = [];
    this.#isSoon = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const [index, written] of this.#runAll(group).entries()) {
      group[index]?.settled(written as Written<never>);
    }
    this.#notify();
  }

  #runAll(group: readonly Queued[]): Written<unknown>[] {
    try {
      return this.#transact(() => valuesOf(group).map((value) => ({ value })));
    } catch (error) {
      if (group.length === 1) return [{ error }];
      return group.flatMap((one) => this.#runAll([one]));
    }
  }

  #transact<T>(work: () => T): T {
    const value = this.#transactOrRestore(work);
    this.#lastAt = this.#deps.now();
    for (const effect of this.#once.splice(0)) afterCommit(effect);
    return value;
  }

  #transactOrRestore<T>(work: () => T): T {
    const { sql, now } = this.#deps;
    const saved = this.#participants.map((participant) => participant.save());
    try {
      return sql.transaction(() => {
        const result = work();
        for (const participant of this.#participants) participant.flush?.(now());
        return result;
      });
    } catch (error) {
      this.#once = [];
      for (const [i, participant] of this.#participants.entries()) participant.restore(saved[i]);
      throw error;
    }
  }

  // A listener may commit too, which does not start the list again.
  #notify(): void {
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    const now = this.#deps.now();
    for (const listener of this.#listeners) afterCommit(() => listener(now));
    this.#isNotifying = false;
  }
}

function eachOfThem<T>(works: readonly (() => T)[]): T[] {
  return works.map((work) => work());
}

function valuesOf(group: readonly Queued[]): unknown[] {
  const values: unknown[] = [];
  while (values.length < group.length) {
    const { together } = group[values.length] as Queued;
    let end = values.length;
    while (group[end]?.together === together) end++;
    const given = group.slice(values.length, end).map((one) => one.given as never);
    values.push(...together(given));
  }
  return values;
}

// What was committed stays so, and whoever is next in the list must still hear of it.
function afterCommit(effect: () => void): void {
  try {
    effect();
  } catch (error) {
    trouble("task queue: something failed after a commit", error);
  }
}
