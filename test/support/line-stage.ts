// Lines over a store of their own, without a server: tasks are added, chosen, started and ended by a test.
import { type KeysConfig, keysConfig } from "../../src/core/config/keys-config.ts";
import type { KeysEntry } from "../../src/core/config/keys-schema.ts";
import { BEGUN } from "../../src/core/dispatch/rank.ts";
import { NO_PROGRESS } from "../../src/core/task/task.ts";
import type { QueueDefinition } from "../../src/objects/queue/context/definition.ts";
import { HeldBack } from "../../src/objects/queue/dispatch/held-back.ts";
import { KeysAtWork } from "../../src/objects/queue/dispatch/keys-at-work.ts";
import { Lines } from "../../src/objects/queue/dispatch/lines.ts";
import { KeyStore } from "../../src/store/queue/key-store.ts";
import { QueueStore } from "../../src/store/queue/queue-store.ts";
import type { TaskRow } from "../../src/store/queue/tasks.ts";
import { memorySql, queueTables } from "../store/sqlite.ts";

export const START = Date.UTC(2030, 0, 1);
const RETENTION = { tombstoneTtl: 60, keepFailed: 60 };

export interface Given {
  key?: string;
  priority?: number;
  /** Seconds from now. */
  in?: number;
}

export class LineStage {
  now = START;
  readonly sql = memorySql();
  readonly running = new Map<number, TaskRow>();
  /** Tasks that are due and may not start. */
  readonly held = new HeldBack();
  readonly #tables = queueTables(this.sql);
  readonly #most: number | undefined;
  #config: KeysConfig | undefined;
  #random = 0;
  store!: QueueStore;
  keys!: KeysAtWork;
  lines!: Lines;

  constructor(keys?: KeysEntry, most?: number) {
    this.#config = keys && keysConfig(keys);
    this.#most = most;
    this.start();
    // As after a first task in a line: before it a queue has none of this.
    this.commit(() => this.store.lines.make());
  }

  /** The object starts: what was in memory is gone, and so are the attempts. */
  start(): void {
    const { held, running } = this;
    running.clear();
    held.take();
    this.store = new QueueStore(this.#tables, () => (this.#random += 1e-9));
    const config = () => ({ keys: this.#config });
    const definition = Object.defineProperty({}, "config", { get: config }) as QueueDefinition;
    const { store } = this;
    const { lines, rows } = new KeyStore(this.#tables, store.lines);
    this.keys = new KeysAtWork({ definition, rows, now: () => this.now, late: () => 2 });
    this.keys.reshape(this.now);
    this.lines = new Lines({
      lines,
      at: (keys) => lines.at(keys),
      tasks: store.tasks,
      keys: this.keys,
      isTaken: (key) => running.has(key) || held.has(key),
      isRunning: (key, name) => running.get(key)?.name === name || held.has(key),
      isHeldBack: (key) => held.hasOf(key),
      ...(this.#most !== undefined && { most: this.#most }),
    });
  }

  /** In commits of many tasks, as a server would write them. */
  add(...given: readonly Given[]): TaskRow[] {
    const tasks = given.map(({ key, priority, in: seconds = 0 }) => ({
      name: undefined,
      due: this.now + seconds * 1000,
      spec: { ...(key !== undefined && { key }), ...(priority !== undefined && { priority }) },
      body: undefined,
    }));
    const added = this.commit(() => this.store.addAll(tasks, this.now));
    return added.flatMap((outcome) => {
      if (!("added" in outcome)) return [];
      this.lines.rewindTo(outcome.added.key);
      return outcome.added;
    });
  }

  /** One turn: starts up to `limit` tasks. */
  turn(limit: number): TaskRow[] {
    const tasks = this.lines.due(this.now, limit);
    const counts = this.keys.countsOf(tasks);
    this.commit(() => this.keys.spend(counts, this.now));
    for (const task of tasks) {
      this.running.set(task.key, task);
      this.lines.started(task.key);
      if (task.spec.key !== undefined) this.keys.started(task.spec.key);
    }
    return tasks;
  }

  /** Other limits hold from now on. */
  limit(keys: KeysEntry): void {
    this.#config = keysConfig(keys);
    this.commit(() => this.keys.reshape(this.now));
    this.lines.limitsChanged();
  }

  /** Of the tasks that could start now one is held back, and none starts. */
  holdBack(pick: number): void {
    const tasks = this.lines.due(this.now, 100);
    const task = tasks[pick % Math.max(1, tasks.length)];
    if (task) this.held.add(task);
  }

  /** Nothing is held back any more. */
  release(): void {
    for (const row of this.held.take()) this.lines.rewindTo(row);
  }

  /** The attempt of a task ends; with `retryIn` (seconds) it is tried again. */
  end(task: TaskRow, retryIn?: number): void {
    const { key } = task.spec;
    const isInOrder = key !== undefined && this.keys.isInOrder(key);
    const moved = this.commit(() => {
      if (retryIn === undefined) {
        this.store.complete(task, this.now, NO_PROGRESS, RETENTION);
        return undefined;
      }
      const progress = { ...task.progress, retryCount: task.progress.retryCount + 1 };
      const due = this.now + retryIn * 1000;
      return this.store.retry(task, due, progress, isInOrder ? BEGUN : undefined);
    });
    this.running.delete(task.key);
    if (key !== undefined) {
      if (this.keys.ended(key)) this.lines.meet(key);
      this.lines.meetAnew(key);
    }
    if (moved) this.lines.rewindTo(moved.key);
  }

  /** The task is deleted while it waits. */
  remove(task: TaskRow): void {
    this.commit(() => this.store.delete(task, this.now, RETENTION));
    this.held.delete(task.key);
    this.lines.gone(task.key, task.spec.key ?? "");
  }

  commit<T>(work: () => T): T {
    this.keys.save();
    return this.#tables.transaction(() => {
      const value = work();
      this.store.flush(this.now);
      return value;
    });
  }
}
