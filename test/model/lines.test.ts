// Lines in random histories: whatever is added, ended, deleted, and whenever the object ends, limits of keys hold, keys
// in order keep it, and every task runs in the end.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeysEntry } from "../../src/core/config/keys-schema.ts";
import type { TaskRow } from "../../src/store/queue/tasks.ts";
import { LineStage } from "../support/line-stage.ts";

const KEYS: KeysEntry = keysWith(1);

/** `most`: slots of the keys that otherwise run in order. */
function keysWith(most: number): KeysEntry {
  const per_key = {
    slow: { rate: "1/s", bucket_size: 2 },
    fast: { rate: "50/s", bucket_size: 5, weight: 3 },
    two: { max_concurrent_requests: 2 },
    "one-*": { max_concurrent_requests: most },
    light: { weight: 0.3 },
  };
  return { per_key };
}
const NAMES = ["slow", "fast", "two", "one-a", "one-a", "one-b", "light", "x"];

type Step =
  | { do: "add"; key: string | undefined; priority: number | undefined; in: number; n: number }
  | { do: "turn"; limit: number }
  | { do: "end"; pick: number; retryIn: number | undefined }
  | { do: "remove"; pick: number }
  | { do: "pass"; ms: number }
  | { do: "hold"; pick: number }
  | { do: "limit"; most: number }
  | { do: "start" | "reread" | "limits" | "release" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      key: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
      priority: fc.option(fc.constantFrom(0, 1, 9), { nil: undefined }),
      in: fc.constantFrom(0, 0, 0, 1, 30),
      n: fc.constantFrom(1, 3, 40),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({ do: fc.constant("turn" as const), limit: fc.constantFrom(1, 5, 100) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("end" as const),
      pick: fc.nat(),
      retryIn: fc.constantFrom(undefined, 0, 2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), pick: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 100, 100, 5000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("start" as const, "reread", "limits") }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hold" as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("limit" as const), most: fc.constantFrom(1, 2) }),
  },
);

/** What is true of every history. */
class Witness {
  readonly stage: LineStage;
  readonly starts = new Map<string, number[]>();
  readonly live = new Map<string, TaskRow>();
  /** Tasks of keys in order that have begun and not ended. */
  readonly begun = new Map<string, TaskRow>();

  constructor(most: number) {
    this.stage = new LineStage(KEYS, most);
  }

  take(given: Step): void {
    const { stage } = this;
    if (given.do === "add") {
      const { n, do: _, ...task } = given;
      for (const row of stage.add(...Array.from({ length: n }, () => task as object)))
        this.live.set(row.name, row);
    } else if (given.do === "turn") this.turn(given.limit);
    else if (given.do === "end") this.end(given.pick, given.retryIn);
    else if (given.do === "remove") this.#remove(given.pick);
    else if (given.do === "pass") stage.now += given.ms;
    else if (given.do === "hold") stage.holdBack(given.pick);
    else if (given.do === "release") stage.release();
    else if (given.do === "limit") stage.limit(keysWith(given.most));
    else if (given.do === "start") this.#start();
    else if (given.do === "reread") stage.lines.reread();
    else stage.lines.limitsChanged();
  }

  // Of an attempt that was cut off nothing is known: its task stands where it stood.
  #start(): void {
    for (const { name } of this.stage.running.values()) this.begun.delete(name);
    this.stage.start();
  }

  turn(limit: number): number {
    const tasks = this.stage.turn(limit);
    expect(tasks.length).toBeLessThanOrEqual(limit);
    for (const task of tasks) this.#started(task);
    return tasks.length;
  }

  #started(task: TaskRow): void {
    const { now, keys, running } = this.stage;
    const { key } = task.spec;
    expect(task.due).toBeLessThanOrEqual(now);
    expect(this.live.has(task.name)).toBe(true);
    if (key === undefined) return;
    const { maxConcurrentRequests } = keys.of(key);
    const beside = [...running.values()].filter(({ spec }) => spec.key === key);
    expect(beside.length).toBeLessThanOrEqual(maxConcurrentRequests);
    this.starts.set(key, [...(this.starts.get(key) ?? []), now]);
    if (maxConcurrentRequests > 1) return;
    expect(this.stage.held.hasOf(key)).toBe(false);
    const before = [...this.begun.values()].filter(({ spec }) => spec.key === key);
    if (before.length > 0) expect(before.map(({ name }) => name)).toContain(task.name);
    this.begun.set(task.name, task);
  }

  end(pick: number, retryIn?: number): void {
    const { running } = this.stage;
    const task = [...running.values()][pick % Math.max(1, running.size)];
    if (!task) return;
    this.stage.end(task, retryIn);
    if (retryIn === undefined) this.#gone(task);
    else if (this.stage.keys.isInOrder(task.spec.key ?? "")) this.begun.set(task.name, task);
    else this.begun.delete(task.name);
  }

  #gone({ name }: TaskRow): void {
    this.live.delete(name);
    this.begun.delete(name);
  }

  #remove(pick: number): void {
    const { store, now, running } = this.stage;
    const name = [...this.live.keys()][pick % Math.max(1, this.live.size)];
    const found = name === undefined ? undefined : store.find(name, now);
    if (found?.kind !== "live" || running.has(found.task.key)) return;
    this.stage.remove(found.task);
    this.#gone(found.task);
  }

  /** Nothing else comes: by the moments that lines name alone, all tasks run. */
  drain(): void {
    const { stage } = this;
    stage.release();
    for (let vain = 0; this.live.size > 0; ) {
      while (stage.running.size > 0) this.end(0);
      if (this.live.size === 0) return;
      const next = stage.lines.nextDue();
      expect({ next, left: this.live.size }).not.toEqual({ next: undefined, left: this.live.size });
      stage.now = Math.max(stage.now, next as number);
      vain = this.turn(20) > 0 ? 0 : vain + 1;
      expect(vain).toBeLessThan(100);
    }
  }

  checkBounds(): void {
    for (const [key, starts] of this.starts) {
      const { rate, bucketSize } = this.stage.keys.of(key);
      if (!Number.isFinite(rate)) continue;
      for (const [j, to] of starts.entries())
        for (const [i, from] of starts.slice(0, j + 1).entries()) {
          const most = bucketSize + (rate * (to - from)) / 1000;
          expect(j - i + 1).toBeLessThanOrEqual(most + 1e-6);
        }
    }
  }
}

describe("lines, with as many as are remembered", () => {
  it.each([10_000, 3, 1])(
    "%i",
    (most) => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
          const witness = new Witness(most);
          for (const given of steps) witness.take(given);
          witness.drain();
          witness.checkBounds();
          expect(witness.stage.store.tasks.count()).toBe(0);
        }),
        { numRuns: 150 },
      );
    },
    120_000,
  );
});
