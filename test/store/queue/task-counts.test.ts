import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_PROGRESS } from "../../../src/core/task/task.ts";
import { QueueStore } from "../../../src/store/queue/queue-store.ts";
import type { TaskRow } from "../../../src/store/queue/tasks.ts";
import { memorySql, queueTables } from "../sqlite.ts";
import { transact } from "./transact.ts";

const START = Date.UTC(2030, 0, 1);
const MINUTE = 60_000;
const RETENTION = { tombstoneTtl: 100, keepFailed: 100 };

/** A queue's store with a clock; `fullCounts` are the statements that read a whole table. */
class Place {
  readonly sql = memorySql();
  now = START;
  fullCounts = 0;
  store: QueueStore;

  constructor() {
    const { rows } = this.sql;
    this.sql.rows = (query, ...bindings) => {
      if (/^SELECT count\(\*\) AS n FROM \w+$/.test(query)) this.fullCounts++;
      return rows(query, ...bindings);
    };
    this.store = this.restart();
  }

  restart(): QueueStore {
    this.store = new QueueStore(queueTables(this.sql), () => 0.5);
    return this.store;
  }

  add(n: number, due = this.now): TaskRow[] {
    const task = { name: undefined, due, spec: {}, body: undefined };
    return transact(this.sql, this.store, this.now, () =>
      Array.from({ length: n }, () => this.store.tasks.insert(task, this.now)),
    );
  }

  remove(n: number): void {
    const rows = this.store.tasks.list(-1, Number.MAX_SAFE_INTEGER, n);
    transact(this.sql, this.store, this.now, () => {
      for (const row of rows) this.store.delete(row, this.now, RETENTION);
    });
  }

  /** As the queue's view does: a full count is stored with the next commit. */
  shows<T>(count: () => T): T {
    const shown = count();
    if (this.store.counts.isUnstored) transact(this.sql, this.store, this.now, () => {});
    return shown;
  }

  get shown(): number {
    return this.shows(() => this.store.counts.tasks(this.now).tasks);
  }

  get failed(): number {
    return this.shows(() => this.store.counts.failed());
  }

  get snapshot(): number | undefined {
    return this.store.meta.get("tasksCount")?.rows;
  }
}

