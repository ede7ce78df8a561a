// What a Worker forgot to export or to list is one sentence that names the line to add.
import { runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { CLASSES } from "../../src/objects/exported.ts";
import { checkExports } from "../../src/objects/stubs.ts";
import { DIRECTORY, freshStart, objectOf, pass, queue } from "../support/time.ts";

beforeEach(freshStart);

const complete = () => ({ ...(exports as unknown as Record<string, unknown>) });

describe("the exports of a Worker", () => {
  it("are fine as documented", () => {
    expect(() => checkExports(exports)).not.toThrow();
  });

  it.each([...CLASSES, "TaskRunner"])("lack %s", (name) => {
    const missing = { ...complete(), [name]: undefined };
    expect(() => checkExports(missing)).toThrow(
      new RegExp(
        `does not export ${name}; .*export const \\{ TaskQueue, .*TaskRunner \\} = queues;`,
      ),
    );
  });

  it("lack a migration", () => {
    const unlisted = { ...complete(), TaskGroup: () => {} };
    expect(() => checkExports(unlisted)).toThrow(
      /TaskGroup has no storage; .*new_sqlite_classes = \["TaskQueue"/,
    );
  });
});

it("an attempt that cannot be sent frees its slot at once, and says why", async () => {
  await queue("two-at-once").add(["a", "b", "c"].map((name) => ({ name })));
  const swap = (runner: () => unknown) =>
    runInDurableObject(objectOf("two-at-once"), (instance) => {
      Object.assign(instance, { runner });
    });
  await swap(() => {
    throw new Error("the Worker does not export TaskRunner");
  });
  await pass("two-at-once", 0);
  expect((await queue("two-at-once").describe()).statistics.inFlight).toBe(0);
  const { lastAttempt } = await queue("two-at-once").get("a");
  expect(lastAttempt?.error).toContain("does not export TaskRunner");
});

it("a call on a queue made over the API reads one row of the directory, however many queues there are", async () => {
  await queue("made").define({ rate: "5/s" });
  const read: number[] = [];
  await runInDurableObject(objectOf(DIRECTORY), (_, { storage }) => {
    const { exec } = storage.sql;
    for (let i = 0; i < 500; i++)
      exec.call(storage.sql, "INSERT INTO known_queues VALUES (?)", `q${i}`);
    storage.sql.exec = ((...args: Parameters<typeof exec>) => {
      const rows = exec.apply(storage.sql, args).toArray();
      read.push(rows.length);
      return { toArray: () => rows, rowsWritten: 0, rowsRead: rows.length };
    }) as typeof exec;
  });
  await queue("made").describe();
  expect(read).toEqual([1]);
});
