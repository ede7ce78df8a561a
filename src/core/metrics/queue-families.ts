// What is shown of queues and recurring tasks, as metric families. Labels are names of queues, states and entries of
// cron.yaml, and nothing that tasks bring along: their number is that of the configuration.
import type { AlertView } from "../alerts/alert-view.ts";
import type { CronView } from "../config/cron-view.ts";
import { perSecond } from "../config/units.ts";
import { BOUNDS_S, nativeOf, type StoredDurations } from "./durations.ts";
import type { Family, HistogramValue, Labels } from "./exposition.ts";
import type { GroupStep } from "./group-counts.ts";
import { billedOf, dollarsOf } from "./prices.ts";
import type { QueueView } from "./queue-view.ts";
import type { QueueTotals } from "./totals.ts";

/** What is known of a queue when it is scraped. */
export interface ScrapedQueue {
  name: string;
  /** Absent where it did not answer. */
  view?: QueueView;
  /** Absent of a queue of a version that did not count. */
  totals?: QueueTotals;
}

/** A scrape at `now` (ms since 1970); without `cron` that did not answer. */
export interface Scrape {
  now: number;
  queues: readonly ScrapedQueue[];
  cron?: readonly CronView[] | undefined;
}

/** All families, in the order they are shown in. */
export function familiesOf(scrape: Scrape): Family[] {
  const views = scrape.queues.flatMap(({ view }) => view ?? []);
  return [
    ...overall(scrape),
    ...states(views, scrape.now),
    ...limits(views),
    ...alerts(views),
    ...counters(scrape.queues),
    ...bill(scrape.queues),
    ...recurring(scrape),
  ];
}

const PREFIX = "taskqueue_";

interface Words {
  name: string;
  help: string;
  unit?: string;
}

function gauge({ name, ...words }: Words, samples: Iterable<readonly [Labels, number]>): Family {
  return { name: PREFIX + name, type: "gauge", ...words, samples } as Family;
}

function overall({ queues, cron }: Scrape): Family[] {
  const silent = queues.filter(({ view }) => !view).length + (cron ? 0 : 1);
  const up = queues.map(({ name, view }) => [{ queue: name }, view ? 1 : 0] as const);
  return [
    gauge({ name: "queues", help: "Queues there are." }, [[{}, queues.length]]),
    gauge({ name: "up", help: "Whether the queue answered this scrape: 1 or 0." }, up),
    gauge({ name: "scrape_errors", help: "Objects that did not answer this scrape in time." }, [
      [{}, silent],
    ]),
  ];
}

/** A gauge of each queue that has a value for it. */
function each(
  views: readonly QueueView[],
  words: Words,
  numberOf: (view: QueueView) => number | null | undefined,
): Family {
  const samples = views.flatMap((view): [Labels, number][] => {
    const value = numberOf(view);
    return value === null || value === undefined ? [] : [[{ queue: view.name }, value]];
  });
  return gauge(words, samples);
}

function states(views: readonly QueueView[], now: number): Family[] {
  const byState = views.flatMap((view) =>
    Object.entries(view.statistics.states).flatMap(([state, n]): [Labels, number][] =>
      n === null ? [] : [[{ queue: view.name, state }, n]],
    ),
  );
  const age = ({ statistics: { oldestEta } }: QueueView) =>
    oldestEta === null ? 0 : Math.max(0, now - Date.parse(oldestEta)) / 1000;
  return [
    gauge(
      {
        name: "tasks",
        help: "Tasks by state; scheduled and due are left out while there are over 1000 of each.",
      },
      byState,
    ),
    each(
      views,
      { name: "backlog_tasks", help: "Tasks on the queue: waiting, in flight, between attempts." },
      (view) => view.statistics.tasks,
    ),
    each(
      views,
      {
        name: "oldest_due_age_seconds",
        help: "How long ago the oldest task on the queue was due; 0 while none is.",
        unit: "seconds",
      },
      age,
    ),
    each(
      views,
      { name: "in_flight", help: "Attempts without an answer yet, and leases." },
      (view) => view.statistics.inFlight,
    ),
    each(
      views,
      { name: "leases", help: "Tasks of a pull queue that are leased." },
      ({ mode, statistics }) => (mode === "pull" ? statistics.states.leased : undefined),
    ),
    each(views, { name: "paused", help: "Whether the queue is paused: 1 or 0." }, ({ state }) =>
      Number(state === "paused"),
    ),
  ];
}

