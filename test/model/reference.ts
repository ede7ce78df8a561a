// What the contract promises, and no more, as a few sets: compared with the real queue after each step.
import type { Answer } from "../../src/core/errors.ts";
import type { Added } from "../../src/core/task/calls.ts";
import type { Written } from "../../src/objects/commit.ts";
import { FAULT, LIMITS, type Started, type World } from "./world.ts";

interface Task {
  state: "live" | "done" | "failed" | "deleted";
  /** When its name is free again, ms since 1970. */
  freeAt: number;
  delivered: number;
}

/** What is on its way to the rows, in its order: an add, or the result of an attempt. */
type Pending =
  | { name: string; addedAt: number; written?: Written<Answer<Added[]>> }
  | { attempt: Started; status: number | undefined };

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
  readonly #world: World;
  #pending: Pending[] = [];
  #broken: string | undefined;

  constructor(world: World) {
    this.#world = world;
    world.onStart = (attempt) => this.#started(attempt);
    world.onGroupCommit = (hasFailed) => this.#committed(hasFailed);
  }

  /** An add, on its way; its answer is to be told. */
  adding(name: string): (written: Written<Answer<Added[]>>) => void {
    const add: Pending = { name, addedAt: this.#world.now };
    this.#pending.push(add);
    return (written) => {
      add.written = written;
    };
  }

  // Promise 1 (an add counts once it has answered) and 2 (a name is accepted once).
  #added(name: string, addedAt: number, written: Written<Answer<Added[]>>): void {
    if ("error" in written) {
      if (written.error === FAULT) return;
      throw written.error;
    }
    const task = this.#known(name, addedAt);
    const code = written.value.ok?.[0]?.error?.code ?? "added";
    const ended = task && task.state !== "live";
    const expected = !task ? "added" : ended ? "TOMBSTONED_TASK" : "TASK_ALREADY_EXISTS";
    if (code !== expected)
      throw new Error(`promise 2: an add of "${name}" was ${code}, expected ${expected}`);
    if (code === "added") {
      this.tasks.set(name, { state: "live", freeAt: Number.POSITIVE_INFINITY, delivered: 0 });
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
        const { name, addedAt, written } = pending;
        if (!written) throw new Error(`promise 1: an add of "${name}" was not answered`);
        this.#added(name, addedAt, written);
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
    for (const name of this.tasks.keys()) {
      const expected = this.#known(name, this.#world.now)?.state ?? "free";
      const found = this.#world.stateOf(name);
      if (found !== expected)
        throw new Error(`promises 1, 2, 5: "${name}" is ${found}, expected ${expected}`);
    }
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
    if (task) task.delivered++;
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
    const task = this.tasks.get(name) as Task;
    const keptMs = state === "failed" ? WEEK_MS : LIMITS.tombstoneS * 1000;
    task.state = state;
    task.freeAt = this.#world.now + keptMs;
  }
}
