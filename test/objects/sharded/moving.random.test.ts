// Whatever happens while a queue's number of shards changes, every task that was accepted runs, or is kept, or was
// deleted; no name is accepted twice; and in the end each is where its name says, and nowhere else.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { shardOf } from "../../../src/core/sharding/shard-map.ts";
import { TaskQueueError } from "../../../src/index.ts";
import { TaskQueueObject } from "../../../src/objects/queue/task-queue.ts";
import { injectInto } from "../../support/faults.ts";
import { histories } from "../../support/histories.ts";
import {
  deployShards,
  mapOf,
  passAll,
  restart,
  rowsOf,
  setShards,
} from "../../support/resharding.ts";
import { crash, freshStart, objectsOf, queue } from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

const Q = "four-shards";
const CASES = histories(2);
const STEPS = 40;
const NAMES = Array.from({ length: 40 }, (_, i) => `n${i}`);
const BRIEF_RETRY = { limit: 1, minBackoff: 1, maxBackoff: 2, maxDoublings: 1 };

beforeEach(freshStart);
afterEach(() => vi.restoreAllMocks());

/** Numbers from 0 to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is known of tasks by what callers were answered. */
class World {
  readonly #random: () => number;
  /** Names whose tasks were accepted, and those of which nobody knows. */
  readonly accepted = new Set<string>();
  readonly #maybe = new Set<string>();
  /** Names that were given to tasks that had none. */
  readonly unnamed = new Set<string>();
  readonly deleted = new Set<string>();
  readonly twice: string[] = [];
  shards = 4;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  pick<T>(among: readonly T[]): T {
    return among[Math.floor(this.#random() * among.length)] as T;
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  get known(): string[] {
    return [...this.accepted, ...this.unnamed];
  }

  async step(): Promise<void> {
    const countdown = this.pick([0, 1, 10, 100]);
    const name = this.pick(NAMES);
    const known = this.known.length > 0 ? this.pick(this.known) : name;
    await this.pick<() => Promise<unknown>>([
      () => this.add(name, countdown),
      () => this.add(name, countdown),
      () => this.addUnnamed(countdown),
      () => this.addMany(countdown),
      () => this.delete(known),
      () => unlessRefused(queue(Q).run(known)),
      () => unlessRefused(queue(Q).reschedule(known, { countdown: this.pick([5, 50]) })),
      () => unlessRefused(queue(Q).redrive([known])),
      () => unlessRefused(queue(Q).get(known)),
      () => passAll(Q, this.pick([0, 1, 5, 30])),
      () => passAll(Q, this.pick([0, 1, 5, 30])),
      () => this.change(),
      () => restart(this.pick(objectsOf(Q))),
      () => crash(),
      () => this.fail(),
    ])();
  }

  async add(name: string, countdown: number): Promise<void> {
    try {
      await served(queue(Q).add({ name, countdown }));
      this.took(name);
    } catch (error) {
      if (!(error instanceof TaskQueueError)) this.#maybe.add(name);
    }
  }

  took(name: string): void {
    if (this.accepted.has(name)) this.twice.push(name);
    this.accepted.add(name);
    this.#maybe.delete(name);
  }

  async addUnnamed(countdown: number): Promise<void> {
    const added = await unlessRefused(queue(Q).add({ countdown }));
    if (added) this.unnamed.add(added.name);
  }

  async addMany(countdown: number): Promise<void> {
    const names = NAMES.filter(() => this.chance(0.2));
    try {
      const results = await served(queue(Q).add(names.map((name) => ({ name, countdown }))));
      for (const [i, { task }] of results.entries()) if (task) this.took(names[i] as string);
    } catch {
      for (const name of names) this.#maybe.add(name);
    }
  }

  async delete(name: string): Promise<void> {
    const [result] = (await unlessRefused(queue(Q).delete([name]))) ?? [];
    // Where no answer came it may have been deleted.
    if (!result || result.deleted) this.deleted.add(name);
  }

  async change(): Promise<void> {
    this.shards = this.pick([1, 2, 3, 5, 8]);
    if (this.chance(0.5)) await deployShards(Q, this.shards, { retry: BRIEF_RETRY });
    else {
      setShards(Q, this.shards, { retry: BRIEF_RETRY });
      await restart(Q);
    }
  }

  async fail(): Promise<void> {
    const at = 1 + Math.floor(this.#random() * 20);
    await injectInto([this.pick(objectsOf(Q))], { at, kind: this.pick(["throw", "kill"]) });
  }

  /** Batches that one shard hands to another are lost, or come twice, or their answers are lost. */
  loseBatches(): void {
    const { onShard } = TaskQueueObject.prototype;
    const { chance } = this;
    const isChance = chance.bind(this);
    vi.spyOn(TaskQueueObject.prototype, "onShard").mockImplementation(async function (
      this: TaskQueueObject,
      ...args: Parameters<typeof onShard>
    ) {
      const isBatch = args[1] === "takeIn";
      if (isBatch && isChance(0.2)) throw new Error("lost by the test");
      const answer = await onShard.apply(this, args);
      if (isBatch && isChance(0.2)) return onShard.apply(this, args);
      if (isBatch && isChance(0.2)) throw new Error("answer lost by the test");
      return answer;
    });
  }
}

async function unlessRefused<T>(call: Promise<T>): Promise<T | undefined> {
  return served(call).catch(() => undefined);
}

/** Lets time pass until the call is answered: what it is about may be on its way to another shard. */
async function served<T>(call: Promise<T>): Promise<T> {
  let isOver = false;
  const over = call.then(
    () => {},
    () => {},
  );
  void over.then(() => {
    isOver = true;
  });
  for (;;) {
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 20))]);
    if (isOver) return call;
    await passAll(Q, 1);
  }
}

