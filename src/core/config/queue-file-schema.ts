// The schema of queue.yaml. Validation and the JSON Schema for editors are both generated from it.

import * as z from "zod";
import { application, hasKeys, jsonSchema, missingKey } from "./common-schemas.ts";
import { type QueueEntry, queueEntry } from "./queue-entry-schema.ts";
import { bytes, SIZE } from "./units.ts";
import { mapping, text, whole } from "./value-schemas.ts";

const SIZE_FORM = "bytes, or a number with B, K, M, G or T such as 120M, up to 1000T";
const MAX_STORAGE = 1000 * 1024 ** 4;

/** The whole file. */
export const queueDocument = mapping({
  application,
  queue: z
    .array(queueEntry, { error: "a list of queues" })
    .superRefine(refuseSameNames, { when: ({ value }) => Array.isArray(value) })
    .superRefine(refuseLostFailures, { when: ({ value }) => Array.isArray(value) })
    .describe("The queues. One named default, 5/s, exists even when it is not listed.")
    .optional(),
  total_storage_limit: z
    .union([text(SIZE, SIZE_FORM, (it) => bytes(it) <= MAX_STORAGE), whole(0, MAX_STORAGE)], {
      error: SIZE_FORM,
    })
    .describe("Most the tasks of all queues may weigh: 120M, 1.5G. Default: no limit.")
    .optional(),
  resume_paused_queues: z
    .boolean({ error: "true or false" })
    .describe("Whether a deployment resumes queues paused by hand. Default true.")
    .optional(),
})
  .refine(hasKeys, missingKey("queue"))
  .meta({ title: "queue.yaml", description: "The task queues of an application." });
export type QueueDocument = z.output<typeof queueDocument>;

/** The JSON Schema of a queue.yaml, in draft 7, the one all editors know. */
export function queueJsonSchema(): object {
  return jsonSchema(queueDocument);
}

// Called on faulty entries too, so that all faults are reported.
function refuseSameNames(entries: readonly QueueEntry[], context: z.RefinementCtx): void {
  const names = entries.map((entry) => entry?.name);
  for (const [index, name] of names.entries()) {
    if (name !== undefined && names.indexOf(name) < index) {
      context.addIssue({
        code: "custom",
        path: [index, "name"],
        message: "a name no other queue has",
      });
    }
  }
}

// The dead-letter queue has to be another push queue of the file.
function refuseLostFailures(entries: readonly QueueEntry[], context: z.RefinementCtx): void {
  const push = entries.filter((entry) => entry?.mode !== "pull").map((entry) => entry?.name);
  for (const [index, entry] of entries.entries()) {
    const failedQueue = entry?.extensions?.failed_queue;
    if (typeof failedQueue !== "string") continue;
    if (failedQueue !== entry.name && push.includes(failedQueue)) continue;
    context.addIssue({
      code: "custom",
      path: [index, "extensions", "failed_queue"],
      message: "another push queue of this file",
    });
  }
}
