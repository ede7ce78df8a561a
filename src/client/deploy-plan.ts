// What a deploy of other files would change: read, and held against what runs. A part that a Worker may leave out, as
// it takes a YAML reader.
import type { CronView } from "../core/config/cron-view.ts";
import { parseCronYaml } from "../core/config/cron-yaml.ts";
import { type DeployPlan, type PlannedFiles, planOf } from "../core/config/plan.ts";
import type { QueueConfig, QueueFile } from "../core/config/queue-config.ts";
import type { PresentQueue } from "../core/config/queue-plan.ts";
import { parseQueueYaml } from "../core/config/queue-yaml.ts";
import { type Problem, QueueConfigError } from "../core/config/yaml-document.ts";
import { errorOf, refuse } from "../core/errors.ts";
import type { QueueView } from "../core/metrics/queue-view.ts";
import type { QueueViews } from "./all-queues.ts";

/** The texts of both files. */
export interface NewFiles {
  queue: string;
  cron?: string | undefined;
}

/** What there is, as far as it is asked for. */
export interface Running {
  file: QueueFile;
  page: (cursor: string | undefined) => Promise<QueueViews>;
  /** The configuration of a queue that is not in the file. */
  configOf: (name: string) => Promise<QueueConfig>;
  cron: () => Promise<CronView[]>;
  /** ms since 1970 */
  now: number;
}

export interface PlansPart {
  readonly part: "plans";
  plan(running: Running, given: NewFiles): Promise<DeployPlan>;
}

/** Plans of a deploy: `POST /_ah/api/plan`. */
export const plans: PlansPart = { part: "plans", plan };

/** Throws InvalidRequestError for files that are wrong; its details have each fault with file, line and column. */
async function plan(running: Running, given: NewFiles): Promise<DeployPlan> {
  const files = read(given);
  const queues = await presentQueues(running, files.queues);
  const cron = files.cron ? await running.cron() : [];
  const { file, now } = running;
  return planOf({ file, queues, cron, now }, files);
}

function read({ queue, cron }: NewFiles): PlannedFiles {
  const queues = readFile("queue.yaml", () => parseQueueYaml(queue));
  if (cron === undefined) return { queues };
  return { queues, cron: readFile("cron.yaml", () => parseCronYaml(cron, queues)) };
}

function readFile<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof QueueConfigError)) throw error;
    const details = error.problems.slice(0, MOST_FAULTS).map((it: Problem) => ({ file, ...it }));
    throw errorOf(refuse("INVALID_REQUEST", error.message, details).failure);
  }
}

/** Faults of a file that an answer has. */
const MOST_FAULTS = 1000;

async function presentQueues(running: Running, next: QueueFile): Promise<PresentQueue[]> {
  const present: PresentQueue[] = [];
  let cursor: string | undefined;
  do {
    const { views, cursor: behind } = await running.page(cursor);
    const parsed = views.map((view) => JSON.parse(view) as QueueView);
    present.push(...(await Promise.all(parsed.map((view) => presentQueue(running, view, next)))));
    cursor = behind;
  } while (cursor !== undefined);
  return present;
}

async function presentQueue(
  { file, configOf }: Running,
  view: QueueView,
  next: QueueFile,
): Promise<PresentQueue> {
  const { name, state } = view;
  const inFile = file.queues.get(name);
  // Of a queue that neither file has nothing is compared.
  const config =
    inFile ?? (next.queues.has(name) ? await configOf(name) : ({ name } as QueueConfig));
  const origin = inFile ? "file" : state === "disabled" ? "nowhere" : "api";
  const isPaused = state === "paused" && !(config.mode === "push" && config.rate === 0);
  return { config, origin, isPaused, backlog: backlogOf(view) };
}

function backlogOf({ statistics }: QueueView) {
  const { tasks, states, runTime } = statistics;
  const waiting = (states.scheduled ?? 0) + states.waiting;
  const due = states.due === null ? tasks - waiting : states.due + states.running;
  return { tasks, due: Math.max(0, due), runTime: runTime.lastHour.p50 };
}
