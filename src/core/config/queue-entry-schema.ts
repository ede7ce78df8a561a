// The schema of one entry of queue.yaml's `queue`: every key, unit and limit. The keys are App Engine's,
// except those under `extensions`.

import { LOCATIONS, type Location } from "../sharding/location.ts";
import { MAX_SHARDS } from "../sharding/shard-map.ts";
import { pullAlerts, pushAlerts } from "./alert-schema.ts";
import { batch } from "./batch-schema.ts";
import { ageLimit, backoffKeys, backoffOrder, pushQueueName, target } from "./common-schemas.ts";
import { keys } from "./keys-schema.ts";
import { limitNames } from "./limit-schema.ts";
import { QUEUE_NAME } from "./names.ts";
import {
  boolean,
  either,
  type Issue,
  isMapping,
  issuesOf,
  list,
  literal,
  must,
  noted,
  number,
  type Rule,
  record,
  ruled,
  type Shape,
  type TypeOf,
} from "./shape.ts";
import { perSecond, RATE } from "./units.ts";
import {
  count,
  described,
  duration,
  freeRate,
  integer,
  key,
  mapping,
  pullOnly,
  pushOnly,
  text,
  whole,
} from "./value-schemas.ts";

const TARGET = /^((?!-)[a-z0-9-]{1,100}\.)?(?!-)[a-z0-9-]{1,63}$/;

const RATE_FORM = "a number per s, m, h or d such as 5/s or 0";

const name = described(
  text(QUEUE_NAME, "1 to 100 letters, digits or hyphens"),
  "The queue's name.",
);

const rate = key(
  either(
    text(
      RATE,
      RATE_FORM,
      (it) => perSecond(it) <= 500,
      "at most 500/s (extensions.rate goes past that)",
    ),
    literal(0),
    RATE_FORM,
  ),
  "Tokens added to the bucket, up to 500/s: 5/s, 30/m, 1.5/h, 2000/d. 0 pauses.",
);

const LOCATION_FORM = `one of ${LOCATIONS.join(", ")}`;
const location = text(
  new RegExp(`^(${LOCATIONS.join("|")})$`),
  LOCATION_FORM,
) as unknown as Shape<Location>;

const retention = {
  tombstone_ttl: key(duration(), "How long a finished task's name stays taken. Default 9d."),
  keep_failed: key(duration(), "How long a failed task is kept. Default 7d."),
  failed_queue: key(
    pushQueueName,
    "The dead-letter queue: the push queue that exhausted tasks are forwarded to.",
  ),
  shards: key(
    whole(1, MAX_SHARDS),
    "How many objects share the queue's work, 1 to 256. Default 1.",
  ),
  location: key(
    either(location, list(location, LOCATION_FORM), `${LOCATION_FORM}, or a list of them`),
    "Where the queue's objects are to be made: a region, or one for each shard.",
  ),
  annotations: key(
    record("a mapping"),
    "Your own data: stored and returned with the queue, and not read.",
  ),
};

const AGE = "a number of seconds above 0";

/** A list of locations has one for each shard. */
const EACH_SHARD: Rule<{ shards?: unknown; location?: unknown }> = ({ shards = 1, location }) =>
  Array.isArray(location) && location.length !== shards
    ? [{ path: ["location"], message: `as many as there are shards, ${shards}` }]
    : [];

/** Objects take no turns with one another, and a key's tasks would be in several. */
const KEYS_IN_ONE_OBJECT: Rule<{ shards?: unknown; keys?: unknown }> = ({ shards = 1, keys }) =>
  keys !== undefined && typeof shards === "number" && shards > 1
    ? [
        {
          path: ["keys"],
          message: `none beside shards: ${shards}, for a key's tasks are in one object`,
        },
      ]
    : [];

