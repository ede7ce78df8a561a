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
}

/**
 * Binds a queue.yaml to a Worker. `Payloads` may give the payload type of each queue, which types
 * `get(env, name).add(...)`.
 */
export function createTaskQueues<Env = unknown, Payloads extends PayloadTypes = UntypedPayloads>(
  options: TaskQueuesOptions,
): TaskQueues<Env, Payloads> {
  const { config, cron, targets = {} }: Partial<TaskQueuesOptions> = options ?? {};
  const cronYaml = cron === undefined ? undefined : importedText("cron", cron);
  const files = fromYaml(importedText("config", config), cronYaml);
  return createSlim<Env, Payloads>({ config: files, targets, doors: [api, cloudTasks, console] });
}
