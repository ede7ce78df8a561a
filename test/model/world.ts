// A queue's real core, store, commits and dispatcher over SQLite in memory, in a loop whose every step is a
// command: when a group commit happens, an alarm fires, a handler answers or the object dies is up to the run.
import { vi } from "vitest";
import { parseQueueYaml } from "../../src/core/config/queue-yaml.ts";
import { parseHostRules } from "../../src/core/egress/host-rules.ts";
import type { Answer } from "../../src/core/errors.ts";
import type { Added } from "../../src/core/task/calls.ts";
import type { TaskSpec } from "../../src/core/task/task.ts";
import type { Written } from "../../src/objects/commit.ts";
import { Commit } from "../../src/objects/commit.ts";
import type { WireOutcome } from "../../src/objects/delivery/outcome.ts";
import { addAccepted } from "../../src/objects/queue/admission.ts";
import { purgeSlice } from "../../src/objects/queue/clearing.ts";
import { Batches } from "../../src/objects/queue/dispatch/batches.ts";
import { Queue } from "../../src/objects/queue/queue.ts";
import { rules } from "../../src/objects/queue/ruled-adds.ts";
import { TaskKeys } from "../../src/objects/queue/task-keys.ts";
import { deleteSome } from "../../src/objects/queue/task-operations.ts";
import type { Sql } from "../../src/store/sql.ts";
import type { Tables } from "../../src/store/tables.ts";
import { memorySql, queueTables } from "../store/sqlite.ts";

export const START = Date.UTC(2050, 0, 1);
export const LIMITS = { rate: 5, bucketSize: 3, maxConcurrent: 4, tombstoneS: 20, deadlineS: 15 };

/** What the queue has beside: batches to its handler, and a key whose tasks run one after another. */
export interface Extras {
  batch?: { size: number; wait: number };
  keys?: object;
}

/** Tasks of this key run one after another. */
export const IN_ORDER = "one";
export const KEYS = {
  per_key: { [IN_ORDER]: { rate: "2/s", bucket_size: 2, max_concurrent_requests: 1 } },
};

/** What a task has beside its name. */
export type Fairness = Pick<TaskSpec, "key" | "priority" | "expires">;

const fileOf = ({ batch, keys }: Extras) =>
  parseQueueYaml(`
queue:
- name: q
  rate: ${LIMITS.rate}/s
  bucket_size: ${LIMITS.bucketSize}
  max_concurrent_requests: ${LIMITS.maxConcurrent}
  retry_parameters:
    min_backoff_seconds: 1
    max_backoff_seconds: 4
  extensions:
    tombstone_ttl: ${LIMITS.tombstoneS}s
    ${batch ? `batch: ${JSON.stringify(batch)}` : ""}
    ${keys ? `keys: ${JSON.stringify(keys)}` : ""}
`);

/** An attempt as its handler sees it. */
export interface Started {
  name: string;
  /** ms since 1970 */
  at: number;
  /** All that share its call, itself too. */
  call: readonly Started[];
  answer: (outcomes: WireOutcome[]) => void;
}

export class World {
  now = START;
  /** So many transactions from now on fail when all their work is done. */
  faults = 0;
  /** Those without an answer; those of an object that died are not among them. */
  attempts: Started[] = [];
  readonly dispatched: number[] = [];
  onStart: (attempt: Started) => void = () => {};
  /** What was on its way has been written, or one of the faults has kept it. */
  onGroupCommit: (hasFailed: boolean) => void = () => {};
  readonly #rows = memorySql();
  readonly #file: ReturnType<typeof fileOf>;
  #queue!: Queue;
  #life = 0;

  constructor(extras: Extras = {}) {
    this.#file = fileOf(extras);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "queueMicrotask"] });
    this.#begin();
  }

  get queue(): Queue {
    return this.#queue;
  }

  add(
    name: string,
    { delayMs, ...fair }: { delayMs: number } & Fairness,
    settled: (written: Written<Answer<Added[]>>) => void,
  ): void {
    const { now } = this;
    const spec = { dispatchDeadline: LIMITS.deadlineS, ...fair };
    const task = { name, due: now + delayMs, spec, body: undefined };
    this.#queue.commit.enqueue(() => addAccepted(this.#queue, [task], false, now), settled);
  }

