// Keys and priorities of tasks as a part: a Worker whose tasks have neither does not carry what takes turns between them.
import { limitsOfKey } from "../../core/config/keys-config.ts";
import { BEGUN } from "../../core/dispatch/rank.ts";
import type { Answer } from "../../core/errors.ts";
import {
  blocked,
  type KeyPage,
  type KeyQuery,
  type KeyState,
  type KeyView,
  keyAtRest,
} from "../../core/metrics/key-view.ts";
import { KeyStore } from "../../store/queue/key-store.ts";
import { dueOf, isExpedited, lastKeyOf } from "../../store/queue/row-key.ts";
import type { TaskRow } from "../../store/queue/tasks.ts";
import type { ShardPlace } from "./context/context.ts";
import { KeysAtWork } from "./dispatch/keys-at-work.ts";
import type { Lined, Unstartable } from "./dispatch/lined.ts";
import { Lines } from "./dispatch/lines.ts";
import { getKey, type KeyedQueue, listKeys } from "./inspect/keys.ts";
import { limitKey } from "./key-operations.ts";
import { LinedLeases } from "./leasing/lined-leases.ts";
import type { Keys, NewKeys, Queue, QueueDeps } from "./queue.ts";

export interface KeysPart {
  readonly part: "keys";
  /** What each object of a queue needs for it. */
  readonly Keys: NewKeys;
}

/** What an object has for tasks with keys or priorities. */
export class TaskKeys implements Keys, KeyedQueue {
  readonly keyStore: KeyStore;
  readonly #queue: Queue;
  readonly #deps: QueueDeps;
  #atWork: KeysAtWork | undefined;
  #leases: LinedLeases | undefined;

  constructor(queue: Queue, deps: QueueDeps) {
    this.#queue = queue;
    this.#deps = deps;
    this.keyStore = new KeyStore(deps.sql, queue.store.lines);
  }

  get name(): string {
    return this.#queue.name;
  }

  get shard(): ShardPlace {
    return this.#queue.shard;
  }

  now(): number {
    return this.#deps.now();
  }

  newLined(of: Unstartable): Lined {
    const { tasks } = this.#queue.store;
    const { lines } = this.keyStore;
    const at = (ofRows: readonly number[]) => lines.at(ofRows);
    const keys = this.#keysAtWork;
    return { keys, lines: new Lines({ lines, at, tasks, keys, ...of }) };
  }

  newLeases(): LinedLeases {
    const { store, sharding } = this.#queue;
    this.#leases = new LinedLeases({
      keyStore: this.keyStore,
      ...{ rows: store.leasable, tasks: store.tasks },
      keys: this.#keysAtWork,
      isMoving: (name) => sharding.isMoving(name),
      now: this.#deps.now,
    });
    return this.#leases;
  }

  // One for both ways tasks leave: the mode of a queue may change while attempts are under way or leases run.
  get #keysAtWork(): KeysAtWork {
    const { now, late } = this.#deps;
    const { definition } = this.#queue;
    this.#atWork ??= new KeysAtWork({ definition, rows: this.keyStore.rows, now, late });
    return this.#atWork;
  }

  list(query: KeyQuery): Answer<KeyPage> {
    return listKeys(this, query);
  }

  get(key: string): Answer<KeyView> {
    return getKey(this, key);
  }

  limit(key: string, given: unknown): Answer<KeyView> {
    return limitKey(this.#queue, this, this.#deps.file, { key, given });
  }

  newWhy(): (task: Pick<TaskRow, "key" | "spec">) => string | undefined {
    const states = new Map<string, KeyState>();
    const firsts = new Map<string, number | undefined>();
    return ({ key: row, spec: { key } }) => {
      if (key === undefined) return undefined;
      const state = states.get(key) ?? this.keyState(key);
      states.set(key, state);
      // One that was asked to run needs no token.
      const { why } = blocked(isExpedited(row) ? slotsOf(state) : state);
      if (why !== undefined || !this.#pullLeases) return why;
      if (!firsts.has(key)) firsts.set(key, this.#pullLeases.firstOf(key, this.now()));
      return firsts.get(key) === row ? undefined : BEHIND_OTHERS;
    };
  }

  keyState(key: string): KeyState {
    const { definition, push, pull } = this.#queue;
    const now = this.now();
    // Leases that were there before the object started are known once it has looked.
    const isPull = definition.config.mode === "pull";
    if (isPull) pull.leasedAt(now);
    const load = push.keys?.load(key, now);
    if (!load) return { ...keyAtRest(limitsOfKey(definition.config.keys, key), now), isPull };
    const state = { ...load, isPull };
    const begun = this.keyStore.lines
      .firstOfEach(key, lastKeyOf(now))
      .find(({ priority }) => priority === BEGUN);
    const retryAt = begun && dueOf(begun.key);
    return retryAt !== undefined && retryAt > now ? { ...state, retryAt } : state;
  }

  get #pullLeases(): LinedLeases | undefined {
    return this.#queue.definition.config.mode === "pull" ? this.#leases : undefined;
  }
}

const BEHIND_OTHERS = "waiting to be leased, behind others of its key";

function slotsOf({ limits, running }: KeyState): KeyState {
  return { limits: { ...limits, rate: Number.POSITIVE_INFINITY }, running, bucket: undefined };
}

/** Keys and priorities of tasks: `extensions.keys` of queue.yaml, `key` and `priority` of a task. */
export const keys: KeysPart = { part: "keys", Keys: TaskKeys };
