import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { plans } from "../../src/client/deploy-plan.ts";
import { parseQueueYaml } from "../../src/core/config/queue-yaml.ts";
import { get } from "../support/worker.ts";

it("all pages of the queues there are, are looked at, and few asked for their configuration", async () => {
  const view = await get(env, "push").describe();
  const names = Array.from({ length: 2500 }, (_, i) => `made-${i}`);
  const views = names.map((name) => JSON.stringify({ ...view, name }));
  const asked: string[] = [];
  const running = {
    ...{ file: parseQueueYaml("queue:"), now: 0, cron: async () => [] },
    page: async (cursor = "0") => {
      const from = Number(cursor);
      const next = from + 1000;
      return { views: views.slice(from, next), ...(next < 2500 && { cursor: `${next}` }) };
    },
    configOf: async (name: string) => {
      asked.push(name);
      return { ...(await get(env, "push").config()), name };
    },
  };
  const plan = await plans.plan(running, { queue: "queue: [{name: made-2499, rate: 1/s}]" });
  expect(asked).toEqual(["made-2499"]);
  expect(plan).toMatchObject({ untouched: 2499, queues: [{ change: "taken" }] });
});
