// Schemas of the kinds of value in both files. `expected` is the second half of "found X, expected ...".

import { MAX_AGE_S, MAX_COUNT, MAX_DELAY_S } from "../limits.ts";
import {
  absent,
  either,
  literal,
  mappingOf,
  must,
  noted,
  number,
  type Optional,
  optional,
  ruled,
  type Shape,
  string,
} from "./shape.ts";
import { DURATION, perSecond, RATE_OR_NONE, seconds } from "./units.ts";

/** What one kind of queue refuses by name: "unknown key" would send the reader looking for a typing mistake. */
export const pushOnly = absent("on push queues only");
export const pullOnly = absent("on pull queues only");

/** A key that may be left out, with what it is for; the description reaches editors through the JSON Schema. */
export function key<T>(schema: Shape<T>, description: string): Optional<T> {
  return optional(described(schema, description));
}

/** A key that has to be there. */
export function described<S extends Shape>(schema: S, description: string): S {
  return noted(schema, { description });
}

/**
 * A mapping of exactly these keys. The error for an unknown key lists the known ones; `expected` is that for
 * what is no mapping.
 */
export function mapping<const Keys extends Readonly<Record<string, Shape>>>(
  keys: Keys,
  expected = "a mapping",
) {
  const own = Object.keys(keys).filter((key) => keys[key] !== pushOnly && keys[key] !== pullOnly);
  return mappingOf(keys, expected, `one of ${own.join(", ")}`);
}

/** Text of one form, and of that form only what fits. The pattern reaches editors through the JSON Schema. */
export function text(
  pattern: RegExp,
  expected: string,
  fits?: (it: string) => boolean,
  unfit = expected,
): Shape<string> {
  const any = noted(string(expected), { pattern: pattern.source });
  const formed = ruled(
    any,
    must((it) => pattern.test(it), expected),
  );
  return fits
    ? ruled(
        formed,
        must((it) => !pattern.test(it) || fits(it), unfit),
      )
    : formed;
}

/** A whole number. */
export function integer(expected = "a whole number"): Shape<number> {
  return ruled(noted(number(expected), { multipleOf: 1 }), must(Number.isInteger, expected));
}

/** A whole number in [min, max]; without a max, from min on. */
export function whole(min: number, max?: number, hint = ""): Shape<number> {
  const range = max === undefined ? `, ${min} or more` : ` from ${min} to ${max}`;
  const expected = `a whole number${range}${hint}`;
  const least = atLeast(integer(expected), min, expected);
  return max === undefined ? least : atMost(least, max, expected);
}

/** A whole number from min on, as high as one can be counted. */
export function count(min: number): Shape<number> {
  return atMost(whole(min), MAX_COUNT, `at most ${MAX_COUNT}`);
}

/** A number of seconds to wait, zero or more, fractions welcome. */
export function amount(): Shape<number> {
  const expected = "a number of seconds, 0 or more";
  const most = `at most ${MAX_DELAY_S} seconds, which are 30 days`;
  return atMost(atLeast(number(expected), 0, expected), MAX_DELAY_S, most);
}

/** A number with s, m, h or d that makes at least one whole second and at most a hundred years of them. */
export function duration(): Shape<string> {
  const expected = `a number with s, m, h or d such as 30s or 2.5h, at least 1s and at most ${MAX_AGE_S / 86_400}d`;
  return text(DURATION, expected, (it) => seconds(it) >= 1 && seconds(it) <= MAX_AGE_S);
}

const FREE_RATE_FORM = "a number per s, m, h or d such as 2000/s, or 0, or none for no limit";
/** Tokens a second; beyond it is `none`. */
const MAX_RATE = 1e9;

/** A rate without App Engine's limit. */
export const freeRate = either(
  text(
    RATE_OR_NONE,
    FREE_RATE_FORM,
    (it) => it === "none" || perSecond(it) <= MAX_RATE,
    `at most ${MAX_RATE}/s, or none for no limit`,
  ),
  literal(0),
  FREE_RATE_FORM,
);

function atLeast(shape: Shape<number>, minimum: number, expected: string): Shape<number> {
  return ruled(
    noted(shape, { minimum }),
    must((it) => it >= minimum, expected),
  );
}

function atMost(shape: Shape<number>, maximum: number, expected: string): Shape<number> {
  return ruled(
    noted(shape, { maximum }),
    must((it) => it <= maximum, expected),
  );
}
