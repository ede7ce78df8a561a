// Cursors: a place in a list, as text. Each carries a check of the list it belongs to (its kind, whose it is, its
// filters), so that one of another list, or none of ours, is refused rather than read as a wrong place.
import { type Answer, invalid } from "./errors.ts";

/** What a cursor belongs to: the kind of list, the queue or group, and the filters. */
export type ListScope = readonly (string | undefined)[];

/** `place` has no full stop in it. */
export function cursorOf(scope: ListScope, place: string): string {
  return `${place}.${checkOf(scope, place)}`;
}

/** The place a cursor stands for. */
export function placeOf(scope: ListScope, cursor: unknown): Answer<string> {
  const [place = "", check] = typeof cursor === "string" ? cursor.split(".") : [];
  if (check !== undefined && cursor === cursorOf(scope, place)) return { ok: place };
  return invalid("cursor", cursor, "one that this list gave out, with the same filters");
}

// FNV-1a in 32 bits: against mistakes, not against forgery, which gains nothing here.
function checkOf(scope: ListScope, place: string): string {
  let hash = 0x811c9dc5;
  for (const char of JSON.stringify([...scope, place])) {
    hash = Math.imul(hash ^ (char.codePointAt(0) as number), 0x01000193);
  }
  return (hash >>> 0).toString(36);
}
