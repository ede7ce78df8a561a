// What of a task goes to whoever calls its handler.
import { expect, it } from "vitest";
import { NO_PROGRESS, NO_SPEC, type TaskSpec } from "../../../src/core/task/task.ts";
import { deliveryOf } from "../../../src/objects/delivery/delivery.ts";

function sent(spec: TaskSpec) {
  const task = { name: "t", due: 1, spec, body: "b", progress: NO_PROGRESS };
  return deliveryOf(task as Parameters<typeof deliveryOf>[0], 1, { name: "q" });
}

it.each<[TaskSpec, TaskSpec]>([
  [{ key: "acme" }, NO_SPEC],
  [{ key: "acme", priority: 0 }, NO_SPEC],
  [{ key: "acme", url: "/x" }, { url: "/x" }],
])("%j is sent as %j: by key and priority its queue alone goes", (spec, same) => {
  expect(sent(spec)).toEqual(sent(same));
});
