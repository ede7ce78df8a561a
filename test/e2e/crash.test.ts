import { expect, it } from "vitest";
import { countedBy, subtasksOf } from "../../scripts/count-once.ts";
import { startServer } from "../../scripts/server.ts";
import { tally } from "../../scripts/tally.ts";
import { until } from "../../scripts/until.ts";
import { add, runningServer, stateOf, temporaryDir } from "./support.ts";

const JOB = { from: 1, to: 5000, parts: 500 };

it("killed with -9 in the middle of 500 subtasks and started again, all 500 finish", async () => {
  const stateDir = temporaryDir();
  const subtasks = subtasksOf("count", JOB);
  const first = await startServer({ stateDir });
  const fields = { from: `${JOB.from}`, to: `${JOB.to}`, parts: `${JOB.parts}` };
  expect((await add(first, "master", "name=count", fields)).status).toBe(201);
  await until("a hundred subtasks counted", 60, () => countedBy(first).length >= 100);
  await first.kill();
  const before = countedBy(first);
  expect(before.length).toBeLessThan(500);

  // Nobody touches a queue from here on: the log alone is looked at.
  const second = await runningServer({ stateDir });
  const { lost } = await until("all subtasks counted", 90, () => {
    const both = tally(subtasks, [...before, ...countedBy(second)]);
    return both.lost.length === 0 && both;
  });
  expect(lost).toEqual([]);

  const { doubled, strange } = tally(subtasks, [...before, ...countedBy(second)]);
  expect(strange).toEqual([]);
  // Again ran only what was in flight at the kill: at most max_concurrent_requests of them.
  expect(doubled.length).toBeLessThanOrEqual(20);
  await until("the last results written", 10, async () => {
    const { statistics } = await second.json<{ statistics: { tasks: number } }>(
      "/_ah/api/queues/sub",
    );
    return statistics.tasks === 0;
  });
  for (const name of subtasks)
    expect([name, await stateOf(second, "sub", name)]).toEqual([name, "done"]);
  expect((await add(second, "master", "name=count", fields)).body.error?.code).toBe(
    "TOMBSTONED_TASK",
  );
});
