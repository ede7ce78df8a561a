// Many at once come to the same as one after the other.
import fc from "fast-check";
import { expect, it } from "vitest";
import type { AcceptedTask } from "../../../src/core/task/task.ts";
import { migrate, QUEUE_MIGRATIONS } from "../../../src/store/migrations.ts";
import { type AddOutcome, QueueStore } from "../../../src/store/queue/queue-store.ts";
import type { TaskRow } from "../../../src/store/queue/tasks.ts";
import { memorySql, queueTables } from "../sqlite.ts";

const NOW = Date.UTC(2030, 0, 1);
const RETENTION = { tombstoneTtl: 60, keepFailed: 30 };

type Step =
  | { do: "add"; tasks: { name: string | undefined; in: number; body: number }[] }
  | { do: "complete"; picks: number[]; keepResults: boolean }
  | { do: "fail" | "delete" | "retry"; pick: number }
  | { do: "delete all" | "redrive all"; given: string[] }
  | { do: "pass"; s: number };

const names = fc.constantFrom("a", "b", "c", "d");
const task = fc.record({
  name: fc.option(names, { nil: undefined }),
  in: fc.constantFrom(0, 0, 0, 1, 2),
  body: fc.nat(3),
});
const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("add" as const),
        tasks: fc.array(task, { maxLength: 40 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("complete" as const),
        picks: fc.uniqueArray(fc.nat(30), { maxLength: 20 }),
        keepResults: fc.boolean(),
      }),
    },
    fc.record({
      do: fc.constantFrom("fail" as const, "delete" as const, "retry" as const),
      pick: fc.nat(30),
    }),
    fc.record({
      do: fc.constantFrom("delete all" as const, "redrive all" as const),
      given: fc.array(fc.oneof(names, fc.constantFrom("generated 0", "generated 1", "unknown"))),
    }),
    fc.record({ do: fc.constant("pass" as const), s: fc.constantFrom(1, 40, 70) }),
  ),
  { maxLength: 12 },
);

/** A queue's rows, changed by one call a task, or by one a step. */
class Side {
  readonly sql = memorySql();
  readonly store = new QueueStore(queueTables(this.sql), () => 0.5);
  now = NOW;
  readonly #isTogether: boolean;

  constructor(isTogether: boolean) {
    migrate(this.sql, QUEUE_MIGRATIONS);
    this.#isTogether = isTogether;
  }

  take(step: Step): unknown {
    const { store, now } = this;
    const retention = { tombstoneTtl: 60, keepFailed: 30 };
    const tasks = store.tasks.list(-1, Number.MAX_SAFE_INTEGER, 100);
    if (step.do === "pass") this.now += step.s * 1000;
    else if (step.do === "add") return this.#add(step.tasks).map(seen);
    else if ("given" in step) return this.#act(step.do, step.given);
    else if (step.do === "complete") {
      const picked = step.picks.flatMap((pick) => tasks[pick] ?? []);
      return this.#complete(picked, step.keepResults);
    } else {
      const picked = tasks[step.pick];
      if (!picked) return;
      if (step.do === "fail") store.fail(picked, now, picked.progress, retention);
      if (step.do === "delete") store.delete(picked, now, retention);
      if (step.do === "retry") store.retry(picked, now + 5, { ...picked.progress, retryCount: 1 });
    }
    return undefined;
  }

  #add(given: Extract<Step, { do: "add" }>["tasks"]): AddOutcome[] {
    const tasks = given.map(
      ({ name, in: ms, body }): AcceptedTask => ({
        name,
        due: this.now + ms,
        spec: body === 3 ? { tag: "t" } : {},
        body: `${body}`,
      }),
    );
    if (this.#isTogether) return this.store.addAll(tasks, this.now);
    return tasks.map((one) => this.store.add(one, this.now));
  }

  #complete(tasks: TaskRow[], keepResults: boolean): void {
    const retention = { tombstoneTtl: 60, keepFailed: 30, keepResults };
    const progress = { retryCount: 2, executionCount: 3, attempts: [] };
    const result = { type: "text/plain", text: "fine" };
    const ends = tasks.map((one) => ({ task: one, now: this.now, progress, result }));
    if (this.#isTogether) this.store.completeAll(ends, retention);
    else
      for (const end of ends) this.store.complete(end.task, this.now, progress, retention, result);
  }

  #act(act: "delete all" | "redrive all", given: readonly string[]): unknown {
    const { store, now } = this;
    const names = given.map((name) => this.#generated()[Number(name.split(" ")[1])] ?? name);
    const each = this.#isTogether ? [names] : [...new Set(names)].map((name) => [name]);
    if (act === "redrive all")
      return each.flatMap((some) => store.redriveAll(store.failedOf(some, now), now));
    const gone = each.map((some) => store.deleteAll(some, now, RETENTION));
    return (["live", "failed"] as const).map((kind) =>
      gone.flatMap((one) => one[kind].map(({ name }) => name)),
    );
  }