describe("how many tasks there are", () => {
  it.each([
    [0, 0, { tasks: 0, scheduled: 0, due: 0 }],
    [1000, 1000, { tasks: 2000, scheduled: 1000, due: 1000 }],
    [1001, 3, { tasks: 1004, scheduled: 1001, due: 3 }],
    [3, 1500, { tasks: 1503, scheduled: 3, due: 1500 }],
    [1001, 1001, { tasks: 2002, scheduled: undefined, due: undefined }],
  ])("of %i scheduled and %i due ones is %j, twice asked", (scheduled, due, tally) => {
    const place = new Place();
    place.add(scheduled, START + MINUTE);
    place.add(due);
    expect(place.store.counts.tasks(START)).toEqual({ ...tally, waiting: 0 });
    expect(place.store.counts.tasks(START)).toEqual({ ...tally, waiting: 0 });
    expect(place.restart().counts.tasks(START)).toEqual({ ...tally, waiting: 0 });
  });

  it("counts masters that wait for themselves, among neither", () => {
    const place = new Place();
    const [first, second] = place.add(2) as [TaskRow, TaskRow];
    place.add(1, START + MINUTE);
    transact(place.sql, place.store, START, () => {
      for (const task of [first, second]) {
        place.store.park(task, START, { ...NO_PROGRESS, waitsFor: "g" });
      }
    });
    const tally = { tasks: 3, scheduled: 1, due: 0, waiting: 2 };
    expect(place.store.counts.tasks(START)).toEqual(tally);
    expect(place.restart().counts.tasks(START)).toEqual(tally);
  });

  it("goes along with what comes and goes, and back with what is undone", () => {
    const place = new Place();
    place.add(1500);
    expect(place.shown).toBe(1500);
    place.add(10);
    place.remove(5);
    const undone = () => {
      place.add(700);
      place.store.purge(START, RETENTION, 500);
      throw new Error("undone");
    };
    expect(() => transact(place.sql, place.store, START, undone)).toThrow("undone");
    expect(place.shown).toBe(1505);
    expect(place.fullCounts).toBe(1);
  });

  it("is counted in full once, and known after a restart from then on", () => {
    const place = new Place();
    place.add(5000);
    for (let i = 0; i < 3; i++) {
      expect([place.shown, place.fullCounts]).toEqual([5000, 1]);
      place.restart();
    }
    place.restart();
    place.add(7);
    expect([place.shown, place.fullCounts]).toEqual([5007, 1]);
  });

  it("lacks a hundredth after a start at most, however fast tasks came", () => {
    const place = new Place();
    place.add(1500);
    expect(place.shown).toBe(1500);
    const { written } = place.sql;
    for (let i = 0; i < 150; i++) place.add(1000);
    expect(place.sql.written - written - 150_000).toBeLessThanOrEqual(150);
    place.restart();
    expect(place.shown).toBeGreaterThan(151_500 * 0.99);
  });

  it("is written once a minute at most while it is large, and taken away when it is not", () => {
    const place = new Place();
    place.add(1500);
    expect(place.shown).toBe(1500);
    const { written } = place.sql;
    for (let i = 0; i < 120; i++) {
      place.add(1);
      place.now += 1000;
    }
    expect(place.sql.written - written - 120).toBe(1);
    expect(place.snapshot).toBe(1561);
    place.remove(700);
    expect(place.snapshot).toBeUndefined();
    expect(place.shown).toBe(920);
  });

  it("costs a constant number of rows a minute when it swings about a thousand", () => {
    const place = new Place();
    place.add(1001);
    expect(place.shown).toBe(1001);
    const { written } = place.sql;
    for (let i = 0; i < 300; i++) {
      place.remove(1);
      place.add(1);
      place.now += 100;
    }
    expect(place.sql.written - written - 600).toBeLessThanOrEqual(2);
  });

  it("is never read or written where nobody asks", () => {
    const place = new Place();
    place.add(3000);
    const { written, statements } = place.sql;
    place.now += MINUTE;
    place.add(10);
    expect([place.sql.written - written, place.sql.statements - statements]).toEqual([10, 10]);
  });

  it("is counted anew when an estimate has come down to what can be counted", () => {
    const place = new Place();
    place.add(4000);
    expect(place.shown).toBe(4000);
    place.add(900);
    place.restart();
    expect(place.shown).toBe(4000);
    place.remove(3500);
    expect(place.snapshot).toBeUndefined();
    expect(place.shown).toBe(1400);
  });

  it("is at most a minute of changes off after a restart, and exact without one or when small", () => {
    const step = fc.record({
      add: fc.nat(900),
      remove: fc.nat(900),
      wait: fc.integer({ min: MINUTE / 2 + 1, max: MINUTE }),
      restart: fc.boolean(),
    });
    const steps = fc.array(step, { minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(steps, (steps) => {
        const place = new Place();
        place.add(1500);
        expect(place.shown).toBe(1500);
        let slack = 0;
        for (const { add, remove, wait, restart } of steps) {
          place.now += wait;
          place.add(add);
          place.remove(remove);
          if (restart) {
            slack += add + remove + MAX_BETWEEN;
            place.restart();
          }
          const { tasks } = place.store.counts.tasks(place.now);
          const real = place.store.tasks.count();
          if (real <= 1000) slack = 0;
          expect(Math.abs(tasks - real)).toBeLessThanOrEqual(slack);
        }
      }),
      { numRuns: 25 },
    );
  });
});

// Steps are more than half a minute apart, so two of them may fall between a snapshot and a restart.
const MAX_BETWEEN = 1800;

describe("how many failed tasks are kept", () => {
  const fail = (place: Place, n: number) => {
    const rows = place.add(n);
    transact(place.sql, place.store, place.now, () => {
      for (const row of rows) place.store.fail(row, place.now, NO_PROGRESS, RETENTION);
    });
  };

  it("is counted when they are few, and counted along", () => {
    const place = new Place();
    fail(place, 3);
    expect(place.failed).toBe(3);
    fail(place, 2);
    const [first] = place.store.failed.list(-1, 1) as [TaskRow];
    transact(place.sql, place.store, START, () =>
      place.store.deleteAll([first.name], START, RETENTION),
    );
    expect(place.failed).toBe(4);
    place.now += RETENTION.keepFailed * 1000;
    transact(place.sql, place.store, place.now, () => place.store.sweep.run(place.now));
    expect(place.failed).toBe(0);
    expect(place.fullCounts).toBe(0);
  });

  it("is known after a restart when they are many", () => {
    const place = new Place();
    fail(place, 1200);
    expect(place.failed).toBe(1200);
    place.restart();
    fail(place, 5);
    expect([place.failed, place.fullCounts]).toEqual([1205, 1]);
  });
});
