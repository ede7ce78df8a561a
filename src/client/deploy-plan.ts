// What a deploy of other files would change: read, and held against what runs. A part that a Worker may leave out, as
// it takes a YAML reader.
import { cronFile } from "../core/config/cron-config.ts";
import { lostTasks } from "../core/config/cron-queues.ts";
import { cronDocument } from "../core/config/cron-schema.ts";
import type { CronView } from "../core/config/cron-view.ts";
import { type CompiledFiles, filesOf, isCompiled, isOfThisFormat } from "../core/config/files.ts";
import { checkAgainst, type Finding } from "../core/config/findings.ts";
import { type DeployPlan, type PlannedFiles, planOf } from "../core/config/plan.ts";
import type { QueueConfig, QueueFile } from "../core/config/queue-config.ts";
import { queueDocument } from "../core/config/queue-file-schema.ts";
import type { PresentQueue } from "../core/config/queue-plan.ts";
import type { Shape } from "../core/config/shape.ts";
import type { QueueConfigError } from "../core/config/yaml-document.ts";
import { fromYaml } from "../core/config/yaml-files.ts";
import { errorOf, invalid, refuse } from "../core/errors.ts";
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
  plan(running: Running, given: NewFiles | CompiledFiles): Promise<DeployPlan>;
}

/** Plans of a deploy: `POST /_ah/api/plan`. */
export const plans: PlansPart = { part: "plans", plan };

/** Throws InvalidRequestError for files that are wrong; its details have each fault with file, line and column. */
async function plan(running: Running, given: NewFiles | CompiledFiles): Promise<DeployPlan> {
  const files = read(given);
  const queues = await presentQueues(running, files.queues);
  const cron = files.cron ? await running.cron() : [];
  const { file, now } = running;
  return planOf({ file, queues, cron, now }, files);
}

function read(given: NewFiles | CompiledFiles): PlannedFiles {
  return isCompiled(given) ? checked(given) : fromText(given);
}

function fromText({ queue, cron }: NewFiles): PlannedFiles {
  try {
    const files = fromYaml(queue, cron);
    return cron === undefined ? { queues: files.queues } : files;
  } catch (error) {
    throw refusalOf(error);
  }
}

// By its name: its class would bring the reader along where a build leaves that out.
function refusalOf(error: unknown): unknown {
  const { name, message, problems } = error as Partial<QueueConfigError>;
  if (name === "TypeError") {
    const expected =
      "what `npx durable-taskqueue build` writes, as this Worker has no reader of YAML";
    return errorOf(refuse("INVALID_REQUEST", `queue: found a text, expected ${expected}`).failure);
  }
  if (name !== "QueueConfigError" || !message || !problems) return error;
  const file = message.startsWith("cron.yaml:") ? "cron.yaml" : "queue.yaml";
  const details = problems.slice(0, MOST_FAULTS).map((it) => ({ file, ...it }));
  return errorOf(refuse("INVALID_REQUEST", message, details).failure);
}

/** Faults of a file that an answer has. */
const MOST_FAULTS = 1000;

// Whoever sends it may have changed it since it was checked.
function checked(files: CompiledFiles): PlannedFiles {
  const { format, queue, cron } = files;
  if (!isOfThisFormat(files)) {
    const expected = "what `npx durable-taskqueue build` of the Worker's own version writes";
    throw errorOf(invalid("format", format, expected).failure);
  }
  const queues = filesOf(
    { format, queue: valid("queue.yaml", queueDocument, queue) },
    cronFile,
  ).queues;
  if (cron === undefined) return { queues };
  const document = valid("cron.yaml", cronDocument, cron);
  throwIf("cron.yaml", lostTasks(document, queues));
  return { queues, cron: cronFile(document) };
}

function valid<T>(file: string, schema: Shape<T>, value: unknown): T {
  const found = checkAgainst(schema, value);
  if ("data" in found) return found.data;
  throwIf(file, found.findings);
  return value as T;
}

function throwIf(file: string, findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  const details = findings.slice(0, MOST_FAULTS).map(({ message }) => ({ file, message }));
  const message = details.map((it) => `${file}: ${it.message}`).join("; ");
  throw errorOf(refuse("INVALID_REQUEST", message, details).failure);
}

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
