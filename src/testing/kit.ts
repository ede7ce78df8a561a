// The test kit, inside the isolate of the Worker under test.

import { GroupHandle } from "../client/group-handle.ts";
import { QueueHandle } from "../client/queue-handle.ts";
import { CallerStubs, type GroupStub, type QueueStub } from "../client/stubs.ts";
import type { QueueConfig, QueueFile } from "../core/config/queue-config.ts";
import type { Task } from "../core/task/task.ts";
import { type Callee, stepIn } from "../objects/stand-in.ts";
import { type DrainOptions, groupLeft, type Left, notDrained, queueLeft } from "./drain.ts";
import { type Duration, milliseconds } from "./duration.ts";
import { Engine, type Enter } from "./engine.ts";
import type { PlannedFailure } from "./failures.ts";
import { fakeDate, realDate, realNow } from "./fake-date.ts";
import type { AddedTask, TaskAttempt } from "./log.ts";
import { isOf, type TaskName } from "./selection.ts";
import { Stage } from "./stage.ts";

export interface TestOptions {
  /** The time each test begins at: RFC 3339, or a Date. Default: the time it is. */
  now?: string | Date;
}

export interface KitDeps {
  /** The Worker's exports and bindings. */
  exports: unknown;
  env: unknown;
  enter: Enter;
  /** Deletes what every object has stored. */
  empty: (objects: readonly Callee[]) => Promise<void>;
}

/** Alarms that one drain fires. */
const MAX_ALARMS = 10_000;

export class TestKit {
  readonly #deps: KitDeps;
  readonly #stage: Stage;
  readonly #engine: Engine;
  readonly #start: string | Date | undefined;

