// Where a page of a list goes on. Lists go by a number, such as a task's row key, and among equal ones by name: of
// several shards two may have a task at the same key.

export interface Place {
  key: number;
  name: string;
}

/** Comes after every name. */
export const LAST_NAME = "~";

export const FIRST_PLACE: Place = Object.freeze({ key: -1, name: LAST_NAME });

/** The place behind everything at `key`. */
export function behind(key: number): Place {
  return { key, name: LAST_NAME };
}

/** Below 0 where `a` comes first. */
export function comparePlaces(a: Place, b: Place): number {
  return a.key - b.key || (a.name < b.name ? -1 : Number(a.name > b.name));
}

/** As the text of a cursor: behind everything at a key that is the key alone. */
export function placeText({ key, name }: Place): string {
  return name === LAST_NAME ? key.toString(36) : `${key.toString(36)}~${name}`;
}

export function placeOfText(text: string): Place {
  const [key = "", name = LAST_NAME] = text.split("~");
  return { key: Number.parseInt(key, 36), name };
}
