import { setTimeout as sleep } from "node:timers/promises";
import { type Disturbance, type Field, timed } from "../disturbance.ts";

const LEASE = { leaseSeconds: 60, maxTasks: 1, waitSeconds: 60 };

function polls(field: Field, n: number): Promise<string[]> {
  const one = async () => {
    const { status, text } = await field.send(
      "POST",
      "/_ah/api/queues/poll/tasks:lease",
      LEASE,
      true,
    );
    if (status !== 200) throw new Error(`a poll: ${status} ${text}`);
    return (JSON.parse(text) as { tasks: { name: string }[] }).tasks.map(({ name }) => name);
  };
  return Promise.all(Array.from({ length: n }, one)).then((all) => all.flat());
}

export const POLLS: Disturbance = {
  what: "2,000 long polls wait for tasks of one queue, then a task comes for each",
  async facts(field) {
    const n = field.size(2000, 200);
    const waiting = polls(field, n);
    await sleep(field.size(5000, 1500));
    let names: string[] = [];
    const ms = await timed(async () => {
      await field.fill("poll", n, () => ({ payload: "x" }));
      names = await waiting;
    });
    await field.purge("poll");
    return [
      { what: "until all are served", value: ms, unit: "ms", most: 3000 },
      { what: "polls that got nothing", value: n - names.length, unit: "", most: 0 },
      { what: "tasks given twice", value: names.length - new Set(names).size, unit: "", most: 0 },
    ];
  },
};
