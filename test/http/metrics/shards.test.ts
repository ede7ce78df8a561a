// Totals of a queue whose number of shards changes: what a shard that goes had counted is not lost, and no sum ever goes
// back on the way.
import { exports } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import { seriesValue } from "../../support/exposition.ts";
import { deployShards, mapOf, passAll } from "../../support/resharding.ts";
import { crash, freshStart, pass, queue } from "../../support/time.ts";
import { deployed } from "../../support/worker.ts";

const Q = "four-shards";

beforeEach(freshStart);

const own = (exports as unknown as { default: Fetcher }).default;

async function totals(): Promise<{ done: number; rows: number }> {
  const entry = deployed.queues.queues.get(Q);
  if (!entry) throw new Error("no such queue");
  const text = await (await own.fetch("http://127.0.0.1:8787/_ah/metrics")).text();
  const of = (name: string) => seriesValue(text, `taskqueue_${name}_total`, { queue: Q });
  return { done: of("tasks_done"), rows: of("rows_written") };
}

async function work(n: number): Promise<void> {
  await queue(Q).add(Array.from({ length: n }, (_, i) => ({ name: `t${clock.now}-${i}` })));
  await pass(Q, 1);
}

async function isOver(shards: number): Promise<boolean> {
  const map = await mapOf(Q);
  return map.former === undefined && map.shards === shards;
}

it.each([
  ["fewer", [1]],
  ["more", [8]],
  ["fewer, and as many again", [1, 4]],
  ["fewer, then more, then fewer", [2, 8, 1]],
])("%s", async (_, changes) => {
  await work(40);
  const seen = [await totals()];
  let done = 40;
  expect(seen[0]?.done).toBe(40);
  for (const shards of changes) {
    await deployShards(Q, shards);
    for (let i = 0; i < 60 && !(await isOver(shards)); i++) {
      await passAll(Q, 1);
      seen.push(await totals());
    }
    expect(await isOver(shards)).toBe(true);
    await work(20);
    done += 20;
    clock.now += 11_000;
    seen.push(await totals());
    expect(seen.at(-1)?.done).toBe(done);
    await crash();
    seen.push(await totals());
  }
  for (const of of ["done", "rows"] as const) {
    const numbers = seen.map((it) => it[of]);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  }
});
