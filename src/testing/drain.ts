// Until nothing is left to do: which tasks and groups still are, and why they do not come to their end.
import type { QueueView } from "../core/metrics/queue-view.ts";
import type { GroupProgress } from "../core/task/group.ts";
import type { Task } from "../core/task/task.ts";
import type { Callee } from "../objects/stand-in.ts";

/** Something that has not come to its end. */
export interface Left {
  /** The id of the object it is in. */
  object: string;
  /** Whether it comes to its end by what other objects do: a group by its subtasks, a master by its group. */
  needsOthers: boolean;
  /** Whether it is tasks that wait for somebody to lease them. */
  isPull?: boolean;
  /** What it is, and why it is not at its end. */
  text: () => Promise<string>;
}

export interface DrainOptions {
  /** Attempts that one task may have. Default 50. */
  limit?: number;
}

/** Tasks of a queue that an error names. */
const NAMED = 5;

export function queueLeft(
  object: string,
  view: QueueView,
  list: () => Promise<readonly Task[]>,
): Left[] {
  if (view.statistics.tasks === 0) return [];
  const needsOthers = view.statistics.states.waiting > 0 || view.extensions.shards !== undefined;
  const text = async () => textOf(view, await list());
  return [{ object, needsOthers, isPull: view.mode === "pull", text }];
}

function textOf({ name, mode, state, rate, statistics }: QueueView, tasks: readonly Task[]) {
  const pull = mode === "pull" ? ", and a pull queue's tasks wait for somebody to lease them" : "";
  const stopped = state === "running" ? (rate === "0" ? ", and its rate is 0" : "") : `, ${state}`;
  const more = statistics.tasks > NAMED ? "\n  ..." : "";
  const lines = tasks.slice(0, NAMED).map((task) => `\n  ${lineOf(task)}`);
  return `queue "${name}" has ${statistics.tasks} left${stopped}${pull}:${lines.join("")}${more}`;
}

function lineOf({ name, state, why, retryCount, lastAttempt }: Task): string {
  const { status, error } = lastAttempt ?? {};
  const last = lastAttempt
    ? `, the last attempt: ${[status, error].filter(Boolean).join(" ")}`
    : "";
  return `task "${name}" is ${state}: ${why ?? "nothing is known"} (${retryCount} retries${last})`;
}

export function groupLeft(object: string, progress: GroupProgress | undefined): Left[] {
  if (progress?.state !== "running" || progress.open) return [];
  const { name, total, done, failed, deleted } = progress;
  const ended = done + failed + deleted;
  const text = async () => `group "${name}": ${ended} of ${total} subtasks have ended`;
  return [{ object, needsOthers: true, text }];
}

/** An object without tasks of its own that has something to tell another. */
export function messageLeft(object: string, { className, name }: Callee): Left {
  const text = async () => `${className} "${name}" has something to tell another`;
  return { object, needsOthers: false, text };
}

/** The error of a drain that does not come to its end. */
export async function notDrained(why: string, left: readonly Left[]): Promise<Error> {
  const texts = await Promise.all(left.map(({ text }) => text()));
  return new Error(`drain: ${why}\n${texts.join("\n")}`);
}
