// Of the tests that run with queues of four shards, skips those that are listed as exceptions; or runs those alone, to
// see that each still fails.
import { env } from "cloudflare:workers";
import { beforeEach, type TestContext } from "vitest";
import { EXCEPTIONS, type Exception, REASONS } from "./sharded-exceptions.ts";

const areTried = (env as { EXCEPTIONS?: string }).EXCEPTIONS === "exceptions";

beforeEach((context) => {
  const { task } = context;
  const found = EXCEPTIONS.find((exception) => isOf(exception, task));
  if (found && !areTried) context.skip(REASONS[found.reason]);
  if (!found && areTried) context.skip();
  if (found) task.fails = true;
});

function isOf({ file, test = "" }: Exception, task: TestContext["task"]): boolean {
  return task.file.name === `test/${file}.test.ts` && task.fullTestName.startsWith(test);
}
