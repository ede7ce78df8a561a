// Two workers, one queue, stalls at random: whatever a worker holds is its own while its lease lives.
import { beforeEach, expect, it } from "vitest";
import type { Task } from "../../../../src/index.ts";
import { clock } from "../../../support/clock.ts";
import { freshStart, queue } from "../../../support/time.ts";

beforeEach(freshStart);

const TASKS = 10_000;
const SEED = 20_301;

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

it("no task is held twice while its lease lives, and each is done once", async () => {
  const random = randomNumbers(SEED);
  const pull = queue("pull");
  for (let i = 0; i < TASKS; i += 1000) {
    await pull.add(Array.from({ length: 1000 }, () => ({ payload: "" })));
  }
  const holders = new Map<string, { lease: string | undefined; until: number }>();
  const done = new Set<string>();
  let lost = 0;

  const lease = async (): Promise<Task[]> => {
    const maxTasks = 1 + Math.floor(random() * 400);
    const tasks = await pull.lease({ leaseSeconds: 1 + Math.floor(random() * 20), maxTasks });
    for (const { name, lease, leaseExpiresAt = "" } of tasks) {
      const holder = holders.get(name);
      expect(done.has(name) || (holder && holder.until >= clock.now), `${name} again`).toBeFalsy();
      holders.set(name, { lease, until: Date.parse(leaseExpiresAt) });
    }
    return tasks;
  };
  const acknowledge = async (tasks: Task[]): Promise<void> => {
    for (const [i, { name, acknowledged }] of (await pull.acknowledge(tasks)).entries()) {
      const holder = holders.get(name);
      const isOurs = holder?.lease === tasks[i]?.lease && (holder?.until ?? 0) >= clock.now;
      expect(acknowledged, name).toBe(isOurs && !done.has(name));
      if (acknowledged) done.add(name);
      else lost++;
    }
  };

  for (let rounds = 0; done.size < TASKS; rounds++) {
    expect(rounds, "still tasks left").toBeLessThan(1000);
    const [ours, theirs] = await Promise.all([lease(), lease()]);
    clock.now += Math.floor(random() * 5000);
    // Every few rounds a worker stalls until its leases are long gone.
    if (random() < 0.2) clock.now += 25_000;
    const more = await lease();
    await Promise.all([acknowledge(ours), acknowledge([...theirs, ...more])]);
  }
  expect(done.size).toBe(TASKS);
  expect(lost, "no lease was ever lost, so nothing was tried").toBeGreaterThan(0);
  expect((await pull.describe()).statistics.tasks).toBe(0);
});
