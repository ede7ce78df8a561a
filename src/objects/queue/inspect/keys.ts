// The keys that a queue's tasks name, as callers see them: what waits and runs of each, and by which limits it goes.
import type { KeyLimitsEntry } from "../../../core/config/keys-schema.ts";
import { cursorOf, placeOf } from "../../../core/cursor.ts";
import { type Answer, refuse } from "../../../core/errors.ts";
import { checkLimit, PAGE } from "../../../core/limits.ts";
import {
  type KeyPage,
  type KeyQuery,
  type KeyState,
  type KeyView,
  keyView,
} from "../../../core/metrics/key-view.ts";
import { checkKey } from "../../../core/task/new-task-fairness.ts";
import type { KeyStore } from "../../../store/queue/key-store.ts";
import type { QueueContext } from "../context/context.ts";

/** What of a queue has to do with keys. */
export interface KeyedQueue extends Pick<QueueContext, "name" | "shard" | "now"> {
  readonly keyStore: KeyStore;
  keyState(key: string): KeyState;
}

export function listKeys(queue: KeyedQueue, query: KeyQuery): Answer<KeyPage> {
  const { limit = PAGE.default, cursor } = query;
  const refused = checkLimit(limit) ?? noKeys(queue);
  if (refused) return refused;
  const start = cursor === undefined ? { ok: "" } : placeOf(["keys", queue.name], cursor);
  if (start.failure) return start;
  const names = queue.keyStore.counted.names(textOf(start.ok), limit + 1);
  const page = names.slice(0, limit);
  const last = names.length > limit ? page.at(-1) : undefined;
  const set = queue.keyStore.rows.limits();
  return {
    ok: {
      keys: page.map((key) => viewOf(queue, key, set.get(key))),
      ...(last !== undefined && { cursor: cursorOf(["keys", queue.name], placeText(last)) }),
    },
  };
}

export function getKey(queue: KeyedQueue, key: string): Answer<KeyView> {
  const refused = checkKey(key) ?? noKeys(queue);
  return refused ?? { ok: viewOf(queue, key, queue.keyStore.rows.limits().get(key)) };
}

function viewOf(queue: KeyedQueue, key: string, set: KeyLimitsEntry | undefined): KeyView {
  const now = queue.now();
  return keyView(key, queue.keyState(key), queue.keyStore.counted.counts(key, now), set);
}

/** Why the queue has no keys, where it has none. */
export function noKeys({
  name,
  shard,
}: Pick<QueueContext, "name" | "shard">): Answer<never> | undefined {
  if (!shard.isSharded) return undefined;
  const message = `queue: found "${name}" with ${shard.map.shards} shards, expected one of one shard, which alone has keys`;
  return refuse("INVALID_REQUEST", message);
}

// A cursor's place has no full stop in it, and a key may have anything.
function placeText(key: string): string {
  return encodeURIComponent(key).replaceAll(".", "%2E");
}

function textOf(place: string): string {
  return decodeURIComponent(place);
}
