// The test kit, inside the isolate of the Worker under test.

import { GroupHandle } from "../client/group-handle.ts";
import { QueueHandle } from "../client/queue-handle.ts";
import { CallerStubs } from "../client/stubs.ts";
import type { QueueConfig, QueueFile } from "../core/config/queue-config.ts";
import { parseQueueEntry } from "../core/config/queue-entry.ts";
import { shardOfObject } from "../core/sharding/shard-map.ts";
import type { Task } from "../core/task/task.ts";
import { type Callee, stepIn } from "../objects/stand-in.ts";
import {
  type DrainOptions,
  groupLeft,
  type Left,
  messageLeft,
  notDrained,
  queueLeft,
} from "./drain.ts";
import { type Duration, milliseconds } from "./duration.ts";
import { Engine, type Enter } from "./engine.ts";
import type { PlannedFailure } from "./failures.ts";
import { fakeDate, realDate, realNow } from "./fake-date.ts";
import type { AddedTask, TaskAttempt } from "./log.ts";
import { fireInOrder } from "./order.ts";
import { isOf, type TaskName } from "./selection.ts";
import { type ObjectMoment, Stage } from "./stage.ts";

export interface TestOptions {
  /** The time each test begins at, from 2025 to 2089: RFC 3339, or a Date. Default: the time it is. */
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

/** Turns of the event loop that a reset waits for what is under way. */
const PATIENCE = 500;
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
    // A handler of the last test that does not end is left behind.
    await this.#engine.settled(PATIENCE);
    await this.#deps.empty([...this.#stage.objects.values()]);
    this.#stage.begin(instantOf(now));
    await this.#wakeCron();
  }

  /** Waits until nothing is under way. What is due stays so: that is what `settle` is for. */
  async idle(): Promise<void> {
    await this.#engine.settled();
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

  /**
   * Lets happen what is due now. The clock moves by a millisecond where something follows on it: a queue's alarms
   * have different times.
   */
  async settle(): Promise<void> {
    await this.#settleUntil(() => false);
  }

  /**
   * Lets time pass until the queue has no task left, or no push queue has one and no group runs. Throws, with what
   * is left and why, when that does not come, or a task has had `limit` attempts.
   */
  async drain(queue?: string, { limit = 50 }: DrainOptions = {}): Promise<void> {
    if (queue !== undefined) await this.#checkQueue(queue);
    const before = this.#stage.log.attempts.length;
    let fired = 0;
    await fireInOrder(this.#engine, Number.POSITIVE_INFINITY, async (next) => {
      fired++;
      if (next && next.at <= this.#stage.now()) return false;
      const left = await this.#left(queue);
      if (left.length === 0) return true;
      const why = this.#stuck(left, before, fired, limit) ?? (next ? undefined : NOTHING_SET);
      if (why !== undefined) throw await notDrained(why, left);
      return false;
    });
  }

  /**
   * Runs the task that is next on the queue now, whatever its time, the rate or a pause say, and answers how that
   * went. The clock stays, as in `settle`.
   */
  async runNext(queue: string): Promise<TaskAttempt> {
    await this.#engine.settled();
    await this.#checkQueue(queue);
    const task = (await this.#tasks(queue)).find(({ state }) => WAITING.has(state));
    if (!task) throw new Error(`runNext: no task waits on the queue "${queue}"`);
    const before = this.#stage.log.attempts.length;
    const attempt = () => this.#stage.log.attempts.slice(before).find((one) => isOf(one, task));
    await this.queue(queue).run(task.name);
    await this.#settleUntil(() => attempt() !== undefined);
    const made = attempt();
    if (made) return made;
    throw new Error(`runNext: task "${task.name}" on "${queue}" did not start: no slot is free`);
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

  async #settleUntil(isDone: () => boolean): Promise<void> {
    const isAhead = (next?: ObjectMoment) => !next || next.at > this.#stage.now() + 1;
    await fireInOrder(this.#engine, Number.POSITIVE_INFINITY, (next) => isDone() || isAhead(next));
  }

  async #checkQueue(name: string): Promise<void> {
    const { state } = await this.#stubs().queue(name).describe();
    if (state === "disabled") throw new Error(`task queues: there is no queue "${name}"`);
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

  async #leftIn(id: string, callee: Callee, only?: string): Promise<Left[]> {
    const { className } = callee;
    const isQueue = className === "TaskQueue";
    const { queue: name, shard } = isQueue
      ? shardOfObject(callee.name)
      : { queue: callee.name, shard: 0 };
    if (!WORKERS.has(className) || (only !== undefined && !(isQueue && only === name))) return [];
    // What is on a shard the queue says.
    if (shard > 0) return this.#orMessage([], id, callee);
    const left = await (isQueue ? this.#queueLeft(id, name) : this.#groupLeft(id, name));
    // Whoever leases from a pull queue does it in a time of his own.
    if (only === undefined && left.some(({ isPull }) => isPull)) return [];
    return this.#orMessage(left, id, callee);
  }

  // Such as the failed tasks that go to another queue.
  async #orMessage(left: Left[], id: string, callee: Callee): Promise<Left[]> {
    if (left.length > 0) return left;
    const isSoon = (await this.#engine.nextWakeAt(id)) <= this.#stage.now() + SOON_MS;
    return isSoon ? [messageLeft(id, callee)] : [];
  }

  async #queueLeft(id: string, name: string): Promise<Left[]> {
    const view = await this.#stubs().queue(name).describe();
    return queueLeft(id, view, () => this.#tasks(name));
  }

  async #groupLeft(id: string, name: string): Promise<Left[]> {
    return groupLeft(id, (await this.#stubs().group(name).progress()).ok);
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
/** The longest that one object waits before it tells another again. */
const SOON_MS = 60_000;
const WAITING = new Set(["scheduled", "due"]);

// The object itself knows whether its queue is defined.
const ANY_QUEUE = {
  queues: { has: () => true, get: () => undefined, keys: () => [] as string[] },
  readEntry: parseQueueEntry,
} as unknown as QueueFile & { queues: Map<string, QueueConfig> };

function instantOf(now: string | Date | undefined): number {
  if (now === undefined) return realNow();
  const instant = new Date(now).getTime();
  if (instant >= FIRST && instant < LAST) return instant;
  const found = JSON.stringify(now);
  throw new TypeError(`now: found ${found}, expected an instant from 2025 to 2089, RFC 3339`);
}

/** What queues can sort tasks by. */
const FIRST = Date.UTC(2025, 0, 1);
const LAST = Date.UTC(2090, 0, 1);
