// What lies under a name goes from one store to another and is there what it was here.
import { beforeEach, describe, expect, it } from "vitest";
import { type AcceptedTask, NO_PROGRESS } from "../../../src/core/task/task.ts";
import { Moving } from "../../../src/store/queue/moving.ts";
import { QueueStore } from "../../../src/store/queue/queue-store.ts";
import { isExpedited, isParked } from "../../../src/store/queue/row-key.ts";
import type { TaskRow } from "../../../src/store/queue/tasks.ts";
import { memorySql, queueTables } from "../sqlite.ts";
import { transact } from "./transact.ts";

const NOW = Date.UTC(2030, 0, 1);
const LATER = NOW + 60_000;
const RETENTION = { tombstoneTtl: 3600, keepFailed: 7200, keepResults: true };
const TRIED = {
  ...{ retryCount: 2, executionCount: 2 },
  attempts: [{ startedAt: NOW, endedAt: NOW + 1, status: 500 }],
};
const TABLES = ["tasks", "names", "failed", "tags", "large_results", "outbox"];
const RULED = ["expired", "expiries", "successors"];
const SMALL = { type: null, text: "ok" };
const LARGE = { type: "text/plain", text: "x".repeat(5000) };

let random = 0;
let here: Side;
let there: Side;

interface Side {
  store: QueueStore;
  run<T>(work: () => T): T;
  count(): Record<string, number>;
}

function moving({ store }: Side): Moving {
  return store.withNames((names) => new Moving(store, names));
}

function side(): Side {
  const sql = queueTables(memorySql());
  random += 1e-3;
  const from = random;
  let drawn = from;
  const store = new QueueStore(sql, () => {
    drawn += 1e-9;
    return drawn;
  });
  return {
    store,
    run: (work) => transact(sql, store, NOW, work),
    count: () => {
      const rows = (table: string) => sql.rows(`SELECT count(*) AS n FROM ${table}`)[0]?.n;
      const counted = [
        ...TABLES.map((table) => [table, rows(table)]),
        ...RULED.map((table) => [table, store.ruled.exist ? rows(table) : 0]),
      ];
      return Object.fromEntries(counted);
    },
  };
}

function add(name?: string, more: Partial<AcceptedTask> = {}): TaskRow {
  const given = { name, due: LATER, spec: {}, body: "body", ...more };
  const outcome = here.store.add(given, NOW);
  return "added" in outcome ? outcome.added : expect.unreachable();
}

/** Each makes something under a name, and says which. */
const KINDS: Record<string, (name: string | undefined) => string> = {
  "waits for its time": (name) => add(name).name,
  "has bytes, a tag and headers": (name) =>
    add(name, { body: new Uint8Array([0, 255]), spec: { tag: "t", headers: [["A", "b"]] } }).name,
  "is to be tried again": (name) => {
    const task = add(name);
    here.store.retry(task, LATER + 5, TRIED);
    return task.name;
  },
  "was asked to run now": (name) => {
    const task = add(name);
    here.store.expedite(task, NOW);
    return task.name;
  },
  "waits for its group": (name) => {
    const task = add(name);
    here.store.park(task, NOW, { ...TRIED, waitsFor: "g" });
    return task.name;
  },
  "was leased before": (name) => {
    const task = add(name, { spec: { tag: "t" } });
    here.store.lease(task, NOW - 1, TRIED);
    return task.name;
  },
  "has failed": (name) => {
    const task = add(name);
    here.store.fail(task, NOW, TRIED, RETENTION);
    return task.name;
  },
  "has failed and is to go to the dead-letter queue": (name) => {
    const task = add(name);
    here.store.fail(task, NOW, TRIED, { ...RETENTION, failedQueue: "dead" });
    return task.name;
  },
  "may expire": (name) => add(name, { spec: { expires: 5 } }).name,
  "might have expired, but was started": (name) => {
    const task = add(name, { spec: { expires: 5 } });
    here.store.ruled.unexpect(task);
    return task.name;
  },
  "has expired": (name) => {
    const task = add(name, { spec: { expires: 5 } });
    here.store.expire(task, NOW, RETENTION);
    return task.name;
  },
  "has another wait behind it": (given) => {
    const { name } = add(given ?? "given", { spec: { throttle: { seconds: 5 } } });
    here.store.ruled.follow({ name, due: NOW, createdAt: NOW, spec: { expires: 5 }, body: "next" });
    return name;
  },
  "has a small result": (name) => {
    const task = add(name);
    here.store.complete(task, NOW, TRIED, RETENTION, SMALL);
    return task.name;
  },
  "has a large result": (name) => {
    const task = add(name);
    here.store.complete(task, NOW, TRIED, RETENTION, LARGE);
    return task.name;
  },
  "is done, and nothing kept but its name": (name) => {
    const task = add(name ?? "given");
    here.store.complete(task, NOW, TRIED, { ...RETENTION, keepResults: false });
    return task.name;
  },
  "was deleted": (name) => {
    const task = add(name ?? "given");
    here.store.delete(task, NOW, RETENTION);
    return task.name;
  },
  "failed, and its record was deleted": (name) => {
    const task = add(name ?? "given");
    here.store.fail(task, NOW, TRIED, RETENTION);
    here.store.deleteAll([task.name], NOW, RETENTION);
    return task.name;
  },
};

