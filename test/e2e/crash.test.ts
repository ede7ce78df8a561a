import { expect, it } from "vitest";
import { countedBy, isIdle, subtasksOf } from "../../scripts/count-once.ts";
import { type Server, startServer } from "../../scripts/server.ts";
import { tally } from "../../scripts/tally.ts";
import { until } from "../../scripts/until.ts";
import { add, runningServer, stateOf, temporaryDir } from "./support.ts";

/** The pauses make a subtask last a fifth of a second, so that some ten of them are in flight at a time. */
const JOB = { from: 1, to: 5000, parts: 500, pauseMs: 20 };
/** Queue sub's max_concurrent_requests: as many attempts can be in doubt when everything is killed. */
const IN_DOUBT = 20;

it("killed with -9 in the middle of 500 subtasks and started again, all 500 finish", async () => {
  const stateDir = temporaryDir();
  const subtasks = subtasksOf("count", JOB);
  const first = await startServer({ stateDir });
  expect((await addMaster(first)).status).toBe(201);
  await until("a hundred subtasks counted", 60, () => countedBy(first).length >= 100);
  await first.kill();
  const before = countedBy(first);
  expect(before.length).toBeLessThan(500 - IN_DOUBT);

  // Nobody touches a queue meanwhile: the log alone is looked at. A line that was on its way out when
  // the kill came is missing for good, so of the last few tasks the queue has to say that they ran.
  const second = await runningServer({ stateDir });
  const seen = () => tally(subtasks, [...before, ...countedBy(second)]);
  await until("nearly all subtasks counted", 60, () => seen().lost.length <= IN_DOUBT);
  await until("empty queues", 30, () => isIdle(second));

  const states = await Promise.all(subtasks.map((name) => stateOf(second, "sub", name)));
  const lost = subtasks.filter((_, index) => states[index] !== "done");
  const { doubled, strange } = seen();
  expect({ lost, strange }).toEqual({ lost: [], strange: [] });
  expect(doubled.length).toBeLessThanOrEqual(IN_DOUBT);
  expect((await addMaster(second)).body.error?.code).toBe("TOMBSTONED_TASK");
});

function addMaster(server: Server): ReturnType<typeof add> {
  const fields = Object.entries(JOB).map(([field, value]) => [field, `${value}`]);
  return add(server, "master", "name=count", Object.fromEntries(fields));
}
