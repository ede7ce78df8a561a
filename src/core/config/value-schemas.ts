// Schemas of the kinds of value in both files. An `error` is the second half of "found X, expected ...".

import * as z from "zod/mini";
import { MAX_AGE_S, MAX_COUNT, MAX_DELAY_S } from "../limits.ts";
import { DURATION, seconds } from "./units.ts";

/** What one kind of queue refuses by name: "unknown key" would send the reader looking for a typing mistake. */
export const pushOnly = z.optional(z.never({ error: "on push queues only" }));
export const pullOnly = z.optional(z.never({ error: "on pull queues only" }));

/** A key that may be left out, with what it is for; the description reaches editors through the JSON Schema. */
export function key<Schema extends z.ZodMiniType>(schema: Schema, description: string) {
  return z.optional(described(schema, description));
}

/** A key that has to be there. */
export function described<Schema extends z.ZodMiniType>(schema: Schema, description: string) {
  return schema.check(z.describe(description));
}

/**
 * A mapping of exactly these keys. The error for an unknown key lists the known ones; `expected` is that for
 * what is no mapping.
 */
export function mapping<Shape extends z.core.$ZodLooseShape>(shape: Shape, expected = "a mapping") {
  const keys = Object.keys(shape).filter(
    (key) => shape[key] !== pushOnly && shape[key] !== pullOnly,
  );
  const known = `one of ${keys.join(", ")}`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? known : expected),
  });
}

/**
 * Text of one form, and of that form only what fits. The pattern reaches editors through the JSON Schema.
 * Nothing here aborts: zod would then skip the rules over several keys, and faults would stay hidden.
 */
export function text(
  pattern: RegExp,
  error: string,
  fits?: (it: string) => boolean,
  unfit = error,
) {
  const schema = z.string({ error }).check(z.regex(pattern, { error }));
  if (!fits) return schema;
  return schema.check(z.refine((it) => !pattern.test(it) || fits(it), { error: unfit }));
}

/** A whole number. Not z.int(), which aborts when it finds a fraction. */
export function integer(error = "a whole number") {
  return z.number({ error }).check(z.multipleOf(1, { error }));
}

/** A whole number in [min, max]; without a max, from min on. */
export function whole(min: number, max?: number, hint = "") {
  const range = max === undefined ? `, ${min} or more` : ` from ${min} to ${max}`;
  const error = `a whole number${range}${hint}`;
  const schema = integer(error).check(z.gte(min, { error }));
  return max === undefined ? schema : schema.check(z.lte(max, { error }));
}

/** A whole number from min on, as high as one can be counted. */
export function count(min: number) {
  return whole(min).check(z.lte(MAX_COUNT, { error: `at most ${MAX_COUNT}` }));
}

/** A number of seconds to wait, zero or more, fractions welcome. */
export function amount() {
  const error = "a number of seconds, 0 or more";
  const most = `at most ${MAX_DELAY_S} seconds, which are 30 days`;
  return z.number({ error }).check(z.gte(0, { error }), z.lte(MAX_DELAY_S, { error: most }));
}

/** A number with s, m, h or d that makes at least one whole second and at most a hundred years of them. */
export function duration() {
  const error = `a number with s, m, h or d such as 30s or 2.5h, at least 1s and at most ${MAX_AGE_S / 86_400}d`;
  return text(DURATION, error, (it) => seconds(it) >= 1 && seconds(it) <= MAX_AGE_S);
}

/** For a rule over several keys: it runs although one of them is faulty, so that all faults are reported. */
export function isMapping({ value }: { value: unknown }): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