  #generated(): string[] {
    const { tasks, failed } = this.store;
    const all = [...tasks.list(-1, Number.MAX_SAFE_INTEGER, 100), ...failed.list(-1, 100)];
    return all.filter(({ named }) => !named).map(({ name }) => name);
  }

  rows(): unknown {
    // Which rows of expired names are taken over may differ.
    const names = `(SELECT * FROM names WHERE coalesce(expires > ${this.now}, true))`;
    const tables = ["tasks", "tags", names, "failed", "large_results"];
    return tables.map((table) => this.sql.rows(`SELECT * FROM ${table} ORDER BY 1`));
  }
}

// Which key a task has beside others of its time may differ; which task it is may not.
function seen(outcome: AddOutcome): unknown {
  if ("added" in outcome) {
    const { name, named, due, body } = outcome.added;
    return { name: named && name, due, body };
  }
  const { taken } = outcome;
  return taken.kind === "ended" ? taken.row : taken.task;
}

it("comes to the same", () => {
  const property = fc.property(steps, (given) => {
    const [alone, together] = [new Side(false), new Side(true)];
    for (const step of given) {
      expect(together.take(step as Step)).toEqual(alone.take(step as Step));
      expect(together.rows()).toEqual(alone.rows());
      expect(together.store.steps.takeCounts()).toEqual(alone.store.steps.takeCounts());
    }
  });
  fc.assert(property, { numRuns: 400 });
});

it("knows a generated name as taken", () => {
  const { store } = new Side(true);
  const given = { name: undefined, due: NOW, spec: {}, body: undefined };
  const added = store.addAll(new Array(20).fill(given), NOW);
  const names = added.flatMap((outcome) => ("added" in outcome ? outcome.added.name : []));
  const again = store.addAll(
    names.map((name) => ({ ...given, name })),
    NOW,
  );
  expect(again.map((outcome) => "taken" in outcome && outcome.taken.kind)).toEqual(
    new Array(20).fill("live"),
  );
});

it("costs as many statements for a hundred names as for ten", () => {
  const statementsOf = (n: number) => {
    const { sql, store } = new Side(true);
    const tasks = Array.from({ length: n }, (_, i) => ({
      ...{ name: `n${i}`, due: NOW, spec: {}, body: undefined },
    }));
    store.add({ name: undefined, due: NOW, spec: {}, body: undefined }, NOW);
    const before = sql.statements;
    store.addAll(tasks, NOW);
    const added = store.tasks.list(-1, Number.MAX_SAFE_INTEGER, 1000).slice(1);
    const progress = { retryCount: 0, executionCount: 1, attempts: [] };
    store.completeAll(
      added.map((task) => ({ task, now: NOW, progress })),
      { tombstoneTtl: 60, keepFailed: 30 },
    );
    return sql.statements - before;
  };
  // Beside the inserts, sixteen tasks each.
  expect(statementsOf(160) - 10).toBe(statementsOf(16) - 1);
});

type Act = (store: QueueStore, names: readonly string[]) => unknown;

it.each<[what: string, isOfFailed: boolean, act: Act]>([
  ["a delete", false, (store, names) => store.deleteAll(names, NOW, RETENTION)],
  ["a delete of failed ones", true, (store, names) => store.deleteAll(names, NOW, RETENTION)],
  ["a redrive", true, (store, names) => store.redriveAll(store.failedOf(names, NOW), NOW)],
])("%s of a hundred costs as many statements as one of ten", (_, isOfFailed, act) => {
  const statementsOf = (n: number) => {
    const { sql, store } = new Side(true);
    const names = Array.from({ length: n }, (_, i) => `n${i}`);
    store.addAll(
      names.map((name) => ({ name, due: NOW, spec: {}, body: "body" })),
      NOW,
    );
    for (const task of isOfFailed ? store.tasks.list(-1, Number.MAX_SAFE_INTEGER, n) : [])
      store.fail(task, NOW, task.progress, RETENTION);
    const before = sql.statements;
    act(store, names);
    return sql.statements - before;
  };
  expect(statementsOf(100)).toBe(statementsOf(10));
});

it("finds room for all that are put back, where their moment is nearly full and the next has tasks", () => {
  const { store } = new Side(true);
  const add = (n: number, due: number) =>
    store.addAll(new Array(n).fill({ name: undefined, due, spec: {}, body: undefined }), NOW);
  add(10, NOW + 2);
  for (const task of store.tasks.list(-1, Number.MAX_SAFE_INTEGER, 10))
    store.fail(task, NOW, task.progress, RETENTION);
  add(1, NOW + 1);
  add(4090, NOW);
  const failed = store.failed.list(-1, 10);
  expect(store.redriveAll(failed, NOW).length).toBe(10);
  expect(store.tasks.count()).toBe(4101);
});