beforeEach(() => {
  here = side();
  there = side();
});

/** What can be seen of a name, but for the key of a record, which is its store's own. */
function seen({ store }: Side, name: string): object | undefined {
  const found = store.find(name, NOW);
  if (!found) return undefined;
  if (found.kind === "live") return { ...found, ...ruledOf(store) };
  const { key: _, result: __, ...row } = found.row;
  const letters = store.deadLetters.first(10).map((letter) => letter.name);
  return { ...found, row, result: store.resultOf(found.row), letters, ...ruledOf(store) };
}

function ruledOf(store: QueueStore): object {
  const { expiries, successors } = store.ruled;
  if (!store.ruled.exist) return { next: undefined, expired: 0, expiries: [] };
  const next = successors.of("given") ?? successors.of("named");
  return { next, expired: store.counts.expired(), expiries: expiries.upTo(LATER, 9) };
}

function move(name: string): TaskRow | undefined {
  const row = structuredClone(moving(here).rowOf(name, NOW));
  if (!row) return expect.unreachable();
  const task = there.run(() => moving(there).takeIn(row, NOW));
  here.run(() => moving(here).remove(row));
  return task;
}

it("a task that failed keeps its record where another has its name by then", () => {
  const task = here.run(() => {
    const failed = add("named");
    here.store.fail(failed, NOW, TRIED, RETENTION);
    return failed;
  });
  there.run(() => there.store.add({ name: "named", due: NOW, spec: {}, body: "new" }, NOW));
  move("named");
  expect(there.store.find("named", NOW)).toMatchObject({ kind: "live", task: { body: "new" } });
  const [kept] = there.store.failed.list(-1, 9);
  expect(kept).toMatchObject({ body: task.body, named: false });
  expect(there.store.find(kept?.name as string, NOW)).toMatchObject({ kind: "failed" });
});

it("is started again, retried and done where no task ever expired", () => {
  const name = here.run(() => KINDS["might have expired, but was started"]?.("named")) as string;
  const task = move(name) as TaskRow;
  there.run(() => there.store.ruled.unexpect(task));
  expect(there.store.ruled.expiresAt(task)).toBeUndefined();
  expect(there.run(() => there.store.expireInTime(task, LATER, RETENTION))).toBe(false);
  const retried = there.run(() => there.store.retry(task, LATER, TRIED)) as TaskRow;
  expect(there.run(() => there.store.complete(retried, LATER, TRIED, RETENTION))).toBe(true);
  expect(there.store.ruled.exist).toBe(false);
});

