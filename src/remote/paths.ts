// Names as parts of a path. What can be no name is refused before it could make another path of it.
import { errorOf, invalid, type Refusal } from "../core/errors.ts";
import { checkKey, keyInPath } from "../core/task/new-task-fairness.ts";

/** A name as one part of a path; throws the refusal of one that is none. */
export function part(name: string, refusal: Refusal | undefined): string {
  if (refusal) throw errorOf(refusal.failure);
  return encodeURIComponent(name);
}

/** The path of a key of tasks. */
export function keyPath(key: string): string {
  const refusal = checkKey(key) ?? (/^\.\.?$/.test(key) ? NO_PART : undefined);
  if (refusal) throw errorOf(refusal.failure);
  return `/keys/${keyInPath(key)}`;
}

const NO_PART = invalid("key", ".", 'another key than "." or "..", which no path can name');
