// Names as parts of a path. What can be no name is refused before it could make another path of it.
import { errorOf, type Refusal } from "../core/errors.ts";

/** A name as one part of a path; throws the refusal of one that is none. */
export function part(name: string, refusal: Refusal | undefined): string {
  if (refusal) throw errorOf(refusal.failure);
  return encodeURIComponent(name);
}
