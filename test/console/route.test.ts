import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pathOf, type Route, routeOf, titleOf } from "../../src/console/route.ts";

describe("the console's paths", () => {
  it.each<[string, Route]>([
    ["/_ah/console", { page: "queues" }],
    ["/_ah/console/", { page: "queues" }],
    ["/_ah/console/queues/sub", { page: "queue", queue: "sub" }],
    ["/_ah/console/queues/sub/tasks/a-1", { page: "task", queue: "sub", task: "a-1" }],
    ["/_ah/console/queues/sub/preview", { page: "preview", queue: "sub" }],
    ["/_ah/console/queues/sub/keys", { page: "keys", queue: "sub" }],
    ["/_ah/console/queues/sub/failures", { page: "failures", queue: "sub" }],
    ["/_ah/console/queues/sub/keys/x", { page: "unknown" }],
    ["/_ah/console/groups/master-count", { page: "group", group: "master-count" }],
    ["/_ah/console/cron", { page: "cron" }],
    ["/_ah/console/cron/x", { page: "unknown" }],
    ["/_ah/console/audit", { page: "audit" }],
    ["/_ah/console/audit/x", { page: "unknown" }],
    ["/_ah/console/costs", { page: "costs" }],
    ["/_ah/console/plan", { page: "plan" }],
    ["/_ah/console/plan/x", { page: "unknown" }],
    ["/_ah/console/queues", { page: "unknown" }],
    ["/_ah/console/queues/sub/tasks", { page: "unknown" }],
    ["/_ah/consoles", { page: "unknown" }],
    ["/_ah/console/queues/%E0%A4%A", { page: "queue", queue: "%E0%A4%A" }],
  ])("%s", (path, route) => {
    expect(routeOf(path)).toEqual(route);
  });

  it("lead back to the page they are of, whatever its names have in them", () => {
    const name = fc.string({ minLength: 1, unit: "grapheme" });
    const named = fc.record({ queue: name, task: name, group: name });
    fc.assert(
      fc.property(named, ({ queue, task, group }) => {
        for (const route of [
          { page: "task", queue, task },
          { page: "queue", queue },
          { page: "preview", queue },
          { page: "keys", queue },
          { page: "failures", queue },
          { page: "group", group },
        ] as const) {
          expect(routeOf(pathOf(route))).toEqual(route);
        }
      }),
    );
  });

  it("have titles that begin with what is looked at", () => {
    expect(titleOf({ page: "task", queue: "sub", task: "a" })).toBe("a · sub · Task queues");
    expect(titleOf({ page: "queues" })).toBe("Task queues");
  });
});
