import { type Disturbance, type Field, paced, timed } from "../disturbance.ts";

const QUEUE = "/_ah/api/queues/many";

async function look(field: Field, i: number): Promise<void> {
  const paths = [QUEUE, `${QUEUE}/tasks?limit=100`, `${QUEUE}/tasks/t-${i}`];
  await field.ask("GET", paths[i % paths.length] as string);
}

export const MILLION: Disturbance = {
  what: "1,000,000 named tasks wait on one queue, which is listed and looked at 20 times a second",
  prepare: (field) =>
    field.fill("many", field.size(1_000_000, 50_000), (i) => ({
      ...{ name: `t-${i}`, url: "/nothing", countdown: 86_400 },
    })),
  control: { perSecond: 20, bytes: 0 },
  slice: (field, signal) => paced(20, signal, (i) => look(field, i)),
  async facts(field) {
    const ms = async (what: string, most: number, work: () => Promise<unknown>) => {
      return { what, value: await timed(work), unit: "ms", most };
    };
    const all = await ms("list of 1,000", 500, () => field.ask("GET", `${QUEUE}/tasks?limit=1000`));
    await field.restart();
    const first = await ms("first answer after kill -9", 3000, () => field.ask("GET", QUEUE));
    const { tasks = 0 } = await field.statistics("many");
    const lost = { what: "tasks lost", value: field.size(1_000_000, 50_000) - tasks, unit: "" };
    const purge = await ms("purge", 30_000, () => field.purge("many"));
    const after = await field.statistics("many");
    const left = { what: "tasks left by the purge", value: after.tasks ?? Number.NaN, unit: "" };
    return [all, first, { ...lost, most: 0 }, purge, { ...left, most: 0 }];
  },
};
