// Leases of a pull queue with keys over a store of their own, without a server: tasks are added, leased and ended by a test.
import { type KeysConfig, keysConfig } from "../../src/core/config/keys-config.ts";
import type { KeysEntry } from "../../src/core/config/keys-schema.ts";
import { leaseAgain, undelivered } from "../../src/core/task/lease.ts";
import type { QueueDefinition } from "../../src/objects/queue/context/definition.ts";
import { KeysAtWork } from "../../src/objects/queue/dispatch/keys-at-work.ts";
import { LinedLeases } from "../../src/objects/queue/leasing/lined-leases.ts";
import { KeyStore } from "../../src/store/queue/key-store.ts";
import { QueueStore } from "../../src/store/queue/queue-store.ts";
import type { TaskRow } from "../../src/store/queue/tasks.ts";
import { memorySql, queueTables } from "../store/sqlite.ts";
import { START } from "./line-stage.ts";

const RETENTION = { tombstoneTtl: 60, keepFailed: 60 };

export interface GivenLeasable {
  key?: string | undefined;
  priority?: number | undefined;
  tag?: string | undefined;
  /** Seconds from now. */
  in?: number;
}

export class LeaseStage {
  now = START;
  readonly sql = memorySql();
  readonly #tables = queueTables(this.sql);
  readonly #config: KeysConfig | undefined;
  #random = 0;
  store!: QueueStore;
  keys!: KeysAtWork;
  leases!: LinedLeases;

  constructor(keys?: KeysEntry) {
    this.#config = keys && keysConfig(keys);
    this.start();
    // As after a first task in a line: before it a queue has none of this.
    this.commit(() => this.store.lines.make());
  }

  /** The object starts: what was in memory is gone. */
  start(): void {
    this.store = new QueueStore(this.#tables, () => (this.#random += 1e-9));
    const definition = { config: { keys: this.#config, mode: "pull" } } as never as QueueDefinition;
    const { store } = this;
    const keyStore = new KeyStore(this.#tables, store.lines);
    const now = () => this.now;
    this.keys = new KeysAtWork({ definition, rows: keyStore.rows, now, late: () => 2 });
    this.keys.reshape(this.now);
    this.leases = new LinedLeases({
      ...{ keyStore, rows: store.leasable, tasks: store.tasks, keys: this.keys, now },
      isMoving: () => false,
    });
  }

  add(...given: readonly GivenLeasable[]): TaskRow[] {
    const tasks = given.map(({ in: seconds = 0, key, priority, tag }) => ({
      name: undefined,
      due: this.now + seconds * 1000,
      spec: {
        ...(key !== undefined && { key }),
        ...(priority !== undefined && { priority }),
        ...(tag !== undefined && { tag }),
      },
      body: undefined,
    }));
    const added = this.commit(() => this.store.addAll(tasks, this.now));
    return added.flatMap((outcome) => {
      if (!("added" in outcome)) return [];
      this.leases.rewindTo(outcome.added.key);
      return outcome.added;
    });
  }

  /** Leases up to `max` tasks; `isUndone`: the transaction is rolled back. */
  lease(max: number, seconds: number, tag?: string, isUndone = false): TaskRow[] {
    try {
      return this.commit(() => {
        const until = seconds === 0 ? this.now - 1 : this.now + seconds * 1000;
        const leased = this.leases.available(this.now, max, tag).flatMap(({ key, name }) => {
          const task = this.store.tasks.at(key, name);
          if (!task) throw new Error(`${name} is not there`);
          const { progress } = leaseAgain(task.progress, task.lease, this.now);
          this.leases.lease(task, until);
          return this.store.lease(task, until, progress) ?? [];
        });
        this.leases.spend(leased, this.now);
        if (isUndone) throw new Undone();
        return leased;
      });
    } catch (error) {
      if (!(error instanceof Undone)) throw error;
      this.leases.clear();
      this.leases.restore();
      return [];
    }
  }

  /** The task is done, or deleted. */
  end(task: TaskRow): void {
    this.commit(() => this.store.complete(task, this.now, task.progress, RETENTION));
    this.leases.forget(task.key);
  }

  giveBack(task: TaskRow): TaskRow {
    const until = this.now - 1;
    this.leases.lease(task, until);
    return this.commit(() => this.store.lease(task, until, task.progress)) as TaskRow;
  }

  withdraw(task: TaskRow): TaskRow {
    const progress = undelivered(task.progress);
    this.commit(() => this.store.withdrawLease(task, progress));
    this.leases.undelivered(task);
    const { lease: _, ...rest } = task;
    return { ...rest, progress };
  }

  commit<T>(work: () => T): T {
    const saved = this.store.save();
    this.leases.save();
    try {
      return this.#tables.transaction(() => {
        const value = work();
        this.store.flush(this.now);
        return value;
      });
    } catch (error) {
      this.store.restore(saved);
      throw error;
    }
  }
}

class Undone extends Error {}
