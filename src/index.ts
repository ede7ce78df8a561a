// The library as most Workers import it: both YAML files as text or compiled, every door open. Wiring only.
import { deferred } from "./client/deferred.ts";
import { plans } from "./client/deploy-plan.ts";
import { shards } from "./client/sharded.ts";
import { type CompiledFiles, type Files, isCompiled } from "./core/config/files.ts";
import { fromYaml } from "./core/config/yaml-files.ts";
import type { Targets } from "./core/egress/targets.ts";
import type { PayloadTypes, UntypedPayloads } from "./core/task/typed-task.ts";
import { cloudTasks } from "./http/cloud-tasks/door.ts";
import { console } from "./http/console/door.ts";
import { metrics } from "./http/metrics/door.ts";
import { api } from "./http/native/door.ts";
import { cron as cronPart } from "./objects/cron/part.ts";
import { backups } from "./objects/group/backups.ts";
import { alerts } from "./objects/queue/queue-alerts.ts";
import { rules } from "./objects/queue/ruled-adds.ts";
import { limits } from "./objects/queue/shared-limits.ts";
import { batches } from "./objects/queue/task-batches.ts";
import { keys } from "./objects/queue/task-keys.ts";
import { importedText } from "./objects/set-up.ts";
import type { Tracing } from "./objects/tracing/tracing.ts";
import { createTaskQueues as createSlim, type TaskQueues } from "./slim.ts";

export * from "./slim.ts";

export interface TaskQueuesOptions {
  /**
   * The text of queue.yaml, of which a bad one throws with file, line and column, so the Worker never starts; or what
   * `npx durable-taskqueue build` or the plugin for Vite made of it and of a cron.yaml beside it.
   */
  config: string | CompiledFiles;
  /** The text of cron.yaml, beside that of queue.yaml; a bad one throws likewise. */
  cron?: string | undefined;
  /**
   * What queue.yaml's targets stand for: the name of a service binding or of a named entrypoint, or an
   * origin. The setting TASKQUEUE_TARGETS goes before it.
   */
  targets?: Targets | undefined;
  /**
   * How many attempts may share an invocation of the Worker, from 1 (each has its own) to 100; default 16. Only those
   * of handlers that end within milliseconds do, and no more than 4 that wait for something; each has its own request, signal, deadline and outcome all the same.
   */
  attemptsPerCall?: number | undefined;
  /** `tracing` of durable-taskqueue/tracing, where the Worker has an OpenTelemetry provider. Default: no spans. */
  tracing?: Tracing | undefined;
}

/**
 * Binds a queue.yaml to a Worker. `Payloads` may give the payload type of each queue, which types
 * `get(env, name).add(...)`.
 */
export function createTaskQueues<Env = unknown, Payloads extends PayloadTypes = UntypedPayloads>(
  options: TaskQueuesOptions,
): TaskQueues<Env, Payloads> {
  const { config, cron, ...rest }: Partial<TaskQueuesOptions> = options ?? {};
  return createSlim<Env, Payloads>({
    ...rest,
    config: isCompiled(config) ? withoutText(config, cron) : read(config, cron),
    ...{
      doors: [api, cloudTasks, console, metrics],
      parts: [alerts, backups, batches, cronPart, deferred, keys, limits, plans, rules, shards],
    },
  });
}

function read(config: unknown, cron: unknown): Files {
  const cronYaml = cron === undefined ? undefined : importedText("cron", cron);
  return fromYaml(importedText("config", config), cronYaml);
}

function withoutText(config: CompiledFiles, cron: unknown): CompiledFiles {
  if (cron === undefined) return config;
  throw new TypeError(
    "cron: found it beside compiled files, expected nothing: they have it inside",
  );
}
