import { setTimeout as sleep } from "node:timers/promises";
import { type Disturbance, type Field, timed } from "../disturbance.ts";

interface Progress {
  state: string;
}

const GROUP = "/_ah/api/groups/overload";

/** A call takes 10,000; those after the first add to the group. */
async function make(field: Field, n: number): Promise<void> {
  const tasks = Array.from({ length: Math.min(n, 10_000) }, () => ({
    queue: "sub",
    url: "/nothing",
  }));
  await field.ask("POST", "/_ah/api/groups", { name: "overload", tasks });
}

export const GROUP_CANCELLED: Disturbance = {
  what: "a group of 10,000 subtasks, the most of one call, is cancelled while they run",
  async facts(field) {
    const n = field.size(10_000, 2000);
    const made = await timed(() => make(field, n));
    await sleep(2000);
    let state = "running";
    const ms = await timed(async () => {
      await field.ask("POST", `${GROUP}:cancel`);
      for (let i = 0; i < 600 && (await field.statistics("sub")).tasks !== 0; i++) await sleep(100);
      for (let i = 0; i < 600 && state === "running"; i++) {
        ({ state } = await field.ask<Progress>("GET", GROUP));
        await sleep(100);
      }
    });
    return [
      { what: "until it is made", value: made, unit: "ms", most: 10_000 },
      { what: "until it is cancelled", value: ms, unit: "ms", most: 20_000 },
      { what: "groups not cancelled", value: state === "cancelled" ? 0 : 1, unit: "", most: 0 },
    ];
  },
};
