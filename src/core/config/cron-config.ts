// cron.yaml -> frozen configuration: defaults and conversions.

import { parseSchedule, type Schedule } from "../schedule/schedule.ts";
import { DEFAULT_RETRY } from "../task/backoff.ts";
import type { RetryOptions } from "../task/task.ts";
import { type CronDocument, type CronDocumentEntry, cronDocument } from "./cron-schema.ts";
import { checkAgainst, type Finding, finding } from "./findings.ts";
import { cronName } from "./names.ts";
import type { QueueFile } from "./queue-config.ts";
import { seconds } from "./units.ts";
import { QueueConfigError, readYaml } from "./yaml-document.ts";

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

/**
 * The text of a cron.yaml as configuration, whose tasks go to these queues; throws a QueueConfigError that
 * lists all its faults.
 */
export function parseCronYaml(text: string, queues: QueueFile, file = "cron.yaml"): CronFile {
  const yaml = readYaml(text, file);
  const checked = checkAgainst(cronDocument, yaml.value);
  const faults = "findings" in checked ? checked.findings : lostTasks(checked.data, queues);
  const findings = [...yaml.findings, ...faults];
  if (findings.length > 0 || !("data" in checked)) {
    throw new QueueConfigError(file, findings.map(yaml.place));
  }
  const entries = (checked.data.cron ?? []).map(cronEntry);
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** Entries whose queue is no push queue of queue.yaml. */
function lostTasks(document: CronDocument, { queues }: QueueFile): Finding[] {
  const push = new Set(
    [...queues.values()].filter(({ mode }) => mode === "push").map(({ name }) => name),
  );
  return (document.cron ?? []).flatMap(({ extensions }, index) => {
    const queue = extensions?.queue ?? QUEUE;
    if (push.has(queue)) return [];
    const message = `found ${JSON.stringify(queue)}, expected a push queue of queue.yaml: ${[...push].join(", ")}`;
    return [finding(document, ["cron", index, "extensions", "queue"], message)];
  });
}

function cronEntry(given: CronDocumentEntry): CronEntry {
  const { description, url, schedule, timezone = "UTC", target, extensions = {} } = given;
  return Object.freeze({
    name: cronName(given) as string,
    ...(description !== undefined && { description }),
    ...{ url, schedule, timezone },
    ...(target !== undefined && { target: target.replace(/^(.*):(.*)$/, "$2.$1") }),
    queue: extensions.queue ?? QUEUE,
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
