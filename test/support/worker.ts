// The Worker under test: the library as a user has it, with a clock that tests move and handlers that
// tests set.
import { WorkerEntrypoint } from "cloudflare:workers";
import type { CronFile } from "../../src/core/config/cron-config.ts";
import type { QueueFile } from "../../src/core/config/queue-config.ts";
import { parseQueueEntry } from "../../src/core/config/queue-entry.ts";
import { parseQueueYaml } from "../../src/core/config/queue-yaml.ts";
import { createTaskQueues } from "../../src/index.ts";
import { TaskCronObject } from "../../src/objects/cron/task-cron.ts";
import { counting } from "../../src/objects/directory/counting.ts";
import { TaskDirectoryObject } from "../../src/objects/directory/task-directory.ts";
import { watching } from "../../src/objects/directory/watching.ts";
import { GroupCopy } from "../../src/objects/group/copy.ts";
import { TaskGroupObject } from "../../src/objects/group/task-group.ts";
import { Backup } from "../../src/objects/queue/backup.ts";
import { Followers } from "../../src/objects/queue/context/followers.ts";
import { Batches } from "../../src/objects/queue/dispatch/batches.ts";
import { Search } from "../../src/objects/queue/inspect/search.ts";
import { ManyObjects } from "../../src/objects/queue/many-objects.ts";
import type { QueueParts } from "../../src/objects/queue/queue.ts";
import { alerts } from "../../src/objects/queue/queue-alerts.ts";
import { Redrives } from "../../src/objects/queue/redrives.ts";
import { rules } from "../../src/objects/queue/ruled-adds.ts";
import { SharedLimits } from "../../src/objects/queue/shared-limits.ts";
import { TaskKeys } from "../../src/objects/queue/task-keys.ts";
import { TaskQueueObject } from "../../src/objects/queue/task-queue.ts";
import type { Tracing } from "../../src/objects/tracing/tracing.ts";
import queueYaml from "./queue.yaml";
import { withShards } from "./shards.ts";
import "./quiet-log.ts";
import "./stage.ts";

export type TestHandler = (request: Request) => Response | Promise<Response>;

/** Handlers by path, those of the backend by `backend <path>`; without one a task is answered 200. Cleared by `freshStart`. */
export const handlers = new Map<string, TestHandler>();
/** A request as a handler got it; the body is read where it may be, in the handler's own context. */
export interface Received {
  method: string;
  url: URL;
  headers: Headers;
  body: string;
}

/** Every request a handler got, in order. */
export const received: Received[] = [];
export const backendReceived: Received[] = [];

async function record(request: Request, log: Received[]): Promise<void> {
  const { method, url, headers } = request;
  const body = new TextDecoder().decode(await (request.clone() as Request).arrayBuffer());
  log.push({ method, url: new URL(url), headers: new Headers(headers), body });
}

/** The last attempt of each task that a test holds, by the task's name: whether it still waits for its status. */
const heldAttempts = new Map<string, () => boolean>();

/** How many attempts wait for a test's answer; undefined while no test holds any. Cleared by `freshStart`. */
export function unanswered(): number | undefined {
  if (heldAttempts.size === 0) return undefined;
  return [...heldAttempts.values()].filter((waits) => waits()).length;
}

export function forgetHeld(): void {
  heldAttempts.clear();
}

/**
 * Makes the path's attempts wait until they get their status: the i-th to arrive, or those of a task by its name.
 * Attempts that start in one turn arrive in any order. An attempt polls, since a promise cannot be settled from
 * another invocation.
 */
export function held(path: string): {
  started: () => number;
  answer(which: number | string, status: number): void;
} {
  const statuses = new Map<number | string, number>();
  let started = 0;
  handlers.set(path, async (request) => {
    const index = started++;
    const name = request.headers.get("X-AppEngine-TaskName") ?? "";
    const status = () => statuses.get(index) ?? statuses.get(name);
    heldAttempts.set(name, () => status() === undefined);
    while (status() === undefined && !request.signal.aborted) await scheduler.wait(2);
    return new Response(null, { status: status() ?? 500 });
  });
  return {
    started: () => started,
    answer: (which, status) => {
      statuses.set(which, status);
    },
  };
}

const file = withShards(queueYaml);
const targets = { backend: "Backend" };
// All of it is taken, though the classes are made below, with the moved clock: otherwise it would warn.
/** Who follows traces; OpenTelemetry is loaded by tests of traces alone. Without anybody nothing is changed. */
export const following: { tracing?: Tracing } = {};
const tracing: Tracing = {
  adding: (where, from, work) => following.tracing?.adding(where, from, work) ?? work(from),
  leased: (...lease) => following.tracing?.leased(...lease),
  attempt: (delivery, work) => following.tracing?.attempt(delivery, work) ?? work(delivery),
  groupEnded: (group) => following.tracing?.groupEnded(group),
};
const queues = { ...createTaskQueues({ config: file, targets, tracing }) };

/** The queue.yaml of the tests. */
export const queueFile = parseQueueYaml(file);

/** What objects are made with; tests that deploy other files change it. Reset by `freshStart`. */
export const deployed: QueueParts & {
  cron: CronFile;
  queues: QueueFile;
  attemptsPerCall?: number | undefined;
} = {
  cron: new Map(),
  queues: queueFile,
  Sharding: ManyObjects,
  Limits: SharedLimits,
  Keys: TaskKeys,
  ruled: rules.ruled,
  Batches,
  Backup,
  newAlerts: alerts.newAlerts,
  Search,
  Totals: counting.Totals,
  Followers,
  Failures: Redrives,
};

export class TaskQueue extends TaskQueueObject<unknown> {
  constructor(ctx: DurableObjectState, env: unknown) {
    const file = { readEntry: parseQueueEntry, ...deployed.queues };
    super(ctx, env, file, targets, deployed.attemptsPerCall, deployed);
  }
}

export class TaskGroup extends TaskGroupObject<unknown> {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env, deployed.queues, tracing, GroupCopy, deployed.Totals?.newMeter);
  }
}

export class TaskCron extends TaskCronObject<unknown> {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env, deployed.cron, undefined, deployed.Totals?.newMeter);
  }
}

export class TaskDirectory extends TaskDirectoryObject<unknown> {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env, deployed.queues, watching, counting);
  }
}

export const { TaskEgress, TaskRunner, TaskQueuesEntrypoint } = queues;
export const { deferred, get, group, cron, scheduled } = queues;

export class Backend extends WorkerEntrypoint {
  override async fetch(request: Request): Promise<Response> {
    await record(request, backendReceived);
    const handler = handlers.get(`backend ${new URL(request.url).pathname}`);
    return handler ? handler(request) : new Response("from the backend");
  }
}

export default queues.serve({
  async fetch(request: Request): Promise<Response> {
    await record(request, received);
    const handler = handlers.get(new URL(request.url).pathname);
    return handler ? handler(request) : new Response("ok");
  },
});
