import { describe, expect, it } from "vitest";
import { deadLetterTask } from "../../../src/core/task/dead-letter.ts";
import { type Admission, acceptTask } from "../../../src/core/task/new-task.ts";
import { NO_PROGRESS } from "../../../src/core/task/task.ts";

const push: Admission = {
  queue: { name: "mail", mode: "push" },
  now: Date.UTC(2030, 0, 1),
  hosts: { allow: [], refuse: [] },
};
const pull: Admission = { ...push, queue: { name: "work", mode: "pull" } };
const appEngine = { target: "web", dialect: "cloudtasks-appengine" };
const routing = { service: "web", version: "1.2", instance: "0" };

describe("a routing", () => {
  it.each([routing, { service: "web", instance: "0" }, { version: "1.2" }, {}])(
    "of %j is kept beside the target, and handed on with a failed task",
    (given) => {
      const accepted = acceptTask({ ...appEngine, routing: given }, push);
      expect(accepted.ok?.spec).toMatchObject({ target: "web", routing: given });
      const stored = {
        ...accepted.ok,
        name: "t",
        named: true,
        createdAt: 0,
        progress: NO_PROGRESS,
      };
      expect(deadLetterTask("mail", stored as never, 1)).toMatchObject({
        ...appEngine,
        routing: given,
      });
    },
  );

  it.each<[string, object]>([
    ["text", { ...appEngine, routing: "web" }],
    ["null", { ...appEngine, routing: null }],
    ["a list", { ...appEngine, routing: ["web"] }],
    ["a number in it", { ...appEngine, routing: { version: 1 } }],
    ["a field of its own", { ...appEngine, routing: { ...routing, host: "x" } }],
    ["no target", { dialect: appEngine.dialect, routing }],
    ["no dialect", { target: "web", routing }],
    ["the other dialect", { target: "web", dialect: "cloudtasks", routing }],
    ["an absolute url", { url: "https://example.com", dialect: appEngine.dialect, routing }],
  ])("is refused with %s", (_, task) => {
    expect(acceptTask(task, push).failure).toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringMatching(/^routing: found /),
    });
  });

  it("is none of a pull task", () => {
    expect(acceptTask({ method: "PULL", payload: "x", routing }, pull).failure?.message).toMatch(
      /^routing: found /,
    );
  });
});
