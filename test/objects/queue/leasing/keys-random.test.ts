// Random histories of a pull queue with keys, at the front door, with evictions and crashes anywhere: slots are never
// exceeded, rates hold over restarts, a key that runs one at a time keeps its order, and none starves.
import { beforeEach, expect, it } from "vitest";
import type { Task } from "../../../../src/index.ts";
import { clock } from "../../../support/clock.ts";
import { deployQueues } from "../../../support/deploy.ts";
import { crash, evict, freshStart, queue } from "../../../support/time.ts";

beforeEach(freshStart);

const pull = () => queue("pull");
const STEPS = 70;
const SLOTS: Record<string, number> = { two: 2, one: 1 };
const RATE = { bucket: 3, perSecond: 2 };
const KEYS = ["two", "two", "one", "one", "slow", "free", undefined];

const YAML = `  - name: pull
    mode: pull
    extensions:
      keys:
        per_key:
          two: { max_concurrent_requests: 2 }
          one: { max_concurrent_requests: 1 }
          slow: { rate: ${RATE.perSecond}/s, bucket_size: ${RATE.bucket} }`;

class History {
  readonly #random: (n: number) => number;
  #held: { task: Task; until: number }[] = [];
  #left = 0;
  #slow: number[] = [];
  /** Of the key that runs one at a time: what has begun. */
  #begun: string | undefined;

  constructor(seed: number) {
    let state = seed;
    this.#random = (n) => {
      state = (state * 48271) % 2147483647;
      return state % n;
    };
  }

  async step(): Promise<void> {
    const what = this.#random(12);
    if (what < 3) await this.#add();
    else if (what < 7)
      await this.lease(1 + this.#random(8), [0.5, 3, 60][this.#random(3)] as number);
    else if (what < 9) await this.#acknowledge(1 + this.#random(4));
    else if (what === 9) clock.now += [1, 300, 2000][this.#random(3)] as number;
    else if (what === 10) await this.#giveBack();
    else if (this.#random(2)) await crash();
    else {
      // Only what is alive can be put away.
      await pull().describe();
      await evict("pull");
    }
  }

  async #add(): Promise<void> {
    const tasks = Array.from({ length: 1 + this.#random(6) }, () => {
      const key = KEYS[this.#random(KEYS.length)];
      const priority = [undefined, undefined, 0, 9][this.#random(4)];
      const tag = [undefined, "t"][this.#random(2)];
      return {
        payload: "",
        ...(key && { key }),
        ...(tag && { tag }),
        ...(priority !== undefined && { priority }),
      };
    });
    await pull().add(tasks);
    this.#left += tasks.length;
  }

  async lease(maxTasks: number, leaseSeconds: number): Promise<number> {
    const tag =
      this.#random(4) === 0 ? { tag: "t" } : this.#random(4) === 0 ? { oldestTag: true } : {};
    const tasks = await pull().lease({ leaseSeconds, maxTasks, ...tag });
    for (const task of tasks) this.#leased(task, clock.now + leaseSeconds * 1000);
    for (const [key, slots] of Object.entries(SLOTS)) {
      const own = this.#now().filter(({ task }) => task.key === key);
      expect(own.length, key).toBeLessThanOrEqual(slots);
    }
    return tasks.length;
  }

  #leased(task: Task, until: number): void {
    expect(this.#now().some((one) => one.task.name === task.name)).toBe(false);
    this.#held = [...this.#held.filter((one) => one.task.name !== task.name), { task, until }];
    if (task.key === "slow") this.#checkRate();
    if (task.key !== "one") return;
    if (this.#begun !== undefined) expect(task.name).toBe(this.#begun);
    this.#begun = task.name;
  }

  #checkRate(): void {
    this.#slow.push(clock.now);
    for (const [i, at] of this.#slow.entries()) {
      const most = RATE.bucket + (RATE.perSecond * (clock.now - at)) / 1000;
      expect(this.#slow.length - i).toBeLessThanOrEqual(most + 1e-6);
    }
  }

  #now() {
    return this.#held.filter(({ until }) => until >= clock.now);
  }

  async #acknowledge(most: number): Promise<void> {
    const tasks = this.#now()
      .slice(0, most)
      .map(({ task }) => task);
    const results = await pull().acknowledge(tasks);
    expect(results.every(({ acknowledged }) => acknowledged)).toBe(true);
    for (const { name } of tasks) {
      if (name === this.#begun) this.#begun = undefined;
      this.#held = this.#held.filter(({ task }) => task.name !== name);
    }
    this.#left -= tasks.length;
  }

  async #giveBack(): Promise<void> {
    const [one] = this.#now();
    if (!one) return;
    await pull().modifyLease(one.task, 0);
    this.#held = this.#held.filter((other) => other !== one);
  }

  /** All that is left is leased, and done, in as many seconds as the rate takes. */
  async drain(): Promise<void> {
    for (let second = 0; this.#left > 0; second++) {
      expect(second, `${this.#left} are left`).toBeLessThan(400);
      await this.lease(100, 60);
      await this.#acknowledge(100);
      clock.now += 700;
    }
    expect((await pull().describe()).statistics.tasks).toBe(0);
  }
}

it.each([1, 2, 3, 4, 5, 6])("limits hold and none is left: seed %i", async (seed) => {
  await deployQueues(YAML);
  const history = new History(seed * 7919);
  for (let i = 0; i < STEPS; i++) await history.step();
  await history.drain();
});