  constructor(deps: KitDeps, { now }: TestOptions = {}) {
    this.#deps = deps;
    this.#start = now;
    this.#stage = new Stage({ now: instantOf(now) });
    this.#engine = new Engine(this.#stage, deps.enter);
    stepIn(this.#stage);
    fakeDate(() => this.#stage.now());
  }

  /** The time it is in the test and in the Worker. It moves by `advance`, `drain` and `reset` alone. */
  get now(): Date {
    return new Date(this.#stage.now());
  }

  /** Everything that was stored or planned is gone, and the clock is back at its start, or at `now`. */
  async reset({ now = this.#start }: TestOptions = {}): Promise<void> {
    await this.#engine.settled();
    await this.#deps.empty([...this.#stage.objects.values()]);
    this.#stage.begin(instantOf(now));
    await this.#wakeCron();
  }

  /** Ends the kit: time is the platform's again. */
  stop(): void {
    stepIn(undefined);
    realDate();
  }

  /** The queue of this name, with the verbs of `queues.get(env, name)`. */
  queue<P = unknown>(name: string): QueueHandle<P> {
    return new QueueHandle<P>(name, this.#stubs(), ANY_QUEUE);
  }

  /** A group that was made before. */
  group(name: string): GroupHandle {
    return new GroupHandle(name, this.#stubs());
  }

  /**
   * Lets time pass. Whatever is due on the way happens at its time: attempts, retries, recurring tasks, ends of
   * leases. Answers when it is settled.
   */
  async advance(duration: Duration): Promise<void> {
    await this.#engine.passTo(this.#stage.now() + milliseconds(duration));
  }

  /** Waits until what is under way has settled; the clock does not move. */
  async settle(): Promise<void> {
    await this.advance(0);
  }

  /**
   * Lets time pass until the queue has no task left, or no push queue has one and no group runs. Throws, with what
   * is left and why, when that does not come, or a task has had `limit` attempts.
   */
  async drain(queue?: string, { limit = 50 }: DrainOptions = {}): Promise<void> {
    const before = this.#stage.log.attempts.length;
    for (let fired = 0; ; fired++) {
      await this.#engine.settled();
      const next = this.#stage.next();
      if (next && next.at <= this.#stage.now()) await this.#engine.reach(next);
      else {
        const left = await this.#left(queue);
        if (left.length === 0) return;
        const stuck = this.#stuck(left, before, fired, limit);
        if (stuck !== undefined || !next) throw await notDrained(stuck ?? NOTHING_SET, left);
        await this.#engine.reach(next);
      }
    }
  }

  /**
   * Runs the task that is next on the queue now, whatever its time, the rate or a pause say, and answers how that
   * went. The clock does not move.
   */
  async runNext(queue: string): Promise<TaskAttempt> {
    await this.#engine.settled();
    const task = (await this.#tasks(queue)).find(({ state }) => WAITING.has(state));
    if (!task) throw new Error(`runNext: no task waits on the queue "${queue}"`);
    const before = this.#stage.log.attempts.length;
    await this.queue(queue).run(task.name);
    await this.settle();
    const isOf = (a: TaskAttempt) => a.queue === queue && a.name === task.name;
    const attempt = this.#stage.log.attempts.slice(before).find(isOf);
    if (!attempt) throw new Error(`runNext: task "${task.name}" on "${queue}" did not start`);
    return attempt;
  }

  /** The next attempts on the queue fail, before their handler is called. */
  failNext(queue: string, failure: PlannedFailure = {}): void {
    this.#stage.failures.add(queue, failure);
  }

  /** The attempts that have ended since the reset, in order: all, those of a queue, or those of a task. */
  attempts(of?: string | TaskName): TaskAttempt[] {
    return this.#stage.log.attempts.filter((attempt) => isOf(attempt, of));
  }

  /** The tasks that were added since the reset, in order, wherever from. */
  added(queue?: string): AddedTask[] {
    return this.#stage.log.added.filter((task) => isOf(task, queue));
  }

  #stubs(): CallerStubs {
    return new CallerStubs(this.#deps.env, this.#deps.exports);
  }

  // A Worker starts its recurring tasks with its first request, and once.
  async #wakeCron(): Promise<void> {
    await this.#stubs().cron().wake();
    await this.#engine.settled();
  }

  async #tasks(queue: string): Promise<Task[]> {
    return (await this.queue(queue).list({ limit: 1000 })).tasks;
  }

  async #left(only?: string): Promise<Left[]> {
    const objects = [...this.#stage.objects];
    const left = await Promise.all(objects.map(([id, callee]) => this.#leftIn(id, callee, only)));
    return left.flat();
  }

  async #leftIn(id: string, { className, name }: Callee, only?: string): Promise<Left[]> {
    if (className === "TaskQueue" && (only === undefined || only === name)) {
      const stub = this.#stubs().queue(name) as QueueStub;
      const view = await stub.describe();
      if (view.mode === "pull" && only === undefined) return [];
      return queueLeft(id, view, () => this.#tasks(name));
    }
    if (className !== "TaskGroup" || only !== undefined) return [];
    const { ok } = await (this.#stubs().group(name) as GroupStub).progress();
    return groupLeft(id, ok);
  }

  /** Objects whose alarms bring tasks and groups to their end. */
  #workers(): string[] {
    const objects = [...this.#stage.objects];
    return objects.flatMap(([id, { className }]) => (WORKERS.has(className) ? id : []));
  }

  #stuck(left: readonly Left[], from: number, fired: number, limit: number): string | undefined {
    const needsOthers = left.some((one) => one.needsOthers);
    const movers = needsOthers ? this.#workers() : left.map(({ object }) => object);
    if (!movers.some((object) => this.#stage.hasAlarm(object))) return NOTHING_SET;
    if (fired >= MAX_ALARMS) return `${MAX_ALARMS} alarms have fired, and there still is work`;
    const counts = Map.groupBy(
      this.#stage.log.attempts.slice(from),
      (a) => `${a.queue}\n${a.name}`,
    );
    const tried = [...counts.values()].find((attempts) => attempts.length >= limit);
    if (!tried) return undefined;
    const [{ name, queue }] = tried as [TaskAttempt];
    return `task "${name}" on "${queue}" was tried ${tried.length} times and is not done; without a retry limit it is tried for ever`;
  }
}

const NOTHING_SET = "no time is set at which anything more would happen";
const WORKERS = new Set(["TaskQueue", "TaskGroup"]);
const WAITING = new Set(["scheduled", "due"]);

// The object itself knows whether its queue is defined.
const ANY_QUEUE = {
  queues: { has: () => true, get: () => undefined, keys: () => [] as string[] },
} as unknown as QueueFile & { queues: Map<string, QueueConfig> };

function instantOf(now: string | Date | undefined): number {
  if (now === undefined) return realNow();
  const instant = new Date(now).getTime();
  if (Number.isFinite(instant)) return instant;
  throw new TypeError(
    `now: found ${JSON.stringify(now)}, expected an instant such as "2026-03-29T00:00:00Z"`,
  );
}