async function placesOf(): Promise<Map<string, string[]>> {
  const places = new Map<string, string[]>();
  for (const object of objectsOf(Q)) {
    const rows = await rowsOf(
      object,
      "SELECT name FROM tasks UNION SELECT name FROM names UNION SELECT name FROM failed",
    );
    for (const { name } of rows) {
      places.set(name as string, [...(places.get(name as string) ?? []), object]);
    }
  }
  return places;
}

describe("a queue whose number of shards changes at random", () => {
  it.each(Array.from({ length: CASES }, (_, seed) => seed + 1))(
    "loses nothing (%i)",
    async (seed) => {
      vi.spyOn(console, "error").mockImplementation(() => {});
      handlers.set(`/_ah/queue/${Q}`, (request) => {
        const name = request.headers.get("X-AppEngine-TaskName") ?? "";
        return new Response(null, { status: /[37]$/.test(name) ? 500 : 200 });
      });
      const world = new World(seed);
      await deployShards(Q, 4, { retry: BRIEF_RETRY });
      world.loseBatches();
      for (let i = 0; i < STEPS; i++) await world.step();

      await deployShards(Q, world.shards, { retry: BRIEF_RETRY });
      const isAtRest = async () => {
        const map = await mapOf(Q);
        return map.former === undefined && map.shards === world.shards;
      };
      await passAll(Q, 1000, isAtRest);
      await passAll(Q, 1000);
      expect(await isAtRest()).toBe(true);

      expect(world.twice).toEqual([]);
      const ran = new Set(received.map(({ headers }) => headers.get("X-AppEngine-TaskName")));
      for (const name of world.known) {
        if (!world.deleted.has(name)) expect(ran, name).toContain(name);
      }
      for (const name of world.accepted)
        expect(["done", "failed", "deleted"]).toContain((await queue(Q).get(name)).state);
      for (const [name, places] of await placesOf()) {
        const index = shardOf(name, world.shards);
        expect(places, name).toEqual([index === 0 ? Q : `${Q}#${index}`]);
      }
      for (const object of objectsOf(Q).slice(world.shards)) {
        const [tasks] = await rowsOf(object, "SELECT count(*) AS n FROM tasks");
        expect(tasks?.n ?? 0).toBe(0);
      }
    },
  );
});
