// The library as most Workers import it: both YAML files as text, every door open. Wiring only.
import { fromYaml } from "./core/config/yaml-files.ts";
import type { Targets } from "./core/egress/targets.ts";
import type { PayloadTypes, UntypedPayloads } from "./core/task/typed-task.ts";
import { cloudTasks } from "./http/cloud-tasks/door.ts";
import { console } from "./http/console/door.ts";
import { api } from "./http/native/door.ts";
import { importedText } from "./objects/set-up.ts";
import { createTaskQueues as createSlim, type TaskQueues } from "./slim.ts";

export * from "./slim.ts";

export interface TaskQueuesOptions {
  /** The text of queue.yaml; a bad one throws with file, line and column, so the Worker never starts. */
  config: string;
  /** The text of cron.yaml; a bad one throws likewise. */
  cron?: string | undefined;
  /**
   * What queue.yaml's targets stand for: the name of a service binding or of a named entrypoint, or an
   * origin. The setting TASKQUEUE_TARGETS goes before it.
   */
  targets?: Targets | undefined;
  /**
   * How many attempts may share an invocation of the Worker, from 1 (each has its own) to 100; default 8. Only those
   * of handlers that end within milliseconds do; each has its own request, signal, deadline and outcome all the same.
   */
  attemptsPerCall?: number | undefined;
}

/**
 * Binds a queue.yaml to a Worker. `Payloads` may give the payload type of each queue, which types
 * `get(env, name).add(...)`.
 */
export function createTaskQueues<Env = unknown, Payloads extends PayloadTypes = UntypedPayloads>(
  options: TaskQueuesOptions,
): TaskQueues<Env, Payloads> {
  const { config, cron, ...rest }: Partial<TaskQueuesOptions> = options ?? {};
  const cronYaml = cron === undefined ? undefined : importedText("cron", cron);
  const files = fromYaml(importedText("config", config), cronYaml);
  return createSlim<Env, Payloads>({ ...rest, config: files, doors: [api, cloudTasks, console] });
}
