// Leases of tasks with keys in random histories: whatever is added, leased, ended, given back, and whenever the object
// ends, limits of keys hold, each key keeps its order, and nothing that could be leased is left out.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keysConfig, limitsOfKey } from "../../src/core/config/keys-config.ts";
import type { KeysEntry } from "../../src/core/config/keys-schema.ts";
import { rankOf } from "../../src/core/dispatch/rank.ts";
import { DEFAULT_PRIORITY } from "../../src/core/task/task.ts";
import type { TaskRow } from "../../src/store/queue/tasks.ts";
import { LeaseStage } from "../support/lease-stage.ts";

const KEYS: KeysEntry = {
  per_key: {
    slow: { rate: "1/s", bucket_size: 2 },
    fast: { rate: "50/s", bucket_size: 5, weight: 3 },
    two: { max_concurrent_requests: 2 },
    "one-*": { max_concurrent_requests: 1 },
    light: { weight: 0.3 },
  },
};
const CONFIG = keysConfig(KEYS);
const NAMES = ["slow", "fast", "two", "one-a", "one-a", "one-b", "light", "x"];
const TAGS = ["s", "t"];
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

type Step =
  | { do: "add"; key?: string; priority?: number; tag?: string; in: number; n: number }
  | { do: "lease"; max: number; tag?: string; seconds: number; isUndone: boolean }
  | { do: "end" | "giveBack" | "withdraw" | "remove"; pick: number }
  | { do: "pass"; ms: number }
  | { do: "start" };

const stepOf = (names: readonly string[]) =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("add" as const),
        key: maybe(fc.constantFrom(...names)),
        priority: maybe(fc.constantFrom(0, 1, 9)),
        tag: maybe(fc.constantFrom(...TAGS)),
        in: fc.constantFrom(0, 0, 0, 0.001, 0.1, 30, -20),
        n: fc.constantFrom(1, 3, 40),
      }),
    },
    {
      weight: 9,
      arbitrary: fc.record({
        do: fc.constant("lease" as const),
        max: fc.constantFrom(1, 5, 100),
        tag: fc.option(fc.constantFrom(...TAGS), { nil: undefined, freq: 2 }),
        seconds: fc.constantFrom(0, 0.05, 2, 1000),
        isUndone: fc.constantFrom(false, false, false, false, true),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constantFrom("end" as const, "end" as const, "giveBack", "withdraw", "remove"),
        pick: fc.nat(),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("pass" as const),
        ms: fc.constantFrom(1, 1, 100, 100, 5000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("start" as const) }) },
  ) as fc.Arbitrary<Step>;

/** A task that is not ended, by what it has to be. */
interface Live {
  task: TaskRow;
  /** When it is or was available from, ms since 1970. */
  from: number;
  /** Whether it has been leased, and that was delivered. */
  isBack: boolean;
}

class Witness {
  readonly stage = new LeaseStage(KEYS);
  readonly live = new Map<string, Live>();
  readonly leases = new Map<string, number[]>();

  take(given: Step): void {
    const { stage } = this;
    if (given.do === "add") this.#add(given);
    else if (given.do === "lease") this.lease(given);
    else if (given.do === "pass") stage.now += given.ms;
    else if (given.do === "start") stage.start();
    else this.#end(given);
  }

