// What the contract promises, and no more, as a few sets: compared with the real queue after each step.
import type { Answer } from "../../src/core/errors.ts";
import type { Added } from "../../src/core/task/calls.ts";
import type { Written } from "../../src/objects/commit.ts";
import { FAULT, type Fairness, IN_ORDER, LIMITS, type Started, type World } from "./world.ts";

interface Task {
  state: "live" | "done" | "failed" | "deleted";
  /** When its name is free again, ms since 1970. */
  freeAt: number;
  delivered: number;
  key: string | undefined;
  /** When it expires should it not be started before (ms). */
  expiresAt: number;
}

interface Add {
  name: string;
  addedAt: number;
  fair: Fairness;
  written?: Written<Answer<Added[]>>;
}

/** What is on its way to the rows, in its order: an add, or the result of an attempt. */
type Pending = Add | { attempt: Started; status: number | undefined };

/** Results that are on their way together are written together, in the place of the first. */
function asWritten(pending: readonly Pending[]): Pending[] {
  const isResult = (one: Pending) => "attempt" in one;
  const first = pending.findIndex(isResult);
  if (first < 0) return [...pending];
  const later = pending.slice(first);
  return [
    ...pending.slice(0, first),
    ...later.filter(isResult),
    ...later.filter((one) => !isResult(one)),
  ];
}

const WEEK_MS = 7 * 24 * 3600 * 1000;

export class Reference {
  readonly tasks = new Map<string, Task>();
  /** The attempt whose result counts, of each task that is with its handler. */
  readonly owners = new Map<string, Started>();
  /** Something failed on the way: a start may be on disk that never happened. */
  mayFail = false;
  readonly #world: World;
  /** The task of the key in order that has begun, and is to be tried again. */
  #begun: string | undefined;
  #pending: Pending[] = [];
  #broken: string | undefined;

  constructor(world: World) {
    this.#world = world;
    world.onStart = (attempt) => this.#started(attempt);
    world.onGroupCommit = (hasFailed) => this.#committed(hasFailed);
  }

  /** An add, on its way; its answer is to be told. */
  adding(name: string, fair: Fairness = {}): (written: Written<Answer<Added[]>>) => void {
    const add: Add = { name, addedAt: this.#world.now, fair };
    this.#pending.push(add);
    return (written) => {
      add.written = written;
    };
  }

  // Promise 1 (an add counts once it has answered) and 2 (a name is accepted once).
  #added({ name, addedAt, fair, written }: Add & { written: Written<Answer<Added[]>> }): void {
    if ("error" in written) {
      if (written.error === FAULT) return;
      throw written.error;
    }
    const code = written.value.ok?.[0]?.error?.code ?? "added";
    // Of one that expires in the same moment either may be.
    if (code === "TOMBSTONED_TASK") this.#mayExpire(name);
    const task = this.#known(name, addedAt);
    const ended = task && task.state !== "live";
    const expected = !task ? "added" : ended ? "TOMBSTONED_TASK" : "TASK_ALREADY_EXISTS";
    if (code !== expected)
      throw new Error(`promise 2: an add of "${name}" was ${code}, expected ${expected}`);
    if (code === "added") {
      const { key, expires = Number.POSITIVE_INFINITY } = fair;
      const expiresAt = addedAt + expires * 1000;
      const freeAt = Number.POSITIVE_INFINITY;
      this.tasks.set(name, { state: "live", freeAt, delivered: 0, key, expiresAt });
    }
  }

  answered(attempt: Started, status: number): void {
    this.#pending.push({ attempt, status });
  }

  // Attempts whose deadline has passed own their tasks until that is written.
  alarm(): void {
    for (const attempt of this.owners.values()) {
      const isOver = attempt.at + LIMITS.deadlineS * 1000 <= this.#world.now;
      if (isOver) this.#pending.push({ attempt, status: undefined });
    }
  }

  /** What was on its way is written, all of it or each by itself; where that failed, the attempt is over without a result. */
  #committed(hasFailed: boolean): void {
    const all = asWritten(this.#pending.splice(0));
    for (const [index, pending] of all.entries()) {
      if ("name" in pending) {
        const { name, written } = pending;
        if (!written) throw new Error(`promise 1: an add of "${name}" was not answered`);
        this.#added({ ...pending, written });
        continue;
      }
      const { attempt, status } = pending;
      if (this.owners.get(attempt.name) !== attempt) continue;
      const isOver = status === 200 || status === 400;
      const isLive = this.#world.stateOf(attempt.name) === "live";
      // Where its end at the deadline could not be written, the answer that came after it may be its end.
      const isAgain = all
        .slice(index + 1)
        .some((later) => "attempt" in later && later.attempt === attempt);
      if (hasFailed && !isOver && isAgain && !isLive) continue;
      this.owners.delete(attempt.name);
      // Promise 5 is what follows: of others nothing changes.
      if (!isOver && !hasFailed) this.#retried(attempt.name);
      if (!isOver || (hasFailed && isLive)) continue;
      this.#end(attempt.name, status === 200 ? "done" : "failed");
    }
  }

