// The tasks of a group: each is checked as its own queue would check it, before any of them is accepted.

import { checkQueueName } from "../../core/config/names.ts";
import type { HostRules } from "../../core/egress/host-rules.ts";
import { type Answer, refuse } from "../../core/errors.ts";
import {
  checkBatchSize,
  partitionAnswers,
  refuseBatch,
  refuseDuplicate,
  type TaskFailure,
} from "../../core/task/batch.ts";
import { splitQueue } from "../../core/task/group.ts";
import { type Admission, acceptTask } from "../../core/task/new-task.ts";

/** What the check needs of the world. */
export interface QueueModes {
  hosts: HostRules;
  /** Whether there are keys to sign identity tokens with. */
  hasIdentity: boolean;
  /** ms since 1970 */
  now: () => number;
  /** What is known of the queue of this name; undefined when there is none. */
  queueOf: (name: string) => Promise<KnownQueue | undefined>;
}

/** A queue, as far as its tasks are checked against it. */
export type KnownQueue = Admission["queue"];

/** A task its queue would accept; `size` in characters, about. */
export interface CheckedTask {
  queue: string;
  task: object;
  size: number;
}

/** All of the tasks, or the refusal of every one that is wrong. */
export async function checkTasks(
  given: readonly unknown[],
  field: "tasks" | "then",
  { hosts, hasIdentity, now, queueOf }: QueueModes,
): Promise<Answer<CheckedTask[]>> {
  const split = given.map((task, i) => splitQueue(field === "then" ? field : `tasks[${i}]`, task));
  const queues = new Set(split.flatMap(({ ok }) => ok?.queue ?? []));
  const known = new Map<string, KnownQueue>();
  for (const queue of queues) {
    const refusal = checkQueueName(queue, field === "then" ? "then.queue" : "tasks: queue");
    if (refusal) return refusal;
    const found = await queueOf(queue);
    if (!found) return refuse("UNKNOWN_QUEUE", `${field}: there is no queue "${queue}"`);
    known.set(queue, found);
  }
  const names = new Set<string>();
  const check = ({ queue, task }: { queue: string; task: Record<string, unknown> }) => {
    const admission = {
      queue: known.get(queue) as KnownQueue,
      now: now(),
      hosts,
      hasIdentity,
      isOfGroup: true,
    };
    const accepted = acceptTask(task, admission);
    if (accepted.failure) return accepted;
    const { name, body } = accepted.ok;
    const id = name && `${queue} ${name}`;
    if (id && names.has(id)) {
      return refuseDuplicate(name as string, `on "${queue}"`);
    }
    if (id) names.add(id);
    return { ok: { queue, task, size: 200 + (body?.length ?? 0) } };
  };
  const { accepted, bad } = partitionAnswers<CheckedTask>(
    split.map(({ ok, failure }) => (ok ? check(ok) : { failure })),
  );
  if (bad.length > 0) return refuseBatch(bad, (first) => prefixOf(first, field));
  const size = accepted.reduce((sum, task) => sum + task.size, 0);
  return checkBatchSize(size, "bytes") ?? { ok: accepted };
}

// A message about the form of the entry itself names the entry already.
function prefixOf({ index, message }: TaskFailure, field: "tasks" | "then"): string {
  if (message.startsWith(field)) return "";
  return field === "then" ? "then: " : `tasks[${index}]: `;
}
