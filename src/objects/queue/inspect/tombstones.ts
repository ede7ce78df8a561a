// The names that are still taken though their tasks have ended: to look through, and to free.
import { type Answer, invalid } from "../../../core/errors.ts";
import { checkLimit, PAGE } from "../../../core/limits.ts";
import { isTaskName } from "../../../core/task/new-task-rules.ts";
import type { TombstonePage, TombstoneQuery } from "../rpc.ts";
import { type Shown, tombstoneOf } from "./queries.ts";

export function listTombstones(
  { queue, entry, now }: Shown,
  { prefix = "", limit = PAGE.default, cursor = "" }: TombstoneQuery,
): Answer<TombstonePage> {
  const refusal = checkLimit(limit);
  if (refusal) return refusal;
  if (cursor !== "" && !isTaskName(cursor)) {
    return invalid("cursor", cursor, "a cursor this API gave out");
  }
  const { rows, next } = queue.store.tombstones({ prefix, limit, after: cursor }, now);
  const tombstones = rows.map((row) => tombstoneOf(entry.config.name, row, now));
  return { ok: next === undefined ? { tombstones } : { tombstones, cursor: next } };
}

/** Frees the name of a task that has ended; false when nothing but a tombstone was to be freed. */
export function releaseName({ queue, now }: Shown, name: string): boolean {
  return queue.change(() => queue.store.releaseName(name, now));
}
