// Splits a text of the API at the times in it.

const INSTANT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

/** Text and times in turn: every odd part is RFC 3339. */
export function splitAtTimes(text: string): string[] {
  return text.split(INSTANT);
}
