// Where on earth a queue's objects are to be: a hint that the platform takes when it makes one.

/** The platform's names of regions. */
export const LOCATIONS = [
  "wnam",
  "enam",
  "sam",
  "weur",
  "eeur",
  "apac",
  "oc",
  "afr",
  "me",
] as const;

export type Location = (typeof LOCATIONS)[number];

/** One for all of a queue's objects, or one for each. */
export type Locations = Location | readonly Location[];

/** The hint for one of the queue's objects. */
export function locationOf(
  queue: { location?: Locations } | undefined,
  shard: number,
): Location | undefined {
  const { location } = queue ?? {};
  return typeof location === "string" ? location : location?.[shard];
}
