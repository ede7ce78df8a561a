// What a list of tasks may be asked for, and the cursors of its pages, whether one object answers it or several.
import { cursorOf, type ListScope, placeOf } from "../cursor.ts";
import { type Answer, invalid, type Refusal } from "../errors.ts";
import { checkLimit, MAX_NAME_LENGTH, PAGE } from "../limits.ts";
import { FIRST_PLACE, type Place, placeOfText, placeText } from "../list-place.ts";
import type { ListQuery, TombstoneQuery } from "./calls.ts";
import { checkSearch, isSearch } from "./search.ts";
import type { TaskState } from "./task.ts";

const LIVE: readonly TaskState[] = ["scheduled", "due", "running", "leased", "waiting"];
const LISTED: readonly TaskState[] = [...LIVE, "failed", "expired"];

/** Bodies of one page: a task can be a megabyte, and a message is 32 MiB at most. */
export const PAGE_BYTES = 8 * 1024 * 1024;

export function checkListQuery(query: ListQuery): Refusal | undefined {
  const { state, limit = PAGE.default } = query;
  if (state !== undefined && !LISTED.includes(state)) {
    return invalid("state", state, LISTED.join(", "));
  }
  for (const field of ["tag", "key", "prefix"] as const) {
    const text = query[field];
    if (text !== undefined && typeof text !== "string") return invalid(field, text, "one text");
  }
  return checkSearch(query) ?? checkLimit(limit);
}

function scopeOf(queue: string, query: ListQuery): ListScope {
  const { state, tag, key, prefix, text, header } = query;
  const scope = ["tasks", queue, state, tag, prefix];
  if (isSearch(query)) return [...scope, key, text, header];
  return key === undefined ? scope : [...scope, key];
}

/** Behind which place the page begins. */
export function startOf(queue: string, query: ListQuery): Answer<Place> {
  if (query.cursor === undefined) return { ok: FIRST_PLACE };
  const place = placeOf(scopeOf(queue, query), query.cursor);
  return place.failure ? place : { ok: placeOfText(place.ok) };
}

/** The cursor of the page behind `place`. */
export function taskCursor(queue: string, query: ListQuery, place: Place): string {
  return cursorOf(scopeOf(queue, query), placeText(place));
}

export function checkTombstoneQuery({ prefix = "", limit = PAGE.default }: TombstoneQuery) {
  const refusal = checkLimit(limit);
  if (refusal) return refusal;
  if (typeof prefix === "string" && prefix.length <= MAX_NAME_LENGTH) return undefined;
  return invalid("prefix", prefix, "the beginning of a name");
}

function tombstoneScope(queue: string, { prefix = "" }: TombstoneQuery): ListScope {
  return ["tombstones", queue, prefix];
}

/** Behind which name the page begins. */
export function startOfTombstones(queue: string, query: TombstoneQuery): Answer<string> {
  const { cursor } = query;
  return cursor === undefined ? { ok: "" } : placeOf(tombstoneScope(queue, query), cursor);
}

export function tombstoneCursor(queue: string, query: TombstoneQuery, name: string): string {
  return cursorOf(tombstoneScope(queue, query), name);
}
