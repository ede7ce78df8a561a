// Google's JSON, read and written: the vectors of proto JSON, masks, filters, overrides.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onlyFields, parseMask, withFields } from "../../../src/core/cloud-tasks/field-mask.ts";
import { parseFilter, tagOf } from "../../../src/core/cloud-tasks/filters.ts";
import { withHttpTarget } from "../../../src/core/cloud-tasks/http-target.ts";
import { QUEUE, TASK } from "../../../src/core/cloud-tasks/messages.ts";
import { readMessage, writeMessage } from "../../../src/core/cloud-tasks/proto-json.ts";
import { cloudError, STATUS } from "../../../src/core/cloud-tasks/status.ts";
import { responseStatusOf } from "../../../src/core/cloud-tasks/task-resource.ts";
import { HTTP_STATUS } from "../../../src/core/errors.ts";

const named = { enumsAsNumbers: false };

describe("a duration", () => {
  it.each([
    ["15s", 15, "15s"],
    ["0s", 0, "0s"],
    ["0.1s", 0.1, "0.100s"],
    ["2.500s", 2.5, "2.500s"],
    ["0.000001s", 0.000001, "0.000001s"],
    ["0.123456789s", 0.123456789, "0.123456789s"],
    ["-1s", -1, "-1s"],
  ])("%s is %d seconds, written %s", (text, seconds, written) => {
    const queue = readMessage(QUEUE, { tombstoneTtl: text });
    expect(queue).toEqual({ tombstoneTtl: seconds });
    expect(writeMessage(QUEUE, queue, named)).toEqual({ tombstoneTtl: written });
  });

  it.each(["15", "s", "1.s", "1m", 15, {}, "1.0000000001s", "1e3s"])("is not %j", (given) => {
    expect(() => readMessage(QUEUE, { tombstoneTtl: given })).toThrow("tombstoneTtl");
  });
});

describe("a timestamp", () => {
  it.each([
    ...["2030-01-01", "2030-01-01T00:00:00", "2030-13-01T00:00:00Z", 5, "now"],
    ...["2030-01-01T24:00:00Z", "2030-01-01T24:00:00.000+01:00", "2030-02-30T00:00:00Z"],
    ...["2030-04-31T00:00:00Z", "2030-01-01T23:60:00Z", "2030-01-01T23:59:60Z"],
  ])("is not %j", (given) => {
    expect(() => readMessage(TASK, { scheduleTime: given })).toThrow("scheduleTime");
  });
});

