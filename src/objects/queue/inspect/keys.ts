// The keys that a queue's tasks name, as callers see them: what waits and runs of each, and by which limits it goes.
import type { KeyLimitsEntry } from "../../../core/config/keys-schema.ts";
import { cursorOf, placeOf } from "../../../core/cursor.ts";
import { type Answer, refuse } from "../../../core/errors.ts";
import { checkLimit, PAGE } from "../../../core/limits.ts";
import {
  type KeyPage,
  type KeyQuery,
  type KeyView,
  keyView,
} from "../../../core/metrics/key-view.ts";
import { checkKey } from "../../../core/task/new-task-fairness.ts";
import type { QueueContext } from "../context/context.ts";

export function listKeys(queue: QueueContext, query: KeyQuery): Answer<KeyPage> {
  const { limit = PAGE.default, cursor } = query;
  const refused = checkLimit(limit) ?? noKeys(queue);
  if (refused) return refused;
  const start = cursor === undefined ? { ok: "" } : placeOf(["keys", queue.name], cursor);
  if (start.failure) return start;
  const names = queue.store.countedKeys.names(textOf(start.ok), limit + 1);
  const page = names.slice(0, limit);
  const last = names.length > limit ? page.at(-1) : undefined;
  const set = queue.store.keys.limits();
  return {
    ok: {
      keys: page.map((key) => viewOf(queue, key, set.get(key))),
      ...(last !== undefined && { cursor: cursorOf(["keys", queue.name], placeText(last)) }),
    },
  };
}

export function getKey(queue: QueueContext, key: string): Answer<KeyView> {
  const refused = checkKey(key) ?? noKeys(queue);
  return refused ?? { ok: viewOf(queue, key, queue.store.keys.limits().get(key)) };
}

function viewOf(queue: QueueContext, key: string, set: KeyLimitsEntry | undefined): KeyView {
  const now = queue.now();
  return keyView(key, queue.push.keyState(key), queue.store.countedKeys.counts(key, now), set);
}

/** Why the queue has no keys, where it has none. */
export function noKeys({ name, shard }: QueueContext): Answer<never> | undefined {
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
