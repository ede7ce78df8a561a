// Schemas of the kinds of value in both files. An `error` is the second half of "found X, expected ...".

import * as z from "zod";
import { DURATION, seconds } from "./units.ts";

/** What one kind of queue refuses by name: "unknown key" would send the reader looking for a typing mistake. */
export const pushOnly = z.never({ error: "on push queues only" }).optional();
export const pullOnly = z.never({ error: "on pull queues only" }).optional();

/** A mapping of exactly these keys. The error for an unknown key lists the known ones. */
export function mapping<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).filter(
    (key) => shape[key] !== pushOnly && shape[key] !== pullOnly,
  );
  const known = `one of ${keys.join(", ")}`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? known : "a mapping"),
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
  const schema = z.string({ error }).regex(pattern, { error });
  if (!fits) return schema;
  return schema.refine((it) => !pattern.test(it) || fits(it), { error: unfit });
}

/** A whole number. Not z.int(), which aborts when it finds a fraction. */
export function integer(error = "a whole number") {
  return z.number({ error }).multipleOf(1, { error });
}

/** A whole number in [min, max]; without a max, from min on. */
export function whole(min: number, max?: number, hint = "") {
  const range = max === undefined ? `, ${min} or more` : ` from ${min} to ${max}`;
  const error = `a whole number${range}${hint}`;
  const schema = integer(error).min(min, { error });
  return max === undefined ? schema : schema.max(max, { error });
}

/** A number of seconds, zero or more, fractions welcome. */
export function amount() {
  const error = "a number of seconds, 0 or more";
  return z.number({ error }).min(0, { error });
}

/** A number with s, m, h or d that makes at least one whole second and at most `max` of them. */
export function duration(max = Number.MAX_VALUE, limit = "") {
  const error = `a number with s, m, h or d such as 30s or 2.5h, at least 1s${limit}`;
  return text(DURATION, error, (it) => seconds(it) >= 1 && seconds(it) <= max);
}

/** For a rule over several keys: it runs although one of them is faulty, so that all faults are reported. */
export function isMapping({ value }: { value: unknown }): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
