// The schema of `extensions.keys`: limits of each key of a queue's tasks, and of keys by name or beginning.
import { isKey } from "../task/new-task-fairness.ts";
import { either, literal, mapOf, must, noted, number, ruled, type TypeOf } from "./shape.ts";
import { count, freeRate, key, mapping } from "./value-schemas.ts";

/** Names and beginnings in one queue: each is in the queue's view. */
const MOST_OVERRIDES = 1000;
/** A line of least weight has its turn once in so many rounds of one of weight 1. */
const WEIGHT = { min: 0.01, max: 100 };

const WEIGHT_FORM = `a number from ${WEIGHT.min} to ${WEIGHT.max}`;
const COUNT_FORM = "a whole number, 1 or more, or none for no limit";
const PATTERN_FORM = 'a key of 1 to 200 characters, or the beginning of keys and "*"';

const limits = {
  rate: key(freeRate, "Tokens a second of each key: 5/s, 30/m. 0 holds it. Default none."),
  bucket_size: key(count(1), "Most tasks of a key started at once. Default 5."),
  max_concurrent_requests: key(
    either(count(1), literal("none"), COUNT_FORM),
    "Most tasks of a key running at once; 1 runs them one after another. Default none.",
  ),
  weight: key(
    ruled(
      noted(number(WEIGHT_FORM), { minimum: WEIGHT.min, maximum: WEIGHT.max }),
      must((it) => it >= WEIGHT.min && it <= WEIGHT.max, WEIGHT_FORM),
    ),
    "How many turns a key has for one of the others. Default 1.",
  ),
};

const keyLimits = mapping(limits);
/** Limits as they are written: what is absent stays as it is. */
export type KeyLimitsEntry = TypeOf<typeof keyLimits>;

/** The whole of `extensions.keys`. */
export const keys = mapping({
  ...limits,
  per_key: key(
    ruled(
      mapOf(keyLimits, isPattern, PATTERN_FORM),
      must(
        (it) => Object.keys(it).length <= MOST_OVERRIDES,
        `at most ${MOST_OVERRIDES}; the API sets any key's limits`,
      ),
    ),
    'Other limits of single keys, or of all that begin alike: acme: {...}, "free-*": {...}.',
  ),
});
export type KeysEntry = TypeOf<typeof keys>;

function isPattern(text: string): boolean {
  return text !== "*" && isKey(text.replace(/\*$/, ""));
}
