// The store against a model of a few maps: whatever is done to both in whatever order, with time moving
// and the store opened anew in between, they give the same answers.
import fc from "fast-check";
import { expect, it } from "vitest";
import { NO_PROGRESS } from "../../src/core/task.ts";
import { lastKeyOf } from "../../src/store/key.ts";
import { Store } from "../../src/store/store.ts";
import { memorySql } from "./sqlite.ts";

const START = Date.UTC(2030, 0, 1);
const RETENTION = { tombstoneTtl: 100, keepFailed: 40 };
const FAR = START + 1e9;

interface Ended {
  state: "done" | "deleted" | "failed";
  expires: number;
  /** Until when a failed task's record is kept. */
  kept?: number;
}

class Model {
  now = START;
  /** Name -> due time, and whether the name was chosen. */
  readonly live = new Map<string, { due: number; named: boolean }>();
  readonly ended = new Map<string, Ended>();

  stateOf(name: string): string | undefined {
    if (this.live.has(name)) return "live";
    const ended = this.ended.get(name);
    return ended && ended.expires > this.now ? ended.state : undefined;
  }

  end(name: string, state: "done" | "deleted"): void {
    const isNamed = this.live.get(name)?.named;
    this.live.delete(name);
    this.ended.delete(name);
    if (isNamed) this.ended.set(name, { state, expires: this.now + RETENTION.tombstoneTtl * 1000 });
  }

  bury(name: string): void {
    const isNamed = this.live.get(name)?.named;
    const kept = this.now + RETENTION.keepFailed * 1000;
    const expires = isNamed ? this.now + RETENTION.tombstoneTtl * 1000 : kept;
    this.live.delete(name);
    this.ended.set(name, { state: "failed", expires, kept });
  }
}

type Step =
  | { do: "add"; name: string | undefined; delay: number }
  | { do: "finish" | "bury" | "delete" | "retry"; pick: number; delay: number }
  | { do: "pass"; seconds: number }
  | { do: "purge" | "sweep" | "reopen" };

const delay = fc.constantFrom(0, 0, 0, 1, 1000, 5000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      name: fc.option(fc.constantFrom("a", "b", "c", "d", "e"), { nil: undefined }),
      delay,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("finish" as const, "bury" as const, "delete" as const, "retry" as const),
      pick: fc.nat(),
      delay,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      seconds: fc.constantFrom(0, 1, 39, 41, 101, 30_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("purge" as const, "sweep" as const, "reopen" as const),
    }),
  },
);

class System {
  readonly model = new Model();
  readonly #sql = memorySql();
  #chance = 0;
  #store = this.#open();

  #open(): Store {
    return new Store(this.#sql, () => (this.#chance += 1e-9));
  }

  take(one: Step): void {
    const { model } = this;
    if (one.do === "add") this.#add(one.name, model.now + one.delay);
    else if (one.do === "pass") model.now += one.seconds * 1000;
    else if (one.do === "purge") this.#purge();
    else if (one.do === "sweep") while (this.#store.sweep(model.now));
    else if (one.do === "reopen") this.#store = this.#open();
    else this.#end(one.do, one.pick, model.now + one.delay);
  }

  #add(name: string | undefined, due: number): void {
    const { model } = this;
    const before = name === undefined ? undefined : model.stateOf(name);
    const task = { name, due, spec: {}, body: undefined };
    const outcome = this.#store.add(task, model.now);
    expect("taken" in outcome).toBe(before !== undefined);
    if ("taken" in outcome) return;
    model.ended.delete(outcome.added.name);
    model.live.set(outcome.added.name, { due, named: name !== undefined });
  }

  #end(how: "finish" | "bury" | "delete" | "retry", pick: number, due: number): void {
    const { model } = this;
    const names = [...model.live.keys()];
    const name = names[pick % names.length];
    if (name === undefined) return;
    const found = this.#store.find(name, model.now);
    if (found?.kind !== "live") throw new Error(`"${name}" was lost`);
    const { task } = found;
    const progress = { ...NO_PROGRESS, retryCount: task.progress.retryCount + 1 };
    if (how === "retry") {
      expect(this.#store.retry(task, due, progress)).toMatchObject({ name });
      model.live.set(name, { due, named: task.named });
      return;
    }
    const isDone =
      how === "delete"
        ? this.#store.delete(task, model.now, RETENTION)
        : this.#store[how](task, model.now, progress, RETENTION);
    expect(isDone).toBe(true);
    expect(this.#store.finish(task, model.now, progress, RETENTION)).toBe(false);
    if (how === "bury") model.bury(name);
    else model.end(name, how === "finish" ? "done" : "deleted");
  }

  #purge(): void {
    this.#store.purge(this.model.now, RETENTION);
    for (const name of [...this.model.live.keys()]) this.model.end(name, "deleted");
  }

  check(): void {
    const { model } = this;
    const rows = this.#store.tasks.due(-1, lastKeyOf(FAR), 1000, () => false);
    expect(rows.map(({ name }) => name).sort()).toEqual([...model.live.keys()].sort());
    expect(this.#store.tasks.count()).toBe(model.live.size);
    for (const { name, due } of rows) {
      const wanted = model.live.get(name)?.due ?? Number.NaN;
      // A full instant spills over into the next; these runs never fill one.
      expect(due).toBe(wanted);
    }
    expect(rows.map(({ due }) => due)).toEqual(rows.map(({ due }) => due).sort((a, b) => a - b));
    for (const name of ["a", "b", "c", "d", "e", ...model.ended.keys()]) this.#checkName(name);
  }

  #checkName(name: string): void {
    const { model } = this;
    const found = this.#store.find(name, model.now);
    const state = found?.kind === "live" ? "live" : found?.row.state;
    expect([name, state]).toEqual([name, model.stateOf(name)]);
    const kept = model.ended.get(name)?.kept ?? 0;
    // A record may outlive its time until somebody sweeps, never the other way round.
    if (state === "failed" && kept > model.now) expect(found?.kind).toBe("failed");
  }
}

it("answers as the model does", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
      const system = new System();
      for (const one of steps) {
        system.take(one);
        system.check();
      }
    }),
    { numRuns: 300 },
  );
});

it("forgets what has expired when it is swept, and nothing sooner", () => {
  const sql = memorySql();
  const store = new Store(sql, () => 0.5);
  const rows = (table: string) => [...sql.exec(`SELECT count(*) AS n FROM ${table}`)][0]?.n;
  for (let i = 0; i < 1200; i++) {
    const outcome = store.add({ name: `n${i}`, due: START, spec: {}, body: undefined }, START);
    if ("added" in outcome)
      store[i % 2 ? "finish" : "bury"](outcome.added, START, NO_PROGRESS, RETENTION);
  }
  while (store.sweep(START + 39_000));
  expect([rows("names"), rows("failed")]).toEqual([1200, 600]);
  while (store.sweep(START + 41_000));
  expect([rows("names"), rows("failed")]).toEqual([1200, 0]);
  while (store.sweep(START + 7 * 3600_000));
  expect([rows("names"), rows("failed")]).toEqual([0, 0]);
  expect(store.sweep(START + 1e9)).toBe(false);
});
