// The queue's configuration, in queue.yaml's terms.
import { keysEntry } from "../../core/config/keys-config.ts";
import type { LimitView, QueueView } from "../../core/metrics/queue-view.ts";
import { duration } from "../format/times.ts";

export function Configuration({ queue }: { queue: QueueView }) {
  return (
    <section class="panel" aria-label="Configuration">
      <div class="panel-head">
        <h2>Configuration</h2>
      </div>
      <dl class="pairs">
        {entriesOf(queue).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function entriesOf(queue: QueueView): [string, string][] {
  const {
    mode,
    rate,
    bucketSize,
    maxConcurrentRequests,
    target,
    acl,
    extensions,
    limits,
    resharding,
    retryParameters,
  } = queue;
  const { taskRetryLimit, taskAgeLimit, minBackoffSeconds, maxBackoffSeconds, maxDoublings } =
    retryParameters;
  const {
    tombstoneTtl,
    keepFailed,
    keepResults,
    batch,
    failedQueue,
    annotations,
    shards,
    location,
    keys,
  } = extensions;
  const push: [string, string][] = [
    ["rate", rate],
    ["bucket_size", String(bucketSize)],
    ["max_concurrent_requests", String(maxConcurrentRequests)],
    ...(target === undefined ? [] : [["target", target] as [string, string]]),
  ];
  const backoff: [string, string][] = [
    ["task_age_limit", taskAgeLimit === undefined ? "none" : duration(taskAgeLimit)],
    ["min_backoff_seconds", String(minBackoffSeconds)],
    ["max_backoff_seconds", String(maxBackoffSeconds)],
    ["max_doublings", String(maxDoublings)],
  ];
  return [
    ["mode", mode],
    ...(mode === "push" ? push : []),
    ["task_retry_limit", taskRetryLimit === undefined ? "none" : String(taskRetryLimit)],
    ...(mode === "push" ? backoff : []),
    ["tombstone_ttl", duration(tombstoneTtl)],
    ["keep_failed", duration(keepFailed)],
    ...(keepResults ? [["keep_results", "true"] as [string, string]] : []),
    ...(batch
      ? [["batch", `up to ${batch.size}, waiting up to ${batch.wait} s`] as [string, string]]
      : []),
    ...(failedQueue ? [["failed_queue", failedQueue] as [string, string]] : []),
    ...(keys ? [["keys", JSON.stringify(keysEntry(keys))] as [string, string]] : []),
    ...(shards || resharding
      ? [["shards", shardsText(shards, resharding)] as [string, string]]
      : []),
    ...(limits ? [["limits", limits.map(limitText).join("; ")] as [string, string]] : []),
    ...(location ? [["location", String(location)] as [string, string]] : []),
    ...(acl.length > 0 ? [["acl", JSON.stringify(acl)] as [string, string]] : []),
    ...(annotations ? [["annotations", JSON.stringify(annotations)] as [string, string]] : []),
  ];
}

function limitText({ name, rate, bucketSize, maxConcurrentRequests, inFlight, tokens }: LimitView) {
  const parts = [
    ...(rate === undefined ? [] : [`${rate}, bucket ${bucketSize}`]),
    ...(maxConcurrentRequests === undefined ? [] : [`${maxConcurrentRequests} at once`]),
  ];
  const numbers = parts.length === 0 ? "not in queue.yaml" : parts.join(", ");
  const has = tokens === null ? `${inFlight} running` : `${inFlight} running, ${tokens} tokens`;
  return `${name} (${numbers}): ${has} here`;
}

function shardsText(shards = 1, change: QueueView["resharding"]): string {
  if (!change) return String(shards);
  const { from, to, shardsDone, moved } = change;
  return `${from} → ${to}: ${shardsDone} of ${from} done, ${moved} moved`;
}
