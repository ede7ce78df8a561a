// What a checked cron.yaml says -> frozen configuration: defaults and conversions. Reading the text is in
// cron-yaml.ts.

import { parseSchedule, type Schedule } from "../schedule/schedule.ts";
import { DEFAULT_RETRY } from "../task/backoff.ts";
import type { RetryOptions } from "../task/task.ts";
import type { CronDocument, CronDocumentEntry } from "./cron-schema.ts";
import { cronName } from "./names.ts";
import { seconds } from "./units.ts";

/** A recurring task as it is to run: every default filled in. */
export interface CronEntry {
  readonly name: string;
  readonly description?: string;
  /** A path of the Worker's own. */
  readonly url: string;
  /** As written. */
  readonly schedule: string;
  readonly timezone: string;
  readonly target?: string;
  readonly queue: string;
  readonly retry: Readonly<RetryOptions>;
  readonly next: Schedule;
}

/** By name, in the file's order. */
export type CronFile = ReadonlyMap<string, CronEntry>;

const QUEUE = "default";
// What App Engine says of its retries is the limit; the curve is that of Cloud Scheduler, which runs them.
const RETRY = { limit: 5, minBackoff: 5, maxBackoff: DEFAULT_RETRY.maxBackoff, maxDoublings: 5 };

/** A checked file as configuration. */
export function cronFile(document: CronDocument): CronFile {
  const entries = (document.cron ?? []).map(cronEntry);
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** The queue an entry's tasks are put on. */
export function cronQueue({ extensions }: CronDocumentEntry): string {
  return extensions?.queue ?? QUEUE;
}

function cronEntry(given: CronDocumentEntry): CronEntry {
  const { description, url, schedule, timezone = "UTC", target } = given;
  return Object.freeze({
    name: cronName(given) as string,
    ...(description !== undefined && { description }),
    ...{ url, schedule, timezone },
    ...(target !== undefined && { target: target.replace(/^(.*):(.*)$/, "$2.$1") }),
    queue: cronQueue(given),
    retry: Object.freeze(retryOf(given.retry_parameters)),
    next: parseSchedule(schedule, timezone),
  });
}

// Without retry parameters a call that fails is not tried again.
function retryOf(given: CronDocumentEntry["retry_parameters"]): RetryOptions {
  if (!given) return { limit: 0 };
  const { job_age_limit: age, min_backoff_seconds: min, max_backoff_seconds: max } = given;
  const minBackoff = min ?? Math.min(RETRY.minBackoff, max ?? Number.POSITIVE_INFINITY);
  return {
    limit: given.job_retry_limit ?? RETRY.limit,
    ...(age !== undefined && { ageLimit: seconds(age) }),
    minBackoff,
    maxBackoff: max ?? Math.max(RETRY.maxBackoff, minBackoff),
    maxDoublings: given.max_doublings ?? RETRY.maxDoublings,
  };
}