  deleted(name: string): void {
    const task = this.#known(name, this.#world.now);
    this.owners.delete(name);
    if (task?.state === "live") this.#end(name, "deleted");
    // The record of a failed one goes, its name stays.
    if (task?.state === "failed") task.state = "deleted";
  }

  purged(): void {
    for (const [name, { state }] of this.tasks) if (state === "live") this.deleted(name);
  }

  crashed(): void {
    this.owners.clear();
    this.#pending = [];
  }

  check(): void {
    if (this.#broken !== undefined) throw new Error(this.#broken);
    for (const name of this.tasks.keys()) this.#mayExpire(name);
    for (const name of this.tasks.keys()) {
      const expected = this.#known(name, this.#world.now)?.state ?? "free";
      const found = this.#world.stateOf(name);
      if (found !== expected)
        throw new Error(`promises 1, 2, 5: "${name}" is ${found}, expected ${expected}`);
    }
  }

  // Only what was never started, and not before its time.
  #mayExpire(name: string): void {
    const { now } = this.#world;
    const task = this.#known(name, now);
    if (task?.state !== "live" || task.delivered > 0 || task.expiresAt > now) return;
    if (this.#world.stateOf(name) === "failed") this.#end(name, "failed");
  }

  #retried(name: string): void {
    if (this.tasks.get(name)?.key === IN_ORDER) this.#begun = name;
  }

  #checkOrder(name: string, { key }: Task): void {
    if (key !== IN_ORDER) return;
    // What has been answered may have been written a moment ago.
    const isOver = (task: string) =>
      this.#pending.some((one) => "attempt" in one && one.attempt.name === task);
    if (this.#begun !== undefined && this.#begun !== name && !isOver(this.#begun))
      this.#break(`order: "${name}" started, and "${this.#begun}" has begun and not ended`);
    // Whose end could not be written may be under way or not.
    if (this.mayFail) return;
    const beside = [...this.owners.keys()].find(
      (it) => this.tasks.get(it)?.key === IN_ORDER && !isOver(it),
    );
    if (beside !== undefined) this.#break(`order: "${name}" started beside "${beside}"`);
  }

  #checkExpiry(name: string, { delivered, expiresAt }: Task, at: number): void {
    if (delivered === 0 && expiresAt <= at && !this.mayFail)
      this.#break(`expiry: "${name}" was started after it had expired`);
  }

  // Promise 3, for every interval that ends with this start.
  #started(attempt: Started): void {
    const { dispatched, attempts } = this.#world;
    const { rate, bucketSize, maxConcurrent } = LIMITS;
    const last = dispatched.length - 1;
    for (let first = 0; first <= last; first++) {
      const seconds = (attempt.at - (dispatched[first] as number)) / 1000;
      const n = last - first + 1;
      if (n > bucketSize + rate * seconds + 1e-6)
        this.#break(`promise 3: ${n} starts in ${seconds} s`);
    }
    // One that was answered or is past its deadline has left its slot, or leaves it with the next commit.
    const open = attempts.filter(({ at }) => at + LIMITS.deadlineS * 1000 > attempt.at);
    const calls = new Set(open.map(({ call }) => call)).size;
    if (calls > maxConcurrent) this.#break(`promise 3: ${calls} in flight`);
    const task = this.tasks.get(attempt.name);
    if (task?.state !== "live") this.#break(`"${attempt.name}" started, and is ${task?.state}`);
    if (this.owners.has(attempt.name)) this.#break(`"${attempt.name}" is under way twice`);
    if (task) {
      this.#checkOrder(attempt.name, task);
      this.#checkExpiry(attempt.name, task, attempt.at);
      task.delivered++;
    }
    this.owners.set(attempt.name, attempt);
  }

  // Told at the next check: what is thrown here would be the attempt's.
  #break(promise: string): void {
    this.#broken ??= promise;
  }

  #known(name: string, now: number): Task | undefined {
    const task = this.tasks.get(name);
    return task && task.freeAt > now ? task : undefined;
  }

  #end(name: string, state: "done" | "failed" | "deleted"): void {
    if (this.#begun === name) this.#begun = undefined;
    const task = this.tasks.get(name) as Task;
    const keptMs = state === "failed" ? WEEK_MS : LIMITS.tombstoneS * 1000;
    task.state = state;
    task.freeAt = this.#world.now + keptMs;
  }
}
