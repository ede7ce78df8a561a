// Lines over a store of their own, without a server: tasks are added, chosen, started and ended by a test.
import { type KeysConfig, keysConfig } from "../../src/core/config/keys-config.ts";
import type { KeysEntry } from "../../src/core/config/keys-schema.ts";
import { BEGUN } from "../../src/core/dispatch/rank.ts";
import { NO_PROGRESS } from "../../src/core/task/task.ts";
import type { QueueDefinition } from "../../src/objects/queue/context/definition.ts";
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
    const running = this.running;
    running.clear();
    this.store = new QueueStore(this.#tables, () => (this.#random += 1e-9));
    const definition = { config: { keys: this.#config } } as unknown as QueueDefinition;
    const { store } = this;
    const { lines, rows } = new KeyStore(this.#tables, store.lines);
    this.keys = new KeysAtWork({ definition, rows, now: () => this.now, late: () => 2 });
    this.keys.reshape(this.now);
    this.lines = new Lines({
      lines,
      at: (keys) => lines.at(keys),
      tasks: store.tasks,
      keys: this.keys,
      isTaken: (key) => running.has(key),
      isRunning: (key, name) => running.get(key)?.name === name,
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
