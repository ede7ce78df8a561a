// What a deploy would change of one queue, and what that does to the tasks on it.
import { type SettingChange, settingChanges } from "./config-changes.ts";
import { drainSeconds } from "./drain-time.ts";
import type { QueueConfig, QueueFile } from "./queue-config.ts";

/** A queue as it is now. */
export interface PresentQueue {
  config: QueueConfig;
  /** Where it is defined: in queue.yaml, over the API, or nowhere any more. */
  origin: "file" | "api" | "nowhere";
  /** Paused by hand. */
  isPaused: boolean;
  backlog: Backlog;
}

/** What is on a queue. */
export interface Backlog {
  tasks: number;
  /** Of them, those whose time has come. */
  due: number;
  /** Seconds that an attempt takes; null where none was seen lately. */
  runTime: number | null;
}

export interface QueuePlan {
  name: string;
  /** `taken`: made over the API, the file's from then on. `returns`: it was taken out of the file before. */
  change: "new" | "changed" | "removed" | "taken" | "returns";
  changes: SettingChange[];
  /** Absent for a new queue. */
  backlog?: {
    tasks: number;
    due: number;
    /** Seconds until what is due is done, if nothing comes; null where it never is, or of a pull queue. */
    drainSeconds: { before: number | null; after: number | null };
  };
  effects: Effect[];
}

/** What a change does beside itself. */
export interface Effect {
  kind: EffectKind;
  /** Whether tasks on the queue would not be run as they would be without the deploy. */
  lost: boolean;
  /** How many tasks it is about, at most. */
  tasks: number;
  message: string;
}

export type EffectKind =
  | "stops"
  | "mode"
  | "givesUpEarlier"
  | "deadLettersStay"
  | "reshards"
  | "resumes"
  | "starts";

/** The files between which the queue changes. */
export interface Around {
  before: QueueFile;
  after: QueueFile;
}

/** Undefined where nothing changes. */
export function queuePlan(
  present: PresentQueue | undefined,
  after: QueueConfig | undefined,
  around: Around,
): QueuePlan | undefined {
  if (!present) return after && { name: after.name, change: "new", changes: [], effects: [] };
  const { config: before, origin, backlog } = present;
  const changes = after ? settingChanges(before, after) : [];
  const change = changeOf(origin, after);
  if (change === "changed" && changes.length === 0) return undefined;
  return {
    ...{ name: before.name, change, changes },
    backlog: {
      ...{ tasks: backlog.tasks, due: backlog.due },
      drainSeconds: {
        before: origin === "nowhere" ? null : drainSeconds(before, around.before, backlog),
        after: after ? drainSeconds(after, around.after, backlog) : null,
      },
    },
    effects: effectsOf(present, after, around.after.resumePausedQueues),
  };
}

function changeOf(origin: PresentQueue["origin"], after: QueueConfig | undefined) {
  if (!after) return "removed";
  if (origin === "api") return "taken";
  return origin === "nowhere" ? "returns" : "changed";
}

function effectsOf(
  present: PresentQueue,
  after: QueueConfig | undefined,
  resumes: boolean,
): Effect[] {
  const { config: before, origin, isPaused, backlog } = present;
  const { tasks } = backlog;
  const effect = (kind: EffectKind, message: string, mayLose = false): Effect => {
    return { kind, lost: mayLose && tasks > 0, tasks, message };
  };
  if (!after) return [effect("stops", `the queue stops; ${kept(tasks)}`, true)];
  if (before.mode !== after.mode) return [effect("mode", modeMessage(after, tasks), true)];
  const stops = before.rate > 0 && after.rate === 0 && after.mode === "push";
  const starts = origin === "nowhere" || (before.rate === 0 && after.rate > 0);
  return [
    ...(stops ? [effect("stops", `rate 0 starts nothing; ${kept(tasks)}`, true)] : []),
    ...(starts ? [effect("starts", `the queue starts tasks again: ${counted(tasks)}`)] : []),
    ...givesUpEarlier(before, after).map((key) => effect("givesUpEarlier", key, true)),
    ...deadLetters(before, after).map((message) => effect("deadLettersStay", message, true)),
    ...shards(before, after, tasks).map((message) => effect("reshards", message)),
    ...(isPaused && resumes ? [effect("resumes", "paused by hand, the deploy resumes it")] : []),
  ];
}

function kept(tasks: number): string {
  if (tasks === 1) return "1 task stays on it and waits";
  return tasks === 0 ? "there are no tasks on it" : `${counted(tasks)} stay on it and wait`;
}

function modeMessage({ mode }: QueueConfig, tasks: number): string {
  const what = mode === "pull" ? "are leased by workers, not sent" : "are sent, not leased";
  return `its tasks ${what} from then on: ${counted(tasks)}`;
}

/** In words, for each limit of retries that is reached earlier. */
function givesUpEarlier(before: QueueConfig, after: QueueConfig): string[] {
  const said = (key: string, old = Number.POSITIVE_INFINITY, fresh = Number.POSITIVE_INFINITY) =>
    fresh < old
      ? [
          `${key} is lower: tasks that fail, and bring no retry limits of their own, give up earlier`,
        ]
      : [];
  return [
    ...said("task_retry_limit", before.retry.limit, after.retry.limit),
    ...said("task_age_limit", before.retry.ageLimit, after.retry.ageLimit),
  ];
}

function deadLetters({ failedQueue: old }: QueueConfig, after: QueueConfig): string[] {
  if (old === undefined || after.failedQueue !== undefined) return [];
  return [`failed tasks stay failed here, and do not go to "${old}"`];
}

function shards({ shards: old = 1 }: QueueConfig, after: QueueConfig, tasks: number): string[] {
  const { shards: fresh = 1 } = after;
  if (old === fresh) return [];
  return [`from ${old} to ${fresh} shards: ${counted(tasks)} and the names taken are moved`];
}

function counted(tasks: number): string {
  return tasks === 1 ? "1 task" : `${tasks} tasks`;
}
