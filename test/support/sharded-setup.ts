// Of the tests that run with queues of four shards, skips those that are listed as exceptions; or runs those alone, to
// see that each still fails.
import { env } from "cloudflare:workers";
import { beforeEach, type TestContext } from "vitest";
import { EXCEPTIONS, type Exception, REASONS } from "./sharded-exceptions.ts";

const { SHARDED } = env as { SHARDED?: string };
const areTried = SHARDED === "exceptions";
/** What fails at one step after the other takes most of the time. */
const AT_EACH_STEP = /\b(whatever|no) step\b/;

beforeEach((context) => {
  const { task } = context;
  const found = EXCEPTIONS.find((exception) => isOf(exception, task));
  if (found && !areTried) context.skip(REASONS[found.reason]);
  if (!found && areTried) context.skip();
  if (SHARDED === "some" && AT_EACH_STEP.test(task.name)) context.skip("not each time");
  if (found) task.fails = true;
});

function isOf({ file, test = "" }: Exception, task: TestContext["task"]): boolean {
  return task.file.name === `test/${file}.test.ts` && task.fullTestName.startsWith(test);
}
