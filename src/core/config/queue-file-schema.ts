// The schema of queue.yaml. Validation and the JSON Schema for editors are both generated from it.

import { knownAlertQueues } from "./alert-schema.ts";
import { application, hasKey, jsonSchema } from "./common-schemas.ts";
import { badChain } from "./dead-letter-chain.ts";
import { knownLimits, limits } from "./limit-schema.ts";
import { QUEUE_NAME } from "./names.ts";
import { type QueueEntry, queueEntry } from "./queue-entry-schema.ts";
import { boolean, either, type Issue, list, noted, ruled, type TypeOf } from "./shape.ts";
import { bytes, SIZE } from "./units.ts";
import { key, mapping, text, whole } from "./value-schemas.ts";

const SIZE_FORM = "bytes, or a number with B, K, M, G or T such as 120M, up to 1000T";
const MAX_STORAGE = 1000 * 1024 ** 4;

/** The whole file. */
export const queueDocument = noted(
  ruled(
    ruled(
      mapping(
        {
          application,
          queue: key(
            ruled(
              ruled(ruled(list(queueEntry, "a list of queues"), sameNames), lostFailures),
              knownAlertQueues,
            ),
            "The queues. One named default, 5/s, exists even when it is not listed.",
          ),
          total_storage_limit: key(
            either(
              text(SIZE, SIZE_FORM, (it) => bytes(it) <= MAX_STORAGE),
              whole(0, MAX_STORAGE),
              SIZE_FORM,
            ),
            "Most the tasks of all queues may weigh: 120M, 1.5G. Default: no limit.",
          ),
          resume_paused_queues: key(
            boolean("true or false"),
            "Whether a deployment resumes queues paused by hand. Default true.",
          ),
          extensions: key(
            mapping({ limits: key(limits, "Limits that queues share, by their names.") }),
            "What App Engine does not have.",
          ),
        },
        "a mapping, such as queue: [{ name: mail, rate: 5/s }]",
      ),
      knownLimits,
    ),
    hasKey("queue"),
  ),
  { title: "queue.yaml", description: "The task queues of an application." },
);
export type QueueDocument = TypeOf<typeof queueDocument>;

/** The JSON Schema of a queue.yaml, in draft 7, the one all editors know. */
export function queueJsonSchema(): object {
  return jsonSchema(queueDocument);
}

// Called on faulty entries too, so that all faults are reported.
function sameNames(entries: readonly QueueEntry[]): Issue[] {
  const names = new Set<unknown>();
  const issues: Issue[] = [];
  for (const [index, entry] of entries.entries()) {
    const name = entry?.name;
    if (name !== undefined && names.has(name)) {
      issues.push({ path: [index, "name"], message: "a name no other queue has" });
    }
    names.add(name);
  }
  return issues;
}

// The dead-letter queue has to be another push queue of the file, and not to lead back.
function lostFailures(entries: readonly QueueEntry[]): Issue[] {
  const issues: Issue[] = [];
  const push = new Set(
    entries.filter((entry) => entry?.mode !== "pull").map((entry) => entry?.name),
  );
  // It is there though it is not listed.
  if (!entries.some((entry) => entry?.name === "default")) push.add("default");
  const hops = new Map<string, string>();
  const refuse = (index: number, message: string) =>
    issues.push({ path: [index, "extensions", "failed_queue"], message });
  for (const [index, entry] of entries.entries()) {
    const failedQueue = entry?.extensions?.failed_queue;
    if (typeof failedQueue !== "string" || !QUEUE_NAME.test(failedQueue)) continue;
    const isThere = failedQueue !== entry.name && push.has(failedQueue);
    if (isThere) hops.set(entry.name, failedQueue);
    else refuse(index, "another push queue of this file");
  }
  const bad = badChain(hops);
  if (bad)
    refuse(
      entries.findIndex((entry) => entry?.name === bad.queue),
      bad.expected,
    );
  return issues;
}
