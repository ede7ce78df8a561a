// Limits that several queues share: `extensions.limits`, at the top of queue.yaml by their names, on a queue as a list
// of names.
import { LIMIT_IN_FILE, QUEUE_NAME, QUEUE_NAME_FORM } from "./names.ts";
import {
  type Issue,
  isMapping,
  issuesOf,
  list,
  must,
  type Rule,
  ruled,
  type Shape,
  type TypeOf,
} from "./shape.ts";
import { perSecond, RATE } from "./units.ts";
import { count, key, mapping, text } from "./value-schemas.ts";

/** Of one queue: each is asked for by itself. */
const MOST_LIMITS = 10;
const RATE_FORM = "a number above 0 per s, m, h or d such as 90/s";
/** Tokens a second. */
const MAX_RATE = 1e9;

const limit = ruled(
  ruled(
    mapping({
      rate: key(
        text(RATE, RATE_FORM, (it) => perSecond(it) > 0 && perSecond(it) <= MAX_RATE),
        "Tokens added to the bucket that the queues share: 90/s, 30/m. Default: no limit.",
      ),
      bucket_size: key(
        count(1),
        "Most of their tasks started at once after a quiet time. Default 5.",
      ),
      max_concurrent_requests: key(
        count(1),
        "Most of their tasks running at once. Default: no limit.",
      ),
    }),
    must(
      ({ rate, max_concurrent_requests }) =>
        rate !== undefined || max_concurrent_requests !== undefined,
      "rate, max_concurrent_requests or both",
    ),
  ),
  must(
    ({ rate, bucket_size }) => bucket_size === undefined || rate !== undefined,
    "rate beside it",
    ["bucket_size"],
  ),
);

export type LimitEntry = TypeOf<typeof limit>;

/** The limits of a file, by their names. */
export const limits: Shape<Record<string, LimitEntry>> = {
  isKind: isMapping,
  expected: "a mapping of limits by their names, such as stripe: { rate: 90/s }",
  rules: [ofEach, badNames],
  json: {
    type: "object",
    propertyNames: { pattern: QUEUE_NAME.source },
    additionalProperties: limit.json,
  },
};

function ofEach(given: object): Issue[] {
  return Object.entries(given).flatMap(([name, value]) =>
    issuesOf(limit, value).map((issue) => ({ ...issue, path: [name, ...issue.path] })),
  );
}

function badNames(given: object): Issue[] {
  const unknownKeys = Object.keys(given).filter((name) => !QUEUE_NAME.test(name));
  return unknownKeys.length > 0 ? [{ path: [], message: NAME_FORM, unknownKeys }] : [];
}

const NAME_FORM = `a limit's name, ${QUEUE_NAME_FORM}`;

const sameNames: Rule<string[]> = (names) =>
  names.flatMap((name, index) =>
    names.indexOf(name) < index ? [{ path: [index], message: "each limit once" }] : [],
  );

/** Those that a queue draws from. */
export const limitNames = ruled(
  ruled(
    list(text(QUEUE_NAME, NAME_FORM), "a list of names of limits"),
    must((names) => names.length <= MOST_LIMITS, `at most ${MOST_LIMITS} limits`),
  ),
  sameNames,
);

interface Extended {
  extensions?: { limits?: unknown } | undefined;
}

interface LimitsOfFile extends Extended {
  queue?: readonly Extended[] | undefined;
}

/** What a queue draws from is in the file. */
export const knownLimits: Rule<LimitsOfFile> = ({ queue, extensions }) => {
  const there = Object(Object(extensions).limits) as object;
  const entries: readonly (Extended | undefined)[] = Array.isArray(queue) ? queue : [];
  return entries.flatMap((entry, index) => {
    const names: unknown = entry?.extensions?.limits;
    return (Array.isArray(names) ? names : []).flatMap((name, place) =>
      typeof name !== "string" || !QUEUE_NAME.test(name) || Object.hasOwn(there, name)
        ? []
        : [{ path: ["queue", index, "extensions", "limits", place], message: LIMIT_IN_FILE }],
    );
  });
};