const pushExtensions = mapping({
  rate: key(freeRate, "In place of rate, and free to pass 500/s. none: no limit at all."),
  bucket_size: key(count(1), "In place of bucket_size, and free to pass 500."),
  max_concurrent_requests: key(
    count(1),
    "In place of max_concurrent_requests, and free to pass 5000.",
  ),
  task_age_limit: key(
    ruled(
      noted(number(AGE), { exclusiveMinimum: 0 }),
      must((it) => it > 0, AGE),
    ),
    "In place of task_age_limit: a number of seconds, fractions kept.",
  ),
  keep_results: key(
    boolean("true or false"),
    "Keep what handlers answer, up to 64 KiB, as long as the task's tombstone.",
  ),
  keys: key(keys, "Limits of each key that tasks name; keys take fair turns."),
  batch: key(batch, "Hand several due tasks to one call of the handler."),
  limits: key(limitNames, "Limits at the top of the file that it draws from beside its own."),
  alerts: pushAlerts,
  ...retention,
});

const pullExtensions = mapping({
  rate: pushOnly,
  bucket_size: pushOnly,
  max_concurrent_requests: pushOnly,
  task_age_limit: pushOnly,
  keep_results: pushOnly,
  keys: key(keys, "Limits of each key that tasks name; keys take fair turns at being leased."),
  batch: pushOnly,
  limits: pushOnly,
  alerts: pullAlerts,
  ...retention,
});

const task_retry_limit = key(
  count(0),
  "Retries after the first attempt; 0 is one attempt. Default: no limit.",
);

const pushRetry = ruled(
  mapping({
    task_retry_limit,
    task_age_limit: ageLimit(". Default: no limit."),
    ...backoffKeys({ min: 0.1, max: 3600, doublings: 16 }),
  }),
  backoffOrder,
);

const pullRetry = mapping({
  task_retry_limit,
  task_age_limit: pushOnly,
  min_backoff_seconds: pushOnly,
  max_backoff_seconds: pushOnly,
  max_doublings: pushOnly,
});

const email = text(/./, "an e-mail address");
const grant = ruled(
  mapping({
    user_email: key(email, "May list, get, lease, delete and update tasks."),
    writer_email: key(email, "May insert tasks."),
  }),
  must(
    (it) => it.user_email !== undefined || it.writer_email !== undefined,
    "user_email, writer_email or both",
  ),
);

const pushQueue = ruled(
  mapping({
    name,
    mode: key(literal("push"), "push (the default) or pull."),
    rate,
    bucket_size: key(
      whole(0, 500, " (extensions.bucket_size goes past that)"),
      "Most tasks started at once after a quiet time. Default 5, as is 0.",
    ),
    max_concurrent_requests: key(
      integer(),
      "Most tasks running at once, held to 1..5000. Default 1000, as is 0.",
    ),
    target: key(target(TARGET), "The service that runs the tasks: service or version.service."),
    retry_parameters: key(pushRetry, "When a failed task runs again."),
    acl: pullOnly,
    extensions: key(
      ruled(ruled(pushExtensions, EACH_SHARD), KEYS_IN_ONE_OBJECT),
      "What App Engine does not have.",
    ),
  }),
  must(
    (it) => it.rate !== undefined || it.extensions?.rate !== undefined,
    `${RATE_FORM} on every push queue`,
    ["rate"],
  ),
);

const pullQueue = mapping({
  name,
  mode: described(literal("pull"), "push (the default) or pull."),
  rate: pushOnly,
  bucket_size: pushOnly,
  max_concurrent_requests: pushOnly,
  target: pushOnly,
  retry_parameters: key(pullRetry, "How often a task may be leased again."),
  acl: key(list(grant, "a list of user_email and writer_email entries"), "Who may use the queue."),
  extensions: key(
    ruled(ruled(pullExtensions, EACH_SHARD), KEYS_IN_ONE_OBJECT),
    "What App Engine does not have.",
  ),
});

export type QueueEntry = TypeOf<typeof pushQueue> | TypeOf<typeof pullQueue>;

/** One entry of `queue`. */
export const queueEntry: Shape<QueueEntry> = {
  isKind: isMapping,
  expected: "a mapping with a name",
  rules: [byMode],
  json: { oneOf: [pushQueue.json, pullQueue.json] },
};

function byMode(entry: { mode?: unknown }): readonly Issue[] {
  const { mode = "push" } = entry;
  if (mode === "push") return issuesOf(pushQueue, entry);
  if (mode === "pull") return issuesOf(pullQueue, entry);
  return [{ path: ["mode"], message: "push or pull" }];
}
