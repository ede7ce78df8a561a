import { type Disturbance, paced } from "../disturbance.ts";
import type { Fact } from "../verdict.ts";

const task = { url: "/nothing", payload: "x".repeat(100) };
const BATCH = { tasks: Array.from({ length: 1000 }, () => task) };
const PATH = "/_ah/api/queues/flood/tasks";

async function emptied(field: Parameters<NonNullable<Disturbance["facts"]>>[0]): Promise<Fact[]> {
  const { tasks = 0 } = await field.statistics("flood");
  const answered = field.kept.get("added") ?? 0;
  await field.purge("flood");
  return [
    // One a minute may have run.
    { what: "tasks answered and not there", value: answered - tasks, unit: "", most: 3 },
  ];
}

export const FLOOD_OF_SINGLES: Disturbance = {
  what: "200 adds a second to a queue that runs one a minute",
  control: { perSecond: 200, bytes: 130 },
  slice: (field, signal) =>
    paced(200, signal, async () => {
      await field.ask("POST", PATH, task);
      field.kept.set("added", (field.kept.get("added") ?? 0) + 1);
    }),
  facts: emptied,
};

export const FLOOD_OF_BATCHES: Disturbance = {
  what: "5 batches of 1,000 adds a second to such a queue",
  control: { perSecond: 5, bytes: 130_000 },
  slice: (field, signal) =>
    paced(5, signal, async () => {
      await field.ask("POST", PATH, BATCH);
      field.kept.set("added", (field.kept.get("added") ?? 0) + 1000);
    }),
  facts: emptied,
};