function limits(views: readonly QueueView[]): Family[] {
  const push = views.filter(({ mode }) => mode === "push");
  return [
    each(
      push,
      { name: "tokens", help: "Tokens in the bucket; none without a rate." },
      (view) => view.statistics.tokens,
    ),
    each(push, { name: "bucket_size", help: "Tokens the bucket holds." }, (view) =>
      view.statistics.tokens === null ? undefined : view.bucketSize,
    ),
    each(
      push,
      { name: "rate_limit", help: "Attempts a second, as configured; +Inf without a limit." },
      ({ rate }) => perSecond(rate),
    ),
    each(
      push,
      {
        name: "enforced_rate_limit",
        help: "Attempts a second now: below the configured while handlers answer 503.",
      },
      ({ statistics: { enforcedRate }, rate }) => enforcedRate ?? perSecond(rate),
    ),
    each(
      push,
      { name: "slots", help: "Attempts that may be in flight at a time." },
      ({ maxConcurrentRequests }) => maxConcurrentRequests,
    ),
    each(
      views,
      { name: "shards", help: "Objects that share the queue's work." },
      (view) => view.extensions.shards ?? 1,
    ),
  ];
}

function alerts(views: readonly QueueView[]): Family[] {
  const of = (words: Words, numberOf: (alert: AlertView) => number) => {
    const samples = views.flatMap(({ name, alerts = [] }) =>
      alerts.map((alert): [Labels, number] => [
        { queue: name, alert: alert.name },
        numberOf(alert),
      ]),
    );
    return gauge(words, samples);
  };
  return [
    of({ name: "alert_active", help: "Whether the alert is on: 1 or 0." }, ({ state }) =>
      Number(state === "begun"),
    ),
    of(
      { name: "alert_pending_messages", help: "Messages of the alert that have not arrived." },
      ({ pending }) => pending,
    ),
  ];
}

const STEPS = {
  added: "Tasks added.",
  started: "Attempts that began; of a pull queue, leases.",
  done: "Tasks done.",
  retried: "Attempts that failed, or leases that ran out, with the task to be tried again.",
  failed: "Tasks that failed for good.",
  deleted: "Tasks deleted, purged or replaced.",
  expired: "Tasks that were not started in time.",
} as const;

/** Of each queue that counts. */
function ofTotals<Value>(
  queues: readonly ScrapedQueue[],
  numberOf: (totals: QueueTotals) => Value | undefined,
): [Labels, Value][] {
  return queues.flatMap(({ name, totals }): [Labels, Value][] => {
    const value = totals && numberOf(totals);
    return value === undefined ? [] : [[{ queue: name }, value]];
  });
}

function counters(queues: readonly ScrapedQueue[]): Family[] {
  const steps = Object.entries(STEPS) as [keyof typeof STEPS, string][];
  return [
    ...steps.map(([step, help]) => counter(queues, { name: `tasks_${step}`, help }, step)),
    histogram(
      { name: "lateness_seconds", help: "How long after its time each attempt, or lease, began." },
      ofTotals(queues, ({ lateness }) => histogramOf(lateness)),
    ),
    histogram(
      { name: "run_time_seconds", help: "How long each attempt took that was answered." },
      ofTotals(queues, ({ runTime }) => histogramOf(runTime)),
    ),
    gauge(
      {
        name: "groups",
        help: "Groups that have tasks on the queue and are not over; 1001 where there are more.",
      },
      ofTotals(queues, ({ groups }) => groups),
    ),
    ...ofGroups(queues),
  ];
}

/** Of each queue whose version counts them; each step with the labels beside the queue's. */
function ofGroups(queues: readonly ScrapedQueue[]): Family[] {
  const of = ({ name, help }: Words, ...steps: [more: object, step: GroupStep][]): Family => {
    const samples = steps.flatMap(([more, step]) =>
      ofTotals(queues, ({ ofGroups }) => ofGroups && (ofGroups[step] ?? 0)).map(
        ([labels, n]) => [{ ...labels, ...more }, n] as const,
      ),
    );
    return { name: PREFIX + name, type: "counter", help, samples };
  };
  return [
    of({ name: "group_subtasks_added", help: "Subtasks of groups added, or redriven." }, [
      {},
      "added",
    ]),
    of(
      { name: "group_subtasks_ended", help: "Subtasks of groups that ended." },
      [{ outcome: "done" }, "done"],
      [{ outcome: "failed" }, "failed"],
      [{ outcome: "deleted" }, "deleted"],
    ),
    of(
      { name: "groups_ended", help: "Groups that ended, of those that had tasks on the queue." },
      [{ outcome: "done" }, "groupsDone"],
      [{ outcome: "failed" }, "groupsFailed"],
      [{ outcome: "cancelled" }, "groupsCancelled"],
    ),
  ];
}

