// The schema of queue.yaml. Validation and the JSON Schema for editors are both generated from it.

import * as z from "zod/mini";
import { application, hasKeys, isList, jsonSchema, missingKey } from "./common-schemas.ts";
import { badChain } from "./dead-letter-chain.ts";
import { QUEUE_NAME } from "./names.ts";
import { type QueueEntry, queueEntry } from "./queue-entry-schema.ts";
import { bytes, SIZE } from "./units.ts";
import { key, mapping, text, whole } from "./value-schemas.ts";

const SIZE_FORM = "bytes, or a number with B, K, M, G or T such as 120M, up to 1000T";
const MAX_STORAGE = 1000 * 1024 ** 4;

/** The whole file. */
export const queueDocument = mapping(
  {
    application,
    queue: key(
      z
        .array(queueEntry, { error: "a list of queues" })
        .check(
          z.superRefine(refuseSameNames, { when: isList }),
          z.superRefine(refuseLostFailures, { when: isList }),
        ),
      "The queues. One named default, 5/s, exists even when it is not listed.",
    ),
    total_storage_limit: key(
      z.union([text(SIZE, SIZE_FORM, (it) => bytes(it) <= MAX_STORAGE), whole(0, MAX_STORAGE)], {
        error: SIZE_FORM,
      }),
      "Most the tasks of all queues may weigh: 120M, 1.5G. Default: no limit.",
    ),
    resume_paused_queues: key(
      z.boolean({ error: "true or false" }),
      "Whether a deployment resumes queues paused by hand. Default true.",
    ),
  },
  "a mapping, such as queue: [{ name: mail, rate: 5/s }]",
).check(
  z.refine(hasKeys, missingKey("queue")),
  z.meta({ title: "queue.yaml", description: "The task queues of an application." }),
);
export type QueueDocument = z.output<typeof queueDocument>;

/** The JSON Schema of a queue.yaml, in draft 7, the one all editors know. */
export function queueJsonSchema(): object {
  return jsonSchema(queueDocument);
}

// Called on faulty entries too, so that all faults are reported.
function refuseSameNames(entries: readonly QueueEntry[], context: z.core.$RefinementCtx): void {
  const names = new Set<unknown>();
  for (const [index, entry] of entries.entries()) {
    const name = entry?.name;
    if (name !== undefined && names.has(name)) {
      context.addIssue({
        code: "custom",
        path: [index, "name"],
        message: "a name no other queue has",
      });
    }
    names.add(name);
  }
}

// The dead-letter queue has to be another push queue of the file, and not to lead back.
function refuseLostFailures(entries: readonly QueueEntry[], context: z.core.$RefinementCtx): void {
  const push = new Set(
    entries.filter((entry) => entry?.mode !== "pull").map((entry) => entry?.name),
  );
  // It is there though it is not listed.
  if (!entries.some((entry) => entry?.name === "default")) push.add("default");
  const hops = new Map<string, string>();
  const refuse = (index: number, message: string) =>
    context.addIssue({ code: "custom", path: [index, "extensions", "failed_queue"], message });
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
}
