// The headers of a new task. Names are the same in any case; what several values of one mean, and which are not
// a task's to send, is decided here, and how they are sent in objects/delivery/headers.ts.
import { type Answer, invalid, type Refusal } from "../errors.ts";

/**
 * Of the connection, which is the queue's to make: they mean nothing in a task, and some would have the target
 * read the request otherwise than it is sent.
 */
export function isOfConnection(name: string): boolean {
  return /^(connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|http2-settings|proxy-.*)$/i.test(
    name,
  );
}

/** Headers that say one thing: two of them in one request are read as either, or refused. */
const SINGLE: ReadonlySet<string> = new Set([
  ...["authorization", "content-type", "content-location", "date", "from", "if-modified-since"],
  ...["if-range", "if-unmodified-since", "max-forwards", "origin", "range", "user-agent"],
]);

/** Header pairs, those of one name beside each other, as they are written; a list of values repeats the header. */
export function acceptHeaders(headers: unknown): Answer<[string, string][]> {
  if (headers === undefined) return { ok: [] };
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    return invalid("headers", headers, "an object of header names and values");
  }
  const given = new Map<string, [string, string][]>();
  for (const [name, values] of Object.entries(headers)) {
    const same = given.get(name.toLowerCase()) ?? [];
    for (const value of Array.isArray(values) ? values : [values]) {
      if (!isHeader(name, value)) {
        return invalid(`headers.${name}`, value, "a header name, and a value of printable Latin-1");
      }
      same.push([name, value]);
    }
    given.set(name.toLowerCase(), same);
  }
  return acceptGiven(given);
}

function acceptGiven(given: ReadonlyMap<string, [string, string][]>): Answer<[string, string][]> {
  const pairs: [string, string][] = [];
  for (const [lower, same] of given) {
    const [first] = same;
    if (first === undefined) continue;
    const refusal = refusalOf(
      lower,
      first[0],
      same.map(([, value]) => value.trim()),
    );
    if (refusal) return refusal;
    pairs.push(...(SINGLE.has(lower) ? [first] : same));
  }
  return { ok: pairs };
}

function refusalOf(lower: string, name: string, values: readonly string[]): Refusal | undefined {
  if (isOfConnection(lower)) {
    const expected = "none: it belongs to a connection, and the queue makes its own";
    return invalid(`headers.${name}`, values[0], expected);
  }
  if (!SINGLE.has(lower) || new Set(values).size === 1) return undefined;
  return invalid(`headers.${name}`, values, "one value, in whatever case the name is written");
}

function isHeader(name: string, value: unknown): value is string {
  const isToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
  return isToken && typeof value === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
