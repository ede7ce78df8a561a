// The difference between two configurations of a queue, as one line in terms of queue.yaml.
import { type AlertConfig, alertMark, conditionText, receiverText } from "../alerts/alert.ts";
import { keysEntry, keysView } from "./keys-config.ts";
import type { QueueConfig } from "./queue-config.ts";

const LONGEST = 300;

const SETTINGS: readonly [name: string, of: (config: QueueConfig) => unknown][] = [
  ["mode", ({ mode }) => mode],
  ["rate", ({ rateText }) => rateText],
  ["bucket_size", ({ bucketSize }) => bucketSize],
  ["max_concurrent_requests", ({ maxConcurrentRequests }) => maxConcurrentRequests],
  ["target", ({ target }) => target],
  ["task_retry_limit", ({ retry }) => retry.limit],
  ["task_age_limit", ({ retry }) => retry.ageLimit],
  ["min_backoff_seconds", ({ retry }) => retry.minBackoff],
  ["max_backoff_seconds", ({ retry }) => retry.maxBackoff],
  ["max_doublings", ({ retry }) => retry.maxDoublings],
  ["tombstone_ttl", ({ tombstoneTtl }) => tombstoneTtl],
  ["keep_failed", ({ keepFailed }) => keepFailed],
  ["keep_results", ({ keepResults = false }) => keepResults],
  ["batch", ({ batch }) => batch && `of ${batch.size} within ${batch.wait} s`],
  ["failed_queue", ({ failedQueue }) => failedQueue],
  ["keys", ({ keys }) => keys && JSON.stringify(keysEntry(keysView(keys)))],
  ["shards", ({ shards = 1 }) => shards],
  ["limits", ({ limits = [] }) => limits.join(" ")],
  ["alerts", ({ alerts = [] }) => alerts.map(alertText).join("; ")],
  ["location", ({ location }) => location],
  ["acl", ({ acl }) => acl.map(({ userEmail, writerEmail }) => userEmail ?? writerEmail).join(" ")],
];

// Who may read a plan may not read the path of a url, so that the mark has to tell that it is another.
function alertText(alert: AlertConfig): string {
  const { name, when, to } = alert;
  return `${name}: ${conditionText(when)} to ${receiverText(to)} (${alertMark(alert)})`;
}

/** A key of queue.yaml or cron.yaml that changes; what is not there is "none". */
export interface SettingChange {
  key: string;
  before: string;
  after: string;
}

/** The same as texts, of what has no keys of its own. */
export function settingChange(key: string, before: unknown, after: unknown): SettingChange[] {
  const change = { key, before: textOf(before), after: textOf(after) };
  return change.before === change.after ? [] : [change];
}

/** What changed that queue.yaml could say. */
export function settingChanges(before: QueueConfig, after: QueueConfig): SettingChange[] {
  return SETTINGS.flatMap(([name, of]) => settingChange(name, of(before), of(after)));
}

/** "rate 5/s → 10/s, target none → backend"; undefined where nothing changed that queue.yaml could say. */
export function changesOf(before: QueueConfig, after: QueueConfig): string | undefined {
  const changes = settingChanges(before, after).map((it) => `${it.key} ${it.before} → ${it.after}`);
  if (changes.length === 0) return undefined;
  const line = changes.join(", ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

function textOf(value: unknown): string {
  return value === undefined || value === null || value === "" ? "none" : String(value);
}
