// The schema of cron.yaml. The keys are App Engine's, except those under `extensions`. Validation and the
// JSON Schema for editors are both generated from it.

import { parseHostRules } from "../egress/host-rules.ts";
import { parseSchedule } from "../schedule/schedule.ts";
import { isTimeZone } from "../schedule/zone.ts";
import { checkUrl } from "../task/new-task-rules.ts";
import {
  ageLimit,
  application,
  backoffKeys,
  backoffOrder,
  hasKey,
  jsonSchema,
  pushQueueName,
  target,
} from "./common-schemas.ts";
import { CRON_NAME, cronName } from "./names.ts";
import { type Issue, list, must, noted, ruled, string, type TypeOf } from "./shape.ts";
import { count, described, key, mapping, text } from "./value-schemas.ts";

const NO_HOSTS = parseHostRules("");
const SCHEDULE = 'a schedule such as "every 5 minutes", "every monday 09:00" or "0 9 * * 1-5"';
const ZONE = "a time zone such as Europe/Berlin";
// Beside queue.yaml's [version.]service, cron.yaml has service:version.
const TARGET =
  /^(((?!-)[a-z0-9-]{1,100}\.)?(?!-)[a-z0-9-]{1,63}|(?!-)[a-z0-9-]{1,63}:(?!-)[a-z0-9-]{1,100})$/;

const PATH = /^\/.*$/;
const PATH_FORM = 'a path that starts with one "/"';

const schedule = described(
  ruled(string(SCHEDULE), badSchedule),
  "When: every 5 minutes, every day 00:00, 1st,third mon,wed of month 17:00, every 30 mins from 10:00 to 14:00, every 2 hours synchronized; or a cron expression, 0 9 * * 1-5.",
);

const retryParameters = ruled(
  mapping({
    job_retry_limit: key(count(0), "Retries after the first attempt. Default 5."),
    job_age_limit: ageLimit("; both limits must be passed."),
    ...backoffKeys({ min: 5, max: 3600, doublings: 5 }),
  }),
  backoffOrder,
);

const extensions = mapping({
  name: key(
    text(CRON_NAME, "1 to 100 letters, digits, hyphens or underscores"),
    "The entry's name. Default: its description, or else its url, in hyphens.",
  ),
  queue: key(pushQueueName, "The queue its tasks are put on. Default: default."),
});

const cronEntry = mapping({
  description: key(
    text(/^.{0,499}$/, "one line of at most 499 characters"),
    "What it is for; names the entry.",
  ),
  url: described(ruled(text(PATH, PATH_FORM), badUrl), "The path that is called by GET."),
  schedule,
  timezone: key(
    ruled(string(ZONE), must(isTimeZone, ZONE)),
    "Whose clock the schedule goes by. Default UTC.",
  ),
  target: key(
    target(TARGET),
    "The service that is called: service, version.service or service:version.",
  ),
  retry_parameters: key(retryParameters, "When a failed call is tried again. Without it, never."),
  extensions: key(extensions, "What App Engine does not have."),
});
export type CronDocumentEntry = TypeOf<typeof cronEntry>;

/** The whole file. */
export const cronDocument = noted(
  ruled(
    mapping(
      {
        application,
        cron: key(ruled(list(cronEntry, "a list of entries"), sameNames), "The recurring tasks."),
      },
      "a mapping, such as cron: [{ url: /daily, schedule: every 24 hours }]",
    ),
    hasKey("cron"),
  ),
  { title: "cron.yaml", description: "The recurring tasks of an application." },
);
export type CronDocument = TypeOf<typeof cronDocument>;

/** The JSON Schema of a cron.yaml, in draft 7, the one all editors know. */
export function cronJsonSchema(): object {
  return jsonSchema(cronDocument);
}

function badSchedule(given: string): Issue[] {
  try {
    parseSchedule(given);
    return [];
  } catch (error) {
    return [{ path: [], message: (error as Error).message }];
  }
}

// What the API says of a task's url, which may be absolute.
function badUrl(url: string): Issue[] {
  const said = PATH.test(url) ? checkUrl({ url }, "GET", NO_HOSTS)?.failure.message : undefined;
  const message = said?.replace(/^.*, expected /s, "").replace(/, or an http.*/, "");
  return message ? [{ path: [], message }] : [];
}

// Called on faulty entries too, so that all faults are reported. The fault is at the key the name comes from.
function sameNames(entries: readonly CronDocumentEntry[]): Issue[] {
  const issues: Issue[] = [];
  const names = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const name = cronName(Object(entry));
    const isTaken = name !== undefined && names.has(name);
    if (name !== undefined) names.add(name);
    if (name !== undefined && !isTaken) continue;
    const { extensions: own, description, url } = Object(entry) as CronDocumentEntry;
    // A url that is none is told as such.
    if (name === undefined && (typeof url !== "string" || !PATH.test(url))) continue;
    const isNamed = own?.name !== undefined;
    const path = isNamed ? ["extensions", "name"] : [description ? "description" : "url"];
    const why = name === undefined ? "one that makes a name" : `another name than "${name}"`;
    const way = isNamed ? "" : "; extensions.name gives it one";
    issues.push({ path: [index, ...path], message: `${why}${way}` });
  }
  return issues;
}
