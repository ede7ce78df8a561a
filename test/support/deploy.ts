// Queues as a test has them, of those that the tests' queue.yaml names.
import { parseQueueYaml } from "../../src/core/config/queue-yaml.ts";
import { crash } from "./time.ts";
import { deployed } from "./worker.ts";

/** Another version of the Worker, with these queues alone: every object ends. Undone by `freshStart`. */
export async function deployQueues(...entries: readonly string[]): Promise<void> {
  deployed.queues = parseQueueYaml(`queue:\n${entries.join("\n")}`);
  await crash();
}