function counter(
  queues: readonly ScrapedQueue[],
  { name, ...words }: Words,
  of: keyof typeof STEPS | ((totals: QueueTotals) => number),
): Family {
  const numberOf = typeof of === "function" ? of : ({ steps }: QueueTotals) => steps[of];
  const samples = ofTotals(queues, numberOf);
  return { name: PREFIX + name, type: "counter", ...words, samples } as Family;
}

function histogram({ name, help }: Words, samples: [Labels, HistogramValue][]): Family {
  const family = { name: PREFIX + name, type: "histogram", help, unit: "seconds", samples };
  return family as unknown as Family;
}

function histogramOf(durations: StoredDurations): HistogramValue {
  const { counts, sumMs } = durations;
  return { bounds: BOUNDS_S, counts, sum: sumMs / 1000, native: nativeOf(durations) };
}

function bill(queues: readonly ScrapedQueue[]): Family[] {
  const used = (words: Words, numberOf: (meter: QueueTotals["meter"]) => number) =>
    counter(queues, words, ({ meter }) => numberOf(meter));
  return [
    used(
      {
        name: "rows_written",
        help: "Rows the queue's objects, and others for it, wrote, those of indexes among them.",
      },
      (meter) => meter.rowsWritten,
    ),
    used({ name: "rows_read", help: "Rows they read." }, (meter) => meter.rowsRead),
    used(
      { name: "alarms_set", help: "Alarms they set, each billed as a row written." },
      (meter) => meter.alarmsSet,
    ),
    used({ name: "requests", help: "Calls and alarms they served." }, (meter) => meter.requests),
    used(
      { name: "active_seconds", help: "Time they were awake for these.", unit: "seconds" },
      (meter) => meter.activeMs / 1000,
    ),
    used(
      { name: "cost_dollars", help: "All of that at list price, as if nothing were included." },
      (meter) => dollarsOf(billedOf(meter)),
    ),
  ];
}

function recurring({ cron = [], now }: Scrape): Family[] {
  const of = (words: Words, numberOf: (entry: CronView) => number | undefined) => {
    const samples = cron.flatMap((entry): [Labels, number][] => {
      const value = numberOf(entry);
      return value === undefined ? [] : [[{ entry: entry.name }, value]];
    });
    return gauge(words, samples);
  };
  const ofRuns = (which: "added" | "missed", help: string): Family => ({
    ...{ name: `${PREFIX}cron_${which}`, type: "counter", help },
    // An object of a version before does not count them.
    samples: cron.flatMap(({ name, [which]: n }) =>
      n === undefined ? [] : [[{ entry: name }, n] as const],
    ),
  });
  const at = (time: string | undefined) =>
    time === undefined ? undefined : Date.parse(time) / 1000;
  return [
    of(
      {
        name: "cron_next_run_timestamp_seconds",
        help: "When the entry's next task is added.",
        unit: "seconds",
      },
      ({ nextRun }) => at(nextRun),
    ),
    of(
      {
        name: "cron_last_run_timestamp_seconds",
        help: "When its last task was added.",
        unit: "seconds",
      },
      ({ lastRun }) => at(lastRun?.addedAt),
    ),
    of(
      {
        name: "cron_overdue_seconds",
        help: "How long ago its next task was to be added, which failed so far; 0 while it is not due.",
        unit: "seconds",
      },
      ({ nextRun }) => Math.max(0, now / 1000 - (at(nextRun) ?? Number.POSITIVE_INFINITY)),
    ),
    ofRuns("added", "Tasks it has added at their times."),
    ofRuns(
      "missed",
      "Its times that had passed when a task could be added, and were not caught up.",
    ),
    of({ name: "cron_paused", help: "Whether the entry is paused: 1 or 0." }, ({ state }) =>
      Number(state === "paused"),
    ),
  ];
}
