// Tombstones: names that are still taken though their tasks have ended. They can be listed and released.
import { cursorOf, placeOf } from "../../../core/cursor.ts";
import { type Answer, invalid } from "../../../core/errors.ts";
import { checkLimit, MAX_NAME_LENGTH, PAGE } from "../../../core/limits.ts";
import type { TombstonePage, TombstoneQuery } from "../../../core/task/calls.ts";
import type { QueueContext } from "../context/context.ts";
import { tombstoneOf } from "./queries.ts";

export function listTombstones(
  queue: QueueContext,
  { prefix = "", limit = PAGE.default, cursor }: TombstoneQuery,
): Answer<TombstonePage> {
  const now = queue.now();
  const refusal = checkLimit(limit);
  if (refusal) return refusal;
  if (typeof prefix !== "string" || prefix.length > MAX_NAME_LENGTH) {
    return invalid("prefix", prefix, "the beginning of a name");
  }
  const scope = ["tombstones", queue.name, prefix];
  const place = cursor === undefined ? { ok: "" } : placeOf(scope, cursor);
  if (place.failure) return place;
  const { rows, next } = queue.store.tombstones({ prefix, limit, after: place.ok }, now);
  const tombstones = rows.map((row) => tombstoneOf(queue.name, row, now));
  return { ok: { tombstones, ...(next !== undefined && { cursor: cursorOf(scope, next) }) } };
}

/** Frees the name of a task that has ended; false when nothing but a tombstone was to be freed. */
export function releaseName(queue: QueueContext, name: string): boolean {
  return queue.commit.run(() => queue.store.releaseName(name, queue.now()));
}
