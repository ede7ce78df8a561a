// What a queue.yaml without a fault says that will not work as its author may expect. Nothing is refused for it.
import { BUSY_LATE_MS, CARRIED, carriedShare, carryingCapacity } from "../dispatch/carried.ts";
import { type Finding, finding } from "./findings.ts";
import { queueFile } from "./queue-config.ts";
import type { QueueDocument } from "./queue-file-schema.ts";
import { readQueueYaml } from "./queue-yaml.ts";
import { readYaml } from "./yaml-document.ts";

/** The warnings about a queue.yaml, each a line; throws a QueueConfigError where the file is not good. */
export function queueWarnings(text: string, file = "queue.yaml"): string[] {
  const document = readQueueYaml(text, file);
  const { place } = readYaml(text, file);
  return [...smallBuckets(document), ...smallLimits(document), ...smallBatches(document)]
    .map(place)
    .map(({ line, column, message }) => `${file}:${line}:${column}: warning: ${message}`);
}

// Each of several objects that are busy holds a part of the limit's bucket, as shards do.
function smallLimits(document: QueueDocument): Finding[] {
  const { queues, limits = new Map() } = queueFile(document);
  return [...limits.values()].flatMap(({ name, rate, rateText, bucketSize: capacity }) => {
    const users = [...queues.values()].filter((queue) => queue.limits?.includes(name));
    const holders = users.reduce((sum, { shards = 1 }) => sum + shards, 0);
    const share = carriedShare({ capacity, rate }, Math.max(1, holders));
    if (share >= CARRIED) return [];
    const path = ["extensions", "limits", name];
    const isOwn = document.extensions?.limits?.[name]?.bucket_size !== undefined;
    const by = holders > 1 ? ` over ${holders} objects of queues` : "";
    const found = `found ${capacity}${isOwn ? "" : ", the default"}`;
    const message = `${found}, which carries about ${Math.floor(share * 100)} % of ${rateText}${by} where alarms come ${BUSY_LATE_MS} ms late, expected at least ${carryingCapacity(rate, Math.max(1, holders))}`;
    return [finding(document, [...path, "bucket_size"], message)];
  });
}

function smallBuckets(document: QueueDocument): Finding[] {
  const { queues } = queueFile(document);
  return (document.queue ?? []).flatMap((entry, index) => {
    const config = queues.get(entry.name);
    if (!config) return [];
    const { rate, bucketSize: capacity, shards = 1 } = config;
    const share = carriedShare({ capacity, rate }, shards);
    if (share >= CARRIED) return [];
    const isOwn = entry.extensions !== undefined && "bucket_size" in entry.extensions;
    const found = `found ${capacity}${isOwn || entry.bucket_size ? "" : ", the default"}`;
    const carries = `carries about ${Math.floor(share * 100)} % of ${config.rateText}${shards > 1 ? ` over ${shards} shards` : ""}`;
    const message = `${found}, which ${carries} where alarms come ${BUSY_LATE_MS} ms late, expected at least ${carryingCapacity(rate, shards)}`;
    const path = ["queue", index, ...(isOwn ? ["extensions"] : []), "bucket_size"];
    return [finding(document, path, message)];
  });
}

/** Each task of a batch takes a token, so that no batch has more than the bucket holds. */
function smallBatches(document: QueueDocument): Finding[] {
  const { queues } = queueFile(document);
  return (document.queue ?? []).flatMap((entry, index) => {
    const { batch, bucketSize, rate, shards = 1 } = queues.get(entry.name) ?? {};
    const most = Math.floor((bucketSize ?? 0) / shards);
    if (!batch || rate === undefined || !Number.isFinite(rate) || rate === 0 || batch.size <= most)
      return [];
    const holds = shards > 1 ? `a shard's part of bucket_size holds` : "bucket_size is";
    const message = `found ${batch.size}, but ${holds} ${most}, expected no more than that: each task takes a token`;
    return [finding(document, ["queue", index, "extensions", "batch", "size"], message)];
  });
}
