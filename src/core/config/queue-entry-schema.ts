// The schema of one entry of queue.yaml's `queue`: every key, unit and limit. The keys are App Engine's,
// except those under `extensions`.

import * as z from "zod";
import {
  ageLimit,
  BACKOFF_ORDER,
  backoffKeys,
  isBackoffOrdered,
  pushQueueName,
  target,
} from "./common-schemas.ts";
import { QUEUE_NAME } from "./names.ts";
import { perSecond, RATE, RATE_OR_NONE } from "./units.ts";
import {
  count,
  duration,
  integer,
  isMapping,
  mapping,
  pullOnly,
  pushOnly,
  text,
  whole,
} from "./value-schemas.ts";

const TARGET = /^((?!-)[a-z0-9-]{1,100}\.)?(?!-)[a-z0-9-]{1,63}$/;

const RATE_FORM = "a number per s, m, h or d such as 5/s or 0";
const FREE_RATE_FORM = "a number per s, m, h or d such as 2000/s, or 0, or none for no limit";
/** Tokens a second; beyond it is `none`. */
const MAX_RATE = 1e9;

const name = text(QUEUE_NAME, "1 to 100 letters, digits or hyphens").describe("The queue's name.");

const rate = z
  .union(
    [
      text(
        RATE,
        RATE_FORM,
        (it) => perSecond(it) <= 500,
        "at most 500/s (extensions.rate goes past that)",
      ),
      z.literal(0),
    ],
    { error: RATE_FORM },
  )
  .describe("Tokens added to the bucket, up to 500/s: 5/s, 30/m, 1.5/h, 2000/d. 0 pauses.");

const freeRate = z
  .union(
    [
      text(
        RATE_OR_NONE,
        FREE_RATE_FORM,
        (it) => it === "none" || perSecond(it) <= MAX_RATE,
        `at most ${MAX_RATE}/s, or none for no limit`,
      ),
      z.literal(0),
    ],
    { error: FREE_RATE_FORM },
  )
  .describe("In place of rate, and free to pass 500/s. none: no limit at all.");

const retention = {
  tombstone_ttl: duration()
    .describe("How long a finished task's name stays taken. Default 9d.")
    .optional(),
  keep_failed: duration().describe("How long a failed task is kept. Default 7d.").optional(),
  failed_queue: pushQueueName
    .describe("The dead-letter queue: the push queue that exhausted tasks are forwarded to.")
    .optional(),
  annotations: z
    .record(z.string(), z.unknown(), { error: "a mapping" })
    .describe("Your own data: stored and returned with the queue, and not read.")
    .optional(),
};

const AGE = "a number of seconds above 0";

const pushExtensions = mapping({
  rate: freeRate.optional(),
  bucket_size: count(1).describe("In place of bucket_size, and free to pass 500.").optional(),
  max_concurrent_requests: count(1)
    .describe("In place of max_concurrent_requests, and free to pass 5000.")
    .optional(),
  task_age_limit: z
    .number({ error: AGE })
    .gt(0, { error: AGE })
    .describe("In place of task_age_limit: a number of seconds, fractions kept.")
    .optional(),
  keep_results: z
    .boolean({ error: "true or false" })
    .describe("Keep what handlers answer, up to 64 KiB, as long as the task's tombstone.")
    .optional(),
  ...retention,
});

const pullExtensions = mapping({
  rate: pushOnly,
  bucket_size: pushOnly,
  max_concurrent_requests: pushOnly,
  task_age_limit: pushOnly,
  keep_results: pushOnly,
  ...retention,
});

const task_retry_limit = count(0)
  .describe("Retries after the first attempt; 0 is one attempt. Default: no limit.")
  .optional();

const pushRetry = mapping({
  task_retry_limit,
  task_age_limit: ageLimit(". Default: no limit."),
  ...backoffKeys({ min: 0.1, max: 3600, doublings: 16 }),
}).refine(isBackoffOrdered, BACKOFF_ORDER);

const pullRetry = mapping({
  task_retry_limit,
  task_age_limit: pushOnly,
  min_backoff_seconds: pushOnly,
  max_backoff_seconds: pushOnly,
  max_doublings: pushOnly,
});

const email = text(/./, "an e-mail address");
const grant = mapping({
  user_email: email.describe("May list, get, lease, delete and update tasks.").optional(),
  writer_email: email.describe("May insert tasks.").optional(),
}).refine((it) => it.user_email !== undefined || it.writer_email !== undefined, {
  error: "user_email, writer_email or both",
  when: isMapping,
});

const pushQueue = mapping({
  name,
  mode: z.literal("push").describe("push (the default) or pull.").optional(),
  rate: rate.optional(),
  bucket_size: whole(0, 500, " (extensions.bucket_size goes past that)")
    .describe("Most tasks started at once after a quiet time. Default 5, as is 0.")
    .optional(),
  max_concurrent_requests: integer()
    .describe("Most tasks running at once, held to 1..5000. Default 1000, as is 0.")
    .optional(),
  target: target(TARGET)
    .describe("The service that runs the tasks: service or version.service.")
    .optional(),
  retry_parameters: pushRetry.describe("When a failed task runs again.").optional(),
  acl: pullOnly,
  extensions: pushExtensions.describe("What App Engine does not have.").optional(),
}).refine((it) => it.rate !== undefined || it.extensions?.rate !== undefined, {
  path: ["rate"],
  error: `${RATE_FORM} on every push queue`,
  when: isMapping,
});

const pullQueue = mapping({
  name,
  mode: z.literal("pull").describe("push (the default) or pull."),
  rate: pushOnly,
  bucket_size: pushOnly,
  max_concurrent_requests: pushOnly,
  target: pushOnly,
  retry_parameters: pullRetry.describe("How often a task may be leased again.").optional(),
  acl: z
    .array(grant, { error: "a list of user_email and writer_email entries" })
    .describe("Who may use the queue.")
    .optional(),
  extensions: pullExtensions.describe("What App Engine does not have.").optional(),
});

/** One entry of `queue`. */
export const queueEntry = z.discriminatedUnion("mode", [pushQueue, pullQueue], {
  error: ({ input }) => (isMapping({ value: input }) ? "push or pull" : "a mapping with a name"),
});
export type QueueEntry = z.output<typeof queueEntry>;
