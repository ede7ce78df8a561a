import { setTimeout as sleep } from "node:timers/promises";
import { aborted, type Disturbance, type Field } from "../disturbance.ts";

const DEADLINE_S = 15;

async function isHanging(field: Field): Promise<boolean> {
  return (await field.statistics("hang")).inFlight !== 0;
}

export const HANGING: Disturbance = {
  what: "thousands due, and in all 200 slots handlers that hang until their deadline of 15 s",
  async prepare(field) {
    await field.ask("POST", "/_ah/api/queues/hang:pause");
    await field.fill("hang", field.size(5000, 500), () => ({
      ...{ url: "/hang", dispatchDeadline: DEADLINE_S, retry: { minBackoff: 1 } },
    }));
  },
  async slice(field, signal) {
    await field.ask("POST", "/_ah/api/queues/hang:resume");
    await aborted(signal);
    await field.ask("POST", "/_ah/api/queues/hang:pause");
    // Those that hang hold their slots until they are cancelled; in the short form nobody comes after them.
    for (let hanging = !field.isShort; hanging; hanging = await isHanging(field)) await sleep(500);
  },
  async facts(field) {
    const before = await field.statistics("hang");
    await field.purge("hang");
    const { tasks = Number.NaN } = await field.statistics("hang");
    const lost = field.size(5000, 500) - (before.tasks ?? 0);
    return [
      { what: "tasks lost", value: lost, unit: "", most: 0 },
      { what: "tasks left by a purge", value: tasks, unit: "", most: 0 },
    ];
  },
};
