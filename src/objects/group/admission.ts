// The tasks of a group: each is checked as its own queue would check it, before any of them is accepted.

import type { HostRules } from "../../core/egress/host-rules.ts";
import { type Answer, type Failure, refuse } from "../../core/errors.ts";
import { splitQueue } from "../../core/task/group.ts";
import { acceptTask } from "../../core/task/new-task.ts";

/** What the check needs of the world. */
export interface QueueModes {
  hosts: HostRules;
  /** Whether there are keys to sign identity tokens with. */
  hasIdentity: boolean;
  /** ms since 1970 */
  now: () => number;
  /** Whether the queue is a push or a pull queue; undefined when there is none of this name. */
  modeOf: (queue: string) => Promise<"push" | "pull" | undefined>;
}

/** A task its queue would accept; `size` in characters, about. */
export interface CheckedTask {
  queue: string;
  task: object;
  size: number;
}

const MAX_CALL_BYTES = 30 * 1024 * 1024;

/** All of the tasks, or the refusal of every one that is wrong. */
export async function checkTasks(
  given: readonly unknown[],
  field: "tasks" | "then",
  { hosts, hasIdentity, now, modeOf }: QueueModes,
): Promise<Answer<CheckedTask[]>> {
  const split = given.map((task, i) => splitQueue(field === "then" ? field : `tasks[${i}]`, task));
  const queues = new Set(split.flatMap(({ ok }) => ok?.queue ?? []));
  const modes = new Map<string, "push" | "pull">();
  for (const queue of queues) {
    const mode = await modeOf(queue);
    if (!mode) return refuse("UNKNOWN_QUEUE", `${field}: there is no queue "${queue}"`);
    modes.set(queue, mode);
  }
  const names = new Set<string>();
  const check = ({ queue, task }: { queue: string; task: Record<string, unknown> }) => {
    const mode = modes.get(queue) as "push" | "pull";
    const admission = { queue: { name: queue, mode }, now: now(), hosts, hasIdentity };
    const accepted = acceptTask(task, admission);
    if (accepted.failure) return accepted;
    const { name, body } = accepted.ok;
    const id = name && `${queue} ${name}`;
    if (id && names.has(id)) {
      return refuse(
        "DUPLICATE_TASK_NAME",
        `name: found "${name}" twice on "${queue}", expected once`,
      );
    }
    if (id) names.add(id);
    return { ok: { queue, task, size: 200 + (body?.length ?? 0) } };
  };
  return together(
    split.map(({ ok, failure }) => (ok ? check(ok) : { failure })),
    field,
  );
}

function together(
  answers: readonly (
    | { ok: CheckedTask; failure?: undefined }
    | { failure: Failure; ok?: undefined }
  )[],
  field: "tasks" | "then",
): Answer<CheckedTask[]> {
  const bad = answers.flatMap(({ failure }, index) => (failure ? [{ index, ...failure }] : []));
  const [first] = bad;
  if (first) {
    const where = first.message.startsWith(field)
      ? ""
      : field === "then"
        ? "then: "
        : `tasks[${first.index}]: `;
    const others = bad.length > 1 ? ` (and ${bad.length - 1} more)` : "";
    return refuse(first.code, `${where}${first.message}${others}; nothing was added`, bad);
  }
  const checked = answers.map(({ ok }) => ok as CheckedTask);
  const bytes = checked.reduce((sum, { size }) => sum + size, 0);
  if (bytes <= MAX_CALL_BYTES) return { ok: checked };
  return refuse(
    "TASK_TOO_LARGE",
    `tasks: found ${bytes} bytes, expected at most ${MAX_CALL_BYTES} in one call`,
  );
}
