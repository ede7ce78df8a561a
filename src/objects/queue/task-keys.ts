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
import { dueOf, lastKeyOf } from "../../store/queue/row-key.ts";
import type { ShardPlace } from "./context/context.ts";
import { KeysAtWork } from "./dispatch/keys-at-work.ts";
import type { Lined } from "./dispatch/lined.ts";
import { Lines, type LinesDeps } from "./dispatch/lines.ts";
import { getKey, type KeyedQueue, listKeys } from "./inspect/keys.ts";
import { limitKey } from "./key-operations.ts";
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

  newLined(of: Pick<LinesDeps, "isTaken" | "isRunning">): Lined {
    const { definition, store } = this.#queue;
    const { now, late } = this.#deps;
    const { lines, rows } = this.keyStore;
    const keys = new KeysAtWork({ definition, rows, now, late });
    return { keys, lines: new Lines({ lines, tasks: store.tasks, keys, ...of }) };
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

  newWhy(): (key: string, isFirst: boolean) => string | undefined {
    const states = new Map<string, KeyState>();
    return (key, isFirst) => {
      const state = states.get(key) ?? this.keyState(key);
      states.set(key, state);
      return blocked(isFirst ? slotsOf(state) : state).why;
    };
  }

  keyState(key: string): KeyState {
    const { definition, push } = this.#queue;
    const now = this.now();
    const state = push.keys?.load(key, now);
    if (!state) return keyAtRest(limitsOfKey(definition.config.keys, key), now);
    const begun = this.keyStore.lines
      .firstOfEach(key, lastKeyOf(now))
      .find(({ priority }) => priority === BEGUN);
    const retryAt = begun && dueOf(begun.key);
    return retryAt !== undefined && retryAt > now ? { ...state, retryAt } : state;
  }
}

function slotsOf({ limits, running }: KeyState): KeyState {
  return { limits: { ...limits, rate: Number.POSITIVE_INFINITY }, running, bucket: undefined };
}

/** Keys and priorities of tasks: `extensions.keys` of queue.yaml, `key` and `priority` of a task. */
export const keys: KeysPart = { part: "keys", Keys: TaskKeys };