it("what is written is read as it was", () => {
  const whole = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  const task = fc.record(
    {
      name: fc.string(),
      scheduleTime: fc.integer({ min: 0, max: 4e12 }),
      dispatchDeadline: whole.map((micros) => micros / 1e6),
      dispatchCount: whole,
      view: fc.constantFrom("BASIC", "FULL"),
      pullMessage: fc.record({ payload: fc.uint8Array(), tag: fc.string() }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(task, fc.boolean(), (given, enumsAsNumbers) => {
      const sent = JSON.parse(JSON.stringify(writeMessage(TASK, given, { enumsAsNumbers })));
      expect(readMessage(TASK, sent)).toEqual(given);
    }),
  );
});

describe("a message", () => {
  it.each([undefined, null, "", {}])("%j is an empty one", (given) => {
    expect(readMessage(QUEUE, given)).toEqual({});
  });

  it("takes numbers as text, and v2beta2's names", () => {
    const rateLimits = { max_tasks_dispatched_per_second: "0.5", maxConcurrentTasks: 3 };
    expect(readMessage(QUEUE, { rateLimits })).toEqual({
      rateLimits: { maxDispatchesPerSecond: 0.5, maxConcurrentDispatches: 3 },
    });
  });

  it("takes an enum that says nothing as not set", () => {
    for (const state of [0, "STATE_UNSPECIFIED"]) expect(readMessage(QUEUE, { state })).toEqual({});
    for (const state of [2, "2", "PAUSED"]) {
      expect(readMessage(QUEUE, { state })).toEqual({ state: "PAUSED" });
    }
    for (const state of [9, "paused", {}]) {
      expect(() => readMessage(QUEUE, { state })).toThrow("expected RUNNING, PAUSED, DISABLED");
    }
  });

  it("is not made of what objects have of themselves", () => {
    for (const name of ["constructor", "toString", "hasOwnProperty"]) {
      expect(() => readMessage(QUEUE, { [name]: 1 })).toThrow("Cannot find field");
    }
  });

  it("says where in it something is wrong", () => {
    const httpTarget = { headerOverrides: [{}, { header: { key: 7 } }] };
    expect(() => readMessage(QUEUE, { httpTarget })).toThrow(
      "Invalid value at 'httpTarget.headerOverrides[1].header.key': found 7, expected a string",
    );
  });

  it("is written without what is not set, enums as numbers where asked", () => {
    const queue = { state: "PAUSED", purgeTime: undefined };
    expect(writeMessage(QUEUE, queue, { enumsAsNumbers: true })).toEqual({ state: 2 });
    expect(writeMessage(QUEUE, queue, named)).toEqual({ state: "PAUSED" });
  });
});

describe("a mask", () => {
  const queue = { name: "q", rateLimits: { maxDispatchesPerSecond: 5, maxBurstSize: 9 } };

  it("changes what it names, and takes away what the other has not", () => {
    const paths = parseMask("rate_limits.max_dispatches_per_second,retryConfig", "update_mask");
    const given = { retryConfig: { maxAttempts: 2 } };
    expect(withFields(queue, given, paths)).toEqual({
      name: "q",
      rateLimits: { maxBurstSize: 9 },
      retryConfig: { maxAttempts: 2 },
    });
    expect(queue.rateLimits.maxDispatchesPerSecond).toBe(5);
  });

  it("shows what it names", () => {
    const paths = parseMask("name, rateLimits.maxBurstSize, state", "read_mask");
    expect(onlyFields(queue, paths)).toEqual({ name: "q", rateLimits: { maxBurstSize: 9 } });
    for (const all of ["", "*", undefined, "name,*"]) expect(parseMask(all, "m")).toEqual([]);
  });

  it.each(["colour", "rateLimits.colour", "name.x", "rateLimits.maxBurstSize.x", "a..b"])(
    "can not name %s",
    (path) => {
      expect(() => parseMask(path, "update_mask")).toThrow(`a Queue has no field '${path}'`);
    },
  );
});

describe("a filter", () => {
  const queue = { state: "PAUSED", rateLimits: { maxDispatchesPerSecond: 5 } };

  it.each([
    ["", true],
    ["state: PAUSED", true],
    ["state=RUNNING", false],
    ["state != RUNNING", true],
    ["rateLimits.maxDispatchesPerSecond > 4", true],
    ["rate_limits.max_dispatches_per_second <= 4.5", false],
    ['state = "PAUSED" AND rateLimits.maxDispatchesPerSecond < 5', false],
    ["state: RUNNING OR state: PAUSED", true],
  ])("%s holds: %s", (text, expected) => {
    expect(parseFilter(text)(queue)).toBe(expected);
  });

  it.each([
    ["tag=x", { tag: "x" }],
    ['tag = "x y"', { tag: "x y" }],
    ["tag_function=oldest_tag()", { oldestTag: true }],
    ["", {}],
    [undefined, {}],
  ])("of leases %s asks for %j", (text, expected) => {
    expect(tagOf(text)).toEqual(expected);
  });
});

describe("an httpTarget", () => {
  const request = { url: "http://a.example:81/p?q=1" };

  it.each([
    [{ scheme: "HTTPS" }, "https://a.example:81/p?q=1"],
    [{ host: "b.example" }, "http://b.example:81/p?q=1"],
    [{ port: 8080 }, "http://a.example:8080/p?q=1"],
    [{ pathOverride: { path: "/x" } }, "http://a.example:81/x?q=1"],
    [{ queryOverride: { queryParams: "r=2" } }, "http://a.example:81/p?r=2"],
    [{ host: "b.example", uriOverrideEnforceMode: "IF_NOT_EXISTS" }, request.url],
  ] as const)("with %j makes %s", (uriOverride, url) => {
    expect(withHttpTarget(request, { uriOverride }).url).toBe(url);
  });

  it("gives a url to a request without one, and needs a host for it", () => {
    const uriOverride = { host: "b.example", uriOverrideEnforceMode: "IF_NOT_EXISTS" as const };
    expect(withHttpTarget({}, { uriOverride }).url).toBe("https://b.example/");
    expect(() => withHttpTarget({}, { uriOverride: { port: 1 } })).toThrow("host is required");
  });
});

describe("a refusal", () => {
  it("has Google's HTTP code or one of the same kind, for every code there is", () => {
    for (const code of Object.keys(HTTP_STATUS) as (keyof typeof HTTP_STATUS)[]) {
      const { status, httpCode } = cloudError({ code, message: "m" });
      expect(STATUS[status][1]).toBe(httpCode);
      expect(httpCode).toBeGreaterThanOrEqual(400);
      expect(httpCode).toBeLessThan(500);
    }
  });

  it.each([
    [200, undefined, 0, ""],
    [503, undefined, 14, "UNAVAILABLE(14): HTTP status code 503"],
    [418, undefined, 2, "UNKNOWN(2): HTTP status code 418"],
    [undefined, "no answer within its deadline of 15 s", 4, "DEADLINE_EXCEEDED(4): no answer"],
    [undefined, "connection lost", 14, "UNAVAILABLE(14): connection lost"],
  ])("of an attempt answered %s is code %i", (status, error, code, message) => {
    const answer = responseStatusOf(status, error);
    expect(answer.code).toBe(code);
    expect(answer.message.startsWith(message)).toBe(true);
  });
});