describe.each(Object.entries(KINDS))("a task that %s", (_, make) => {
  it.each([["named"], [undefined]])("goes, and leaves nothing behind (%s)", (given) => {
    const name = here.run(() => make(given));
    const before = { seen: seen(here, name), count: here.count() };
    move(name);
    expect(seen(there, name)).toEqual(before.seen);
    expect(there.count()).toEqual(before.count);
    expect(seen(here, name)).toBeUndefined();
    expect(Object.values(here.count()).every((n) => n === 0)).toBe(true);
  });

  it("is counted there, and as no step of anything", () => {
    const name = here.run(() => make("named"));
    here.store.steps.takeCounts();
    const counts = [here.store.counts.tasks(NOW), here.store.counts.failed()];
    move(name);
    expect([there.store.counts.tasks(NOW), there.store.counts.failed()]).toEqual(counts);
    expect(here.store.counts.tasks(NOW).tasks + here.store.counts.failed()).toBe(0);
    for (const { store } of [here, there])
      expect(Object.values(store.steps.takeCounts()).every((n) => n === 0)).toBe(true);
  });

  it("lies under its name where its key is taken", () => {
    const name = here.run(() => make(undefined));
    const key = moving(here).rowOf(name, NOW)?.task?.key;
    if (key === undefined) return;
    there.run(() =>
      moving(there).takeIn(
        { name: "other", task: { ...blank(), key, name: "other", named: true } },
        NOW,
      ),
    );
    const before = here.store.find(name, NOW);
    const task = move(name);
    const found = there.store.find(name, NOW);
    expect(found?.kind).toBe(before?.kind);
    if (!task) return;
    expect(task.key).toBe(key + 1);
    expect([isExpedited, isParked].map((is) => is(task.key))).toEqual(
      [isExpedited, isParked].map((is) => is(key)),
    );
  });
});

function blank(): Omit<TaskRow, "key" | "name" | "named"> {
  return { createdAt: NOW, due: LATER, spec: {}, progress: NO_PROGRESS, body: undefined };
}

it("walks all names there are, whatever has come of them", () => {
  const names = here.run(() => Object.values(KINDS).map((make, i) => make(`n${i}`)));
  here.run(() => add(undefined));
  const walk = moving(here).walk();
  walk.next(0);
  const walked = new Set<string>();
  for (let page = walk.next(2); !page.done; page = walk.next(2)) {
    expect(page.value.length).toBeLessThanOrEqual(2);
    for (const name of page.value) walked.add(name);
  }
  expect(walked.size).toBe(names.length + 1);
  for (const name of names) expect(walked).toContain(name);
});

it("keeps a task over what is remembered of one of its name", () => {
  const name = here.run(() => KINDS["was deleted"]?.("twice") ?? "");
  const row = moving(here).rowOf(name, NOW);
  there.run(() => there.store.add({ name, due: LATER, spec: {}, body: undefined }, NOW));
  there.run(() => row && moving(there).takeIn(row, NOW));
  expect(there.store.find(name, NOW)?.kind).toBe("live");
});

it("takes in that there are groups, and which are cancelled, but not which batches are accepted", () => {
  here.run(() => {
    here.store.acceptedGroups.accept("a", 7);
    here.store.acceptedGroups.accept("c", 3);
    here.store.acceptedGroups.cancel("b", 1);
  });
  there.run(() => there.store.acceptedGroups.accept("a", 5));
  there.run(() => there.store.acceptedGroups.takeIn(here.store.acceptedGroups.all()));
  expect(there.store.acceptedGroups.lastBatch("a")).toBe(5);
  expect(there.store.acceptedGroups.lastBatch("c")).toBe(-1);
  expect(there.store.acceptedGroups.any()).toBe(true);
  expect(there.store.acceptedGroups.isCancelled("b")).toBe(true);
});

it("refuses to add what belongs elsewhere", () => {
  const store = new QueueStore(
    ...[queueTables(memorySql()), () => 0.5],
    () => {},
    (name) => (name === "theirs" ? undefined : name),
  );
  expect(() => store.add({ name: "theirs", due: NOW, spec: {}, body: undefined }, NOW)).toThrow(
    "belongs to another shard",
  );
  expect(() => store.addAll([{ name: "theirs", due: NOW, spec: {}, body: "" }], NOW)).toThrow(
    "belongs to another shard",
  );
});