  #add({ n, do: _, ...task }: Extract<Step, { do: "add" }>): void {
    for (const row of this.stage.add(...Array.from({ length: n }, () => task)))
      this.live.set(row.name, { task: row, from: row.due, isBack: false });
  }

  lease({ max, tag, seconds, isUndone }: Extract<Step, { do: "lease" }>): TaskRow[] {
    const { stage } = this;
    const { now } = stage;
    const before = this.#available(tag);
    const begun = this.#begun();
    const leased = stage.lease(max, seconds, tag, isUndone);
    if (isUndone) return [];
    expect(new Set(leased.map(({ name }) => name)).size).toBe(leased.length);
    this.#checkOrder(leased, before);
    for (const { name, spec } of leased) {
      const first = begun.get(spec.key ?? "");
      if (first) expect(first.has(name), "it has begun, or none has").toBe(true);
    }
    for (const task of leased) {
      expect(before.some((one) => one.task.name === task.name)).toBe(true);
      const from = seconds === 0 ? now - 1 : now + seconds * 1000;
      this.live.set(task.name, { task, from, isBack: true });
      const { key } = task.spec;
      if (key !== undefined) this.leases.set(key, [...(this.leases.get(key) ?? []), now]);
    }
    this.#checkSlots();
    this.#checkNoneLeftOut(leased, max, tag, seconds === 0);
    return leased;
  }

  #available(tag: string | undefined): Live[] {
    const { now } = this.stage;
    return [...this.live.values()].filter(({ task, from, isBack }) => {
      if (tag !== undefined && task.spec.tag !== tag) return false;
      return from < now || (!isBack && from === now && task.createdAt === from);
    });
  }

  /** Of keys that run one at a time those that have begun and are to be had, of whatever tag. */
  #begun(): Map<string, Set<string>> {
    const begun = this.#available(undefined).filter(
      ({ isBack, task: { spec } }) => isBack && spec.key && this.#slots(spec.key) === 1,
    );
    const byKey = Map.groupBy(begun, ({ task }) => task.spec.key as string);
    return new Map(
      [...byKey].map(([key, own]) => [key, new Set(own.map(({ task }) => task.name))]),
    );
  }

  // Of each key the least rank is first; of one that runs one at a time what has begun.
  #checkOrder(leased: readonly TaskRow[], before: readonly Live[]): void {
    const byKey = Map.groupBy(leased, ({ spec }) => spec.key ?? "");
    for (const [key, tasks] of byKey) {
      const own = before.filter(({ task }) => (task.spec.key ?? "") === key);
      const ranks = own.map((one) => this.#rank(one)).sort((a, b) => a - b);
      const found = tasks.map(({ name }) =>
        this.#rank(own.find(({ task }) => task.name === name) as Live),
      );
      expect(found).toEqual(ranks.slice(0, found.length));
    }
  }

  #rank({ task: { spec }, from, isBack }: Live): number {
    const isInOrder = spec.key !== undefined && this.#slots(spec.key) === 1;
    if (isBack && isInOrder) return Number.NEGATIVE_INFINITY;
    return rankOf(from, spec.priority ?? DEFAULT_PRIORITY);
  }

  #slots(key: string): number {
    return limitsOfKey(CONFIG, key).maxConcurrentRequests;
  }

  #held(key: string): number {
    const { now } = this.stage;
    const own = [...this.live.values()].filter(({ task }) => task.spec.key === key);
    return own.filter(({ from, isBack }) => isBack && from >= now).length;
  }

  #checkSlots(): void {
    for (const key of new Set(NAMES)) {
      expect(this.#held(key)).toBeLessThanOrEqual(this.#slots(key));
      expect(this.stage.keys.running(key)).toBe(this.#held(key));
    }
  }

  #checkNoneLeftOut(
    leased: readonly TaskRow[],
    max: number,
    tag: string | undefined,
    areBack: boolean,
  ): void {
    if (leased.length === max) return;
    const names = new Set(leased.map(({ name }) => name));
    for (const { task } of this.#available(tag)) {
      const { key } = task.spec;
      if (names.has(task.name)) continue;
      const what = `a task of ${key} is left out`;
      expect(key, what).toBeDefined();
      const isHeld = this.#begun().has(key as string);
      const isFull = areBack || this.#held(key as string) >= this.#slots(key as string);
      expect(isFull || isHeld || ["slow", "fast"].includes(key as string), what).toBe(true);
    }
  }

  #end({ do: how, pick }: Extract<Step, { pick: number }>): void {
    const { stage } = this;
    const all = [...this.live.values()];
    const held = all.filter(({ from, isBack }) => isBack && from >= stage.now);
    const from = how === "remove" ? all : held;
    const one = from[pick % Math.max(1, from.length)];
    if (!one) return;
    const { task } = one;
    if (how === "giveBack")
      this.live.set(task.name, { task: stage.giveBack(task), from: stage.now - 1, isBack: true });
    else if (how === "withdraw")
      this.live.set(task.name, { task: stage.withdraw(task), from: task.due, isBack: false });
    else {
      stage.end(task);
      this.live.delete(task.name);
    }
  }

  /** Nothing else comes: by the moments that are named alone, all tasks are leased, and done. */
  drain(): void {
    const { stage } = this;
    for (let i = 0; this.live.size > 0; i++) {
      expect(i).toBeLessThan(10_000);
      const request = { do: "lease" as const, max: 50, seconds: 10, isUndone: false };
      const leased = this.lease(request);
      for (const task of leased) {
        stage.end(task);
        this.live.delete(task.name);
      }
      if (leased.length > 0) continue;
      const next = stage.leases.nextMoment(stage.now);
      expect(next).toBeGreaterThan(stage.now);
      expect(Number.isFinite(next)).toBe(true);
      stage.now = Math.ceil(next);
    }
  }

  checkRates(): void {
    for (const [key, times] of this.leases) {
      const { rate, bucketSize } = limitsOfKey(CONFIG, key);
      if (!Number.isFinite(rate)) continue;
      for (let i = 0; i < times.length; i++) {
        for (let j = i; j < times.length; j++) {
          const seconds = ((times[j] as number) - (times[i] as number)) / 1000;
          expect(j - i + 1).toBeLessThanOrEqual(bucketSize + rate * seconds + 1e-6);
        }
      }
    }
  }
}

describe.each([
  ["with keys of all kinds", NAMES, 150],
  ["with keys that run one at a time", ["one-a", "one-b"], 150],
] as const)("leases of tasks %s", (_, names, numRuns) => {
  it("hold limits, keep the order of each key, and leave none out", () => {
    const histories = fc.array(stepOf(names), { minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(histories, (steps) => {
        const witness = new Witness();
        for (const given of steps) witness.take(given);
        witness.drain();
        witness.checkRates();
      }),
      { numRuns },
    );
  });
});
