// Tombstones: names that are still taken though their tasks have ended. They can be listed and released.
import type { Answer } from "../../../core/errors.ts";
import { PAGE } from "../../../core/limits.ts";
import type { TombstonePage, TombstoneQuery } from "../../../core/task/calls.ts";
import {
  checkTombstoneQuery,
  startOfTombstones,
  tombstoneCursor,
} from "../../../core/task/listing.ts";
import type { QueueContext } from "../context/context.ts";
import { tombstoneOf } from "./queries.ts";

export function listTombstones(queue: QueueContext, query: TombstoneQuery): Answer<TombstonePage> {
  const now = queue.now();
  const refusal = checkTombstoneQuery(query);
  if (refusal) return refusal;
  const start = startOfTombstones(queue.name, query);
  if (start.failure) return start;
  const { prefix = "", limit = PAGE.default } = query;
  const { rows, next } = queue.store.tombstones({ prefix, limit, after: start.ok }, now);
  const tombstones = rows.map((row) => tombstoneOf(queue.name, row, now));
  const cursor = next === undefined ? {} : { cursor: tombstoneCursor(queue.name, query, next) };
  return { ok: { tombstones, ...cursor } };
}

/** Frees the name of a task that has ended; false when nothing but a tombstone was to be freed. */
export function releaseName(queue: QueueContext, name: string): boolean {
  return queue.commit.run(() => queue.store.releaseName(name, queue.now()));
}
