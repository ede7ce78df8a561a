// A queue's object of a Worker without the part that adds by rules, where an earlier one had it.
import { beforeEach, expect, it } from "vitest";
import type { NewTask } from "../../../src/core/task/task.ts";
import { passAll } from "../../support/resharding.ts";
import { crash, freshStart, queue } from "../../support/time.ts";
import { deployed, handlers, received } from "../../support/worker.ts";

const NAME = "unlimited";

beforeEach(freshStart);

it.each<[field: string, task: NewTask]>([
  ["ifExists", { ifExists: "keep" }],
  ["ifExists", { ifExists: "replace" }],
  ["debounce", { debounce: { seconds: 5 } }],
  ["throttle", { throttle: { seconds: 5 } }],
])("refuses a task with %s %o", async (field, task) => {
  deployed.ruled = undefined;
  await crash();
  await expect(queue(NAME).add({ name: "one", ...task })).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    message: expect.stringMatching(
      new RegExp(`^${field}: .*expected none, or parts: \\[rules\\] in the Worker`),
    ),
  });
});

it.each<[what: string, task: NewTask]>([
  ["no rule", {}],
  ["the rule that each has", { ifExists: "reject" }],
])("takes a task with %s, once", async (_, task) => {
  deployed.ruled = undefined;
  await crash();
  await queue(NAME).add({ name: "one", ...task });
  const again = queue(NAME).add({ name: "one", ...task });
  await expect(again).rejects.toMatchObject({ code: "TASK_ALREADY_EXISTS" });
});

it("what was added by a rule goes on, and so does what waits behind it", async () => {
  const debounced: NewTask = { name: "one", debounce: { seconds: 5 } };
  handlers.set(
    `/_ah/queue/${NAME}`,
    () => new Response(null, { status: received.length === 1 ? 500 : 200 }),
  );
  await queue(NAME).add(debounced);
  await passAll([NAME], 60, () => received.length === 1);
  await queue(NAME).add(debounced);
  deployed.ruled = undefined;
  await crash();
  await passAll([NAME], 300, () => received.length === 3);
  expect(received.length).toBe(3);
});