  /** The group commit that is due happens. */
  commit(): void {
    vi.runAllTicks();
    vi.runOnlyPendingTimers();
  }

  alarm(): void {
    for (const job of this.#queue.jobs) {
      try {
        job.onAlarm(this.now);
      } catch (error) {
        if (error !== FAULT) throw error;
      }
    }
  }

  /** When time gives the queue something to do (ms). */
  nextWakeAt(): number {
    const moments = this.#queue.jobs.flatMap((job) => job.nextWakeAt() ?? []);
    const watchdogs = this.#queue.jobs.flatMap((job) => job.watchdogAt?.(this.now) ?? []);
    return Math.min(...moments, ...watchdogs);
  }

  /** Answers for all that share the call. */
  async answer({ call, answer }: Started, outcomes: WireOutcome[]): Promise<void> {
    this.attempts = this.attempts.filter((other) => !call.includes(other));
    answer(outcomes);
    for (let i = 0; i < 6; i++) await Promise.resolve();
  }

  /** False when it could not be written. */
  delete(name: string): boolean {
    return this.#unlessFaulty(() =>
      this.#queue.commit.run(() => deleteSome(this.#queue, [name]).size > 0),
    );
  }

  purge(): boolean {
    return this.#unlessFaulty(() => purgeSlice(this.#queue, -1, 500));
  }

  /** Memory is gone, rows are kept. */
  crash(): void {
    vi.clearAllTimers();
    this.faults = 0;
    this.attempts = [];
    this.#begin();
  }

  stateOf(name: string): string {
    const found = this.#queue.store.find(name, this.now);
    return found === undefined ? "free" : found.kind === "ended" ? found.row.state : found.kind;
  }

  #unlessFaulty(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (error !== FAULT) throw error;
      return false;
    }
  }

  #begin(): void {
    const life = ++this.#life;
    const sql = this.#sqlOf(life);
    const commit = new Commit({
      sql,
      now: () => this.now,
      nextTurn: (work) => setTimeout(work, 0),
    });
    const flush = commit.flush.bind(commit);
    commit.flush = () => {
      const before = this.faults;
      flush();
      this.onGroupCommit(this.faults < before);
    };
    const none = () => {};
    this.#queue = new Queue({
      ...{
        name: "q",
        shard: 0,
        Keys: TaskKeys,
        Batches,
        ruled: rules.ruled,
        object: () => undefined,
        file: this.#file,
        hosts: parseHostRules(undefined),
        hasIdentity: false,
        sql,
        commit,
      },
      stubs: undefined as never,
      deliver: (deliveries) =>
        deliveries.map(async ({ name }) => {
          const [outcome] = await this.#deliver(life, [name]);
          return outcome as WireOutcome;
        }),
      post: async () => ({}),
      deliverBatch: ({ batch }) => this.#deliver(life, batch),
      ...{ now: () => this.now, random: () => 0.5, late: () => 2, arm: none, armRetry: none },
    });
  }

  #sqlOf(life: number): Sql & Pick<Tables, "exist"> {
    const sql = queueTables(this.#rows);
    let depth = 0;
    return {
      // There is no directory here to be told of changes.
      exist: false,
      rows: (...args) => sql.rows(...args),
      run: (...args) => sql.run(...args),
      size: () => sql.size(),
      transaction: (work) =>
        sql.transaction(() => {
          if (life !== this.#life) throw new Error("an object that is gone wrote");
          depth++;
          try {
            const value = work();
            if (depth === 1 && this.faults > 0) {
              this.faults--;
              throw FAULT;
            }
            return value;
          } finally {
            depth--;
          }
        }),
    };
  }

  #deliver(life: number, names: readonly string[]): Promise<WireOutcome[]> {
    const { promise, resolve } = Promise.withResolvers<WireOutcome[]>();
    const answer = (outcomes: WireOutcome[]) => {
      if (life === this.#life) resolve(outcomes);
    };
    const call: Started[] = [];
    for (const name of names) call.push({ name, at: this.now, call, answer });
    for (const started of call) {
      this.dispatched.push(this.now);
      this.attempts.push(started);
      this.onStart(started);
    }
    return promise;
  }
}

/** What a transaction fails with. */
export const FAULT = new Error("injected fault");
