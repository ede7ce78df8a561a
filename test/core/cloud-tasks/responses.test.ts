// Choices of fields, whatever a caller writes.
import fc from "fast-check";
import { expect, it } from "vitest";
import { selectionOf } from "../../../src/core/cloud-tasks/responses.ts";
import { CloudTasksError } from "../../../src/core/cloud-tasks/status.ts";

const task = { name: "t", httpRequest: { url: "u", headers: { a: "1", b: "2" } } };
const list = { tasks: [task, { name: "t2" }], nextPageToken: "n" };

it.each([
  ["tasks", { tasks: list.tasks }],
  ["tasks/name", { tasks: [{ name: "t" }, { name: "t2" }] }],
  ["tasks(name),tasks", { tasks: list.tasks }],
  ["tasks/httpRequest/headers/a", { tasks: [{ httpRequest: { headers: { a: "1" } } }, {}] }],
  ["tasks/http_request/url", { tasks: [{ httpRequest: { url: "u" } }, {}] }],
  ["*", list],
  ["*/*", { tasks: list.tasks }],
  ["*/name,nextPageToken", { tasks: [{ name: "t" }, { name: "t2" }], nextPageToken: "n" }],
  ["tasks/*/url", { tasks: [{ httpRequest: { url: "u" } }, {}] }],
  ["tasks/view", { tasks: [{}, {}] }],
  ["next_page_token", { nextPageToken: "n" }],
])("%s of a list of tasks", (fields, chosen) => {
  expect(selectionOf(fields, "GET", "/projects/p/locations/l/queues/q/tasks")(list)).toEqual(
    chosen,
  );
});

it.each([
  ["DELETE", "/projects/p/locations/l/queues/q"],
  ["POST", "/projects/p/locations/l/queues/q/~getIamPolicy"],
])("of %s %s any field may be asked for", (method, path) => {
  expect(selectionOf("a/b,c", method, path)({ a: { b: 1, d: 2 }, c: 3, e: 4 })).toEqual({
    a: { b: 1 },
    c: 3,
  });
});

it("any text is a choice or refused in Google's form", () => {
  const text = fc.array(fc.constantFrom(..."abc,()/.* ", "tasks", "name")).map((it) => it.join(""));
  fc.assert(
    fc.property(text, fc.constantFrom("/x/tasks", "/x/~other"), (fields, path) => {
      try {
        expect(selectionOf(fields, "GET", path)(list)).toBeInstanceOf(Object);
      } catch (error) {
        expect(error).toBeInstanceOf(CloudTasksError);
      }
    }),
  );
});
