// Text of the API's with times in it, cut where they stand.

const INSTANT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

/** Text and times by turns: what stands at an odd place is RFC 3339. */
export function cutAtInstants(text: string): string[] {
  return text.split(INSTANT);
}
