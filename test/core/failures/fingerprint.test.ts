// What a record comes to, and its fingerprint. The fingerprints are promises: a redrive that is under way while a version is
// deployed goes by them, and scripts may.
import { describe, expect, it } from "vitest";
import { FINGERPRINT, faultOf, withoutVarying } from "../../../src/core/failures/fingerprint.ts";

const HOME = "/_ah/queue/mail";

describe("what varies is taken out of an error", () => {
  it.each([
    ["connection refused", "connection refused"],
    ["user 42 not found", "user <n> not found"],
    ["took 1,234.5 ms at 10.0.0.7:8080", "took <n> ms at <n>"],
    ["no row 8f14e45f-ceea-467f-a8c5-1b2d3e4f5a6b", "no row <uuid>"],
    ["bad digest 9e107d9d372bb6826bd81d3542a419d6", "bad digest <hex>"],
    ["at 0x7ffe12 in main", "at <hex> in main"],
    ["order ord_1a2B3c4D is gone", "order <id> is gone"],
    ['no file "a/b.txt" in `tmp`', "no file <quoted> in <quoted>"],
    ["no file 'x' for 'y'", "no file <quoted> for <quoted>"],
    ["it's what they won't do", "it's what they won't do"],
    ["mail to ann.b+c@example.com bounced", "mail to <email> bounced"],
    ["expired 2026-11-30T02:59:20.123Z", "expired <time>"],
    ["E11000 duplicate key", "E11000 duplicate key"],
    ["TypeError: x is\n   undefined\n", "TypeError: x is undefined"],
    ['{"error":"no such user","id":17}', '{"error":"no such user","id":<n>}'],
    ["", ""],
  ])("%j is %j", (error, expected) => {
    expect(withoutVarying(error)).toBe(expected);
  });

  it("takes a moment whatever stands in it", () => {
    const hard = [
      "a".repeat(500),
      "@".repeat(500),
      "a@".repeat(250),
      "'".repeat(500),
      "1.".repeat(250),
    ];
    const before = performance.now();
    for (const error of hard) withoutVarying(error);
    expect(performance.now() - before).toBeLessThan(200);
  });
});

describe("a record's fault", () => {
  it.each([
    [
      { last: { status: 500, error: "Error: user 42" } },
      { state: "failed", status: 500, target: HOME, error: "Error: user <n>" },
      "4835c91908b3fad5",
    ],
    [{ last: { status: 404 } }, { state: "failed", status: 404, target: HOME }, "c01f255651bbf724"],
    [
      { last: { error: "no answer within its deadline of 15 s" } },
      {
        ...{ state: "failed", reason: "deadline", target: HOME },
        error: "no answer within its deadline of <n> s",
      },
      "ea2d993a7e245b8d",
    ],
    [
      { last: { error: "Network connection lost." }, url: "https://api.test:8443/v1/users/17?x=1" },
      {
        ...{ state: "failed", reason: "connection", error: "Network connection lost." },
        target: "https://api.test:8443/v1/users/<n>",
      },
      "7b86ebbb3c494ba4",
    ],
    [
      { last: { error: "cut off: the server ended during the attempt" } },
      {
        ...{ state: "failed", reason: "cut_off", target: HOME },
        error: "cut off: the server ended during the attempt",
      },
      "240db9cd73a1a439",
    ],
    [
      { last: { status: 503 }, target: "v2.backend", url: "/x" },
      { state: "failed", status: 503, target: "v2.backend /x" },
      "76eb528341ba2860",
    ],
    [
      { expired: true, last: { status: 500 } },
      { state: "expired", target: HOME },
      "d65173331ac0c657",
    ],
    [{}, { state: "failed", reason: "connection", target: HOME }, "5ae50bbeb57f8c7a"],
  ])("%j", (record, expected, fingerprint) => {
    const { fingerprint: found, ...fault } = faultOf({ expired: false, ...record }, HOME);
    expect(fault).toEqual(expected);
    expect(found).toBe(fingerprint);
  });

  it.each([
    ["the lease ended without an acknowledgement", "lease", "9d8e20be50f9eb3f"],
    ["the printer is out of paper", "worker", "da5bdf22074e1239"],
  ])("of a pull task: %s", (error, reason, fingerprint) => {
    const found = faultOf({ expired: false, last: { error } }, undefined);
    expect(found).toEqual({ fingerprint, state: "failed", reason, error });
  });

  it("is the same for tasks that differ in what varies, and another for another fault", () => {
    const of = (error: string, status = 500) =>
      faultOf({ expired: false, last: { status, error } }, HOME).fingerprint;
    expect(of("user 1 at 10:00")).toBe(of("user 2 at 11:00"));
    expect(of("user 1")).not.toBe(of("order 1"));
    expect(of("user 1")).not.toBe(of("user 1", 502));
    expect(of("x".repeat(400))).toBe(of("x".repeat(500)));
    expect(of("user 1")).toMatch(FINGERPRINT);
  });
});
