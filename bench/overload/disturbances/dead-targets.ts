import type { Disturbance } from "../disturbance.ts";
import { aborted } from "../disturbance.ts";

const KINDS = ["refused", "silent", "reset", "unresolved"];

export const DEAD_TARGETS: Disturbance = {
  what: "2,000 tasks for targets that refuse, say nothing, reset or do not resolve, 200 attempts a second",
  async prepare(field) {
    await field.ask("POST", "/_ah/api/queues/dead:pause");
    await field.fill("dead", field.size(2000, 200), (i) => ({
      ...{
        url: `http://${field.targets[KINDS[i % KINDS.length] as string]}/`,
        dispatchDeadline: 15,
      },
      retry: { minBackoff: 1, maxBackoff: 2 },
    }));
  },
  async slice(field, signal) {
    await field.ask("POST", "/_ah/api/queues/dead:resume");
    await aborted(signal);
    await field.ask("POST", "/_ah/api/queues/dead:pause");
  },
  async facts(field) {
    const { tasks = 0 } = await field.statistics("dead");
    await field.purge("dead");
    return [{ what: "tasks lost", value: field.size(2000, 200) - tasks, unit: "", most: 0 }];
  },
};
