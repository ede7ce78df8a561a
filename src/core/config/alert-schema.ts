// The schema of `extensions.alerts`: a list, each entry with one condition and one place to send to.
import { MAX_URL_LENGTH } from "../limits.ts";
import { QUEUE_NAME, QUEUE_NAME_FORM } from "./names.ts";
import { list, must, type Rule, ruled, type TypeOf } from "./shape.ts";
import { DURATION, seconds } from "./units.ts";
import { count, described, duration, key, mapping, pushOnly, text } from "./value-schemas.ts";

/** Of one queue: each is looked at by itself. */
const MOST_ALERTS = 20;
const WINDOW_S = { min: 60, max: 7 * 86_400 };
const WINDOW = "a number with s, m, h or d such as 1h, at least 1m and at most 7d";
const URL_FORM = `an http(s) url without a user or a fragment, of at most ${MAX_URL_LENGTH} characters`;
const NAME_FORM = "1 to 100 letters, digits, hyphens and underscores";
const SECRET_FORM = "the name of a variable or secret of the Worker, such as OPS_WEBHOOK_SECRET";
const CONDITIONS = [
  "oldest_due_older_than",
  "failed",
  "backlog_not_drained_in",
  "target_dead",
] as const;

const failed = mapping(
  {
    more_than: described(count(0), "So many are no alert yet."),
    in: described(
      text(DURATION, WINDOW, (it) => seconds(it) >= WINDOW_S.min && seconds(it) <= WINDOW_S.max),
      "Within this time: 5m, 1h, at most 7d.",
    ),
  },
  "a mapping, such as { more_than: 100, in: 1h }",
);

const receivers = {
  name: key(text(/^[A-Za-z0-9_-]{1,100}$/, NAME_FORM), "Default: the condition's key."),
  send: key(text(/^https?:\/\//i, URL_FORM, isFit), "The url of a webhook, which is signed."),
  secret: key(
    text(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, SECRET_FORM),
    "The variable that has the webhook's secrets. Default TASKQUEUE_SIGNING_SECRET.",
  ),
  task: key(
    mapping(
      { queue: described(text(QUEUE_NAME, QUEUE_NAME_FORM), "The queue it is added to.") },
      "a mapping, such as { queue: alerts }",
    ),
    "In place of a webhook: a task on another queue.",
  ),
};

const OLDEST = key(duration(), "The oldest task that waits was due so long ago: 10m.");
const FAILED = key(failed, "More tasks failed for good, or expired, within a time.");

type Entry = Partial<Record<(typeof CONDITIONS)[number] | keyof typeof receivers, unknown>>;

const oneCondition = must<Entry>(
  (it) => CONDITIONS.filter((name) => it[name] !== undefined).length === 1,
  `exactly one of ${CONDITIONS.join(", ")}`,
);
const oneReceiver = must<Entry>(
  ({ send, task }) => (send === undefined) !== (task === undefined),
  "either send with a url or task with a queue",
);
const secretOfUrl = must<Entry>(
  ({ send, secret }) => secret === undefined || send !== undefined,
  "send beside it",
  ["secret"],
);

const pushAlert = ruled(
  ruled(
    ruled(
      mapping({
        ...receivers,
        oldest_due_older_than: OLDEST,
        failed: FAILED,
        backlog_not_drained_in: key(
          duration(),
          "What is due takes longer than this, at the queue's rate: 6h.",
        ),
        target_dead: key(duration(), "For so long no attempt had an answer but a 5xx: 5m."),
      }),
      oneCondition,
    ),
    oneReceiver,
  ),
  secretOfUrl,
);

const pullAlert = ruled(
  ruled(
    ruled(
      mapping({
        ...receivers,
        oldest_due_older_than: OLDEST,
        failed: FAILED,
        backlog_not_drained_in: pushOnly,
        target_dead: pushOnly,
      }),
      oneCondition,
    ),
    oneReceiver,
  ),
  secretOfUrl,
);

export type AlertEntry = TypeOf<typeof pushAlert> | TypeOf<typeof pullAlert>;

const ofNames: Rule<readonly AlertEntry[]> = (entries) => {
  const names = entries.map((it) => alertName(Object(it)));
  return names.flatMap((name, index) =>
    names.indexOf(name) < index ? [{ path: [index], message: "a name no other alert has" }] : [],
  );
};

const LIST = "a list of alerts";
const few = must<readonly unknown[]>((it) => it.length <= MOST_ALERTS, `at most ${MOST_ALERTS}`);
const WHAT = "What is sent when something is wrong with the queue, and when it is over.";

export const pushAlerts = key(ruled(ruled(list(pushAlert, LIST), few), ofNames), WHAT);
export const pullAlerts = key(ruled(ruled(list(pullAlert, LIST), few), ofNames), WHAT);

/** The name of an entry that has none is its condition's key. */
export function alertName(entry: Entry): string {
  const { name } = entry;
  return typeof name === "string" ? name : (CONDITIONS.find((it) => it in entry) ?? "");
}

function isFit(url: string): boolean {
  if (url.length > MAX_URL_LENGTH || url.includes("#") || !URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return username === "" && password === "";
}

interface QueueWithAlerts {
  name?: unknown;
  extensions?: { alerts?: unknown } | undefined;
}

const OTHER_QUEUE = "another queue of this file";

/** The queues that alerts add tasks to are in the file. */
export const knownAlertQueues: Rule<readonly (QueueWithAlerts | undefined)[]> = (entries) => {
  const names = new Set([...entries.map((entry) => entry?.name), "default"]);
  return entries.flatMap((entry, index) => {
    const alerts: unknown = entry?.extensions?.alerts;
    return (Array.isArray(alerts) ? alerts : []).flatMap((alert, place) => {
      const queue: unknown = Object(Object(alert).task).queue;
      if (typeof queue !== "string" || !QUEUE_NAME.test(queue)) return [];
      if (queue !== entry?.name && names.has(queue)) return [];
      const path = [index, "extensions", "alerts", place, "task", "queue"];
      return [{ path, message: OTHER_QUEUE }];
    });
  });
};
