import { expect, it } from "vitest";
import { batchPlace, isBatchable } from "../../../src/core/task/batch-place.ts";
import { NO_PROGRESS, type Progress, type TaskSpec } from "../../../src/core/task/task.ts";

const PATH = "/_ah/queue/mail";
const OUT = "https://example.com/in";
const oidcToken = { serviceAccountEmail: "a@x.org" };
const placeOf = (spec: TaskSpec, progress: Progress = NO_PROGRESS) =>
  batchPlace({ spec, progress }, PATH);

it.each<[one: TaskSpec, other: TaskSpec]>([
  [{}, {}],
  [{}, { kind: "json" }],
  [{}, { method: "POST" }],
  [{}, { retry: { limit: 3 } }],
  [{}, { group: { name: "g", index: 1 } }],
  [{}, { headers: [["X-Trace", "1"]] }],
  [{ url: "/x" }, { url: "/x", headers: [["X-Trace", "1"]] }],
  [{ headers: [["Authorization", "a"]] }, { headers: [["Authorization", "a"]] }],
  [{ url: OUT }, { url: OUT }],
  [
    { url: OUT, headers: [["A", "1"]] },
    { url: OUT, headers: [["A", "1"]] },
  ],
  [{ oidcToken }, { oidcToken: { ...oidcToken } }],
])("%j goes together with %j", (one, other) => {
  expect(placeOf(one)).toBeDefined();
  expect(placeOf(one)).toBe(placeOf(other));
});

it.each<[one: TaskSpec, other: TaskSpec]>([
  [{}, { url: "/x" }],
  [{ url: "/x" }, { url: "/x?y" }],
  [{ url: "/x" }, { url: `${OUT}/x` }],
  [{}, { target: "backend" }],
  [{}, { dispatchDeadline: 30 }],
  [{}, { oidcToken }],
  [{ oidcToken }, { oidcToken: { ...oidcToken, audience: "b" } }],
  [{}, { headers: [["authorization", "a"]] }],
  [{ headers: [["Authorization", "a"]] }, { headers: [["Authorization", "b"]] }],
  [{ headers: [["Cookie", "a"]] }, { headers: [["Cookie", "b"]] }],
  [{ url: OUT }, { url: OUT, headers: [["X-Trace", "1"]] }],
])("%j goes apart from %j", (one, other) => {
  expect(placeOf(one)).toBeDefined();
  expect(placeOf(other)).toBeDefined();
  expect(placeOf(one)).not.toBe(placeOf(other));
});

it.each<[spec: TaskSpec]>([
  [{ method: "GET" }],
  [{ method: "PUT" }],
  [{ dialect: "cloudtasks" }],
  [{ dialect: "cloudtasks-appengine" }],
  [{ url: "/_ah/queue/deferred" }],
])("%j has the form of a request of its own", (spec) => {
  expect(isBatchable(spec, PATH)).toBe(false);
  expect(placeOf(spec)).toBeUndefined();
});

it("is not of a queue that is called deferred, whose path is that of deferred calls", () => {
  expect(isBatchable({}, "/_ah/queue/deferred")).toBe(false);
  expect(isBatchable({ url: "/x" }, "/_ah/queue/deferred")).toBe(true);
});

it.each<[progress: Partial<Progress>]>([[{ isAlone: true }], [{ cutOffs: 1 }]])(
  "a task after %j goes alone, in the form of a batch",
  (progress) => {
    expect(placeOf({}, { ...NO_PROGRESS, ...progress })).toBeUndefined();
    expect(isBatchable({}, PATH)).toBe(true);
  },
);
