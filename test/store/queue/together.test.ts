// Many at once come to the same as one after the other.
import fc from "fast-check";
import { expect, it } from "vitest";
import type { AcceptedTask } from "../../../src/core/task/task.ts";
import { migrate, QUEUE_MIGRATIONS } from "../../../src/store/migrations.ts";
import { type AddOutcome, QueueStore } from "../../../src/store/queue/queue-store.ts";
import type { TaskRow } from "../../../src/store/queue/tasks.ts";
import { memorySql, queueTables } from "../sqlite.ts";

const NOW = Date.UTC(2030, 0, 1);

type Step =
  | { do: "add"; tasks: { name: string | undefined; in: number; body: number }[] }
  | { do: "complete"; picks: number[]; keepResults: boolean }
  | { do: "fail" | "delete" | "retry"; pick: number }
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
        spec: {},
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

  rows(): unknown {
    // Which rows of expired names are taken over may differ.
    const names = `(SELECT * FROM names WHERE coalesce(expires > ${this.now}, true))`;
    const tables = ["tasks", names, "failed", "results"];
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
      expect(together.store.takeTransitions()).toEqual(alone.store.takeTransitions());
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
