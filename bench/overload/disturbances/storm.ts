import { aborted, type Disturbance } from "../disturbance.ts";

export const STORM: Disturbance = {
  what: "20,000 tasks fail at once and come back within 2 s, on a queue of 500/s",
  async prepare(field) {
    await field.ask("POST", "/_ah/api/queues/storm:pause");
    await field.fill("storm", field.size(20_000, 2000), () => ({ url: "/fail" }));
  },
  async slice(field, signal) {
    await field.ask("POST", "/_ah/api/queues/storm:resume");
    await aborted(signal);
    await field.ask("POST", "/_ah/api/queues/storm:pause");
  },
  async facts(field) {
    const { tasks = 0 } = await field.statistics("storm");
    await field.purge("storm");
    return [{ what: "tasks lost", value: field.size(20_000, 2000) - tasks, unit: "", most: 0 }];
  },
};
