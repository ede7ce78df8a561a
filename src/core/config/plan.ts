// What a deploy of other files would change, before it is made: of each queue its keys, and what becomes of the tasks
// that are on it. Pure: what there is now comes as arguments.
import type { SharedLimit } from "../sharding/limit.ts";
import { type SettingChange, settingChange } from "./config-changes.ts";
import type { CronFile } from "./cron-config.ts";
import { type CronPlan, cronPlans } from "./cron-plan.ts";
import type { CronView } from "./cron-view.ts";
import type { QueueConfig, QueueFile } from "./queue-config.ts";
import { type PresentQueue, type QueuePlan, queuePlan } from "./queue-plan.ts";

/** What a deploy would change. */
export interface DeployPlan {
  /** Whether a task, or one to come by cron.yaml, would not be run as it would be without the deploy. */
  lost: boolean;
  /** Keys at the top of queue.yaml. */
  file: SettingChange[];
  limits: LimitPlan[];
  /** Those that would change, in the order of their names. */
  queues: QueuePlan[];
  /** How many queues of the file stay as they are. */
  unchanged: number;
  /** How many queues the file has no say in: made over the API, or taken out of it before. */
  untouched: number;
  /** Absent where no cron.yaml was given. */
  cron?: CronPlan[];
}

/** A limit that queues share. */
export interface LimitPlan {
  name: string;
  change: "new" | "changed" | "removed";
  changes: SettingChange[];
}

/** What runs now. */
export interface Present {
  file: QueueFile;
  queues: readonly PresentQueue[];
  cron: readonly CronView[];
  /** ms since 1970 */
  now: number;
}

/** What would be deployed. */
export interface PlannedFiles {
  queues: QueueFile;
  cron?: CronFile | undefined;
}

export function planOf(present: Present, files: PlannedFiles): DeployPlan {
  const { limits, names, plans } = queuePlans(present, files.queues);
  const queues = plans.filter((it) => it !== undefined);
  const cron = files.cron && cronPlans(present.cron, files.cron, present.now);
  const effects = [...queues.flatMap((it) => it.effects), ...(cron ?? [])];
  return {
    lost: effects.some(({ lost }) => lost),
    file: fileChanges(present.file, files.queues),
    ...{ limits, queues },
    unchanged: plans.length - queues.length,
    untouched: present.queues.filter(({ config }) => !names.has(config.name)).length,
    ...(cron && { cron }),
  };
}

function queuePlans(present: Present, next: QueueFile) {
  const there = new Map(present.queues.map((queue) => [queue.config.name, queue]));
  const names = new Set([...present.file.queues.keys(), ...next.queues.keys()]);
  const around = { before: present.file, after: next };
  const plans = [...names].sort().map((name) => {
    const before = there.get(name) ?? idle(present.file.queues.get(name));
    return queuePlan(before, next.queues.get(name), around);
  });
  return { names, plans, limits: limitPlans(present.file, next) };
}

// A queue of the file that nobody has used yet may be in no list.
function idle(config: QueueConfig | undefined): PresentQueue | undefined {
  const backlog = { tasks: 0, due: 0, runTime: null };
  return config && { config, origin: "file", isPaused: false, backlog };
}

function fileChanges(before: QueueFile, after: QueueFile): SettingChange[] {
  return [
    ...settingChange("application", before.application, after.application),
    ...settingChange("total_storage_limit", before.totalStorageLimit, after.totalStorageLimit),
    ...settingChange("resume_paused_queues", before.resumePausedQueues, after.resumePausedQueues),
  ];
}

function limitPlans({ limits: before }: QueueFile, { limits: after }: QueueFile): LimitPlan[] {
  const names = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])].sort();
  return names.flatMap((name) => {
    const [old, fresh] = [before?.get(name), after?.get(name)];
    const changes = limitChanges(old, fresh);
    if (changes.length === 0) return [];
    return { name, change: old ? (fresh ? "changed" : "removed") : "new", changes };
  });
}

function limitChanges(before?: SharedLimit, after?: SharedLimit): SettingChange[] {
  const most = (limit?: SharedLimit) => {
    const slots = limit?.maxConcurrentRequests ?? Number.POSITIVE_INFINITY;
    return Number.isFinite(slots) ? slots : undefined;
  };
  return [
    ...settingChange("rate", before?.rateText, after?.rateText),
    ...settingChange("bucket_size", before?.bucketSize, after?.bucketSize),
    ...settingChange("max_concurrent_requests", most(before), most(after)),
  ];
}
