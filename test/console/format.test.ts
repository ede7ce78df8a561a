import { describe, expect, it } from "vitest";
import { count, counted, dollars, percent, perSecond } from "../../src/console/format/counts.ts";
import {
  clockTime,
  cutAtInstants,
  dateTime,
  duration,
  fromNow,
} from "../../src/console/format/times.ts";

describe("lengths of time", () => {
  it.each([
    [0, "0 ms"],
    [0.0004, "0 ms"],
    [0.85, "850 ms"],
    [0.9999, "1 s"],
    [4.2, "4.2 s"],
    [9.99, "10 s"],
    [59.4, "59 s"],
    [59.7, "1 min"],
    [250, "4 min 10 s"],
    [3599.7, "1 h"],
    [11_100, "3 h 5 min"],
    [86_399, "1 d"],
    [187_200, "2 d 4 h"],
    [-3, "0 ms"],
  ])("%d seconds: %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

it.each([
  [0, "$0"],
  [0.0004, "<$0.001"],
  [0.0042, "$0.004"],
  [1.239, "$1.24"],
  [4147.2, "$4,147"],
])("%d dollars: %s", (n, text) => {
  expect(dollars(n)).toBe(text);
});

describe("instants", () => {
  const at = Date.parse("2026-03-01T23:59:58.700Z");

  it("are told by how far off they are", () => {
    expect(fromNow(at, at)).toBe("now");
    expect(fromNow(at, at + 12_400)).toBe("12 s ago");
    expect(fromNow(at, at - 250_000)).toBe("in 4 min 10 s");
  });

  it("have their date where it is not today's", () => {
    expect(dateTime(at, "utc")).toBe("2026-03-01 23:59:58.700");
    expect(clockTime(at, "utc", at)).toBe("23:59:58");
    expect(clockTime(at, "utc", at + 2000)).toBe("2026-03-01 23:59:58");
  });

  it("are found in the API's words", () => {
    const text = "in back-off until 2026-03-01T23:59:58.700Z, to run as attempt 3 of 6";
    expect(cutAtInstants(text)).toEqual([
      "in back-off until ",
      "2026-03-01T23:59:58.700Z",
      ", to run as attempt 3 of 6",
    ]);
    expect(cutAtInstants("the queue is paused")).toEqual(["the queue is paused"]);
  });
});

describe("numbers", () => {
  it("are short", () => {
    expect([0, 999, 1000, 99_999, 100_000, 1_250_000].map(count)).toEqual([
      "0",
      "999",
      "1,000",
      "99,999",
      "100k",
      "1.3M",
    ]);
    expect([0, 0.034, 0.5, 3, 9.97, 1234].map(perSecond)).toEqual([
      "0",
      "0.03",
      "0.5",
      "3",
      "10",
      "1,234",
    ]);
    expect([counted(1, "task"), counted(12, "task")]).toEqual(["1 task", "12 tasks"]);
  });

  it("as shares are whole only when they are", () => {
    expect([1, 0.99999, 0.5, 0.00001, 0].map(percent)).toEqual([
      "100 %",
      "99.9 %",
      "50 %",
      "0.1 %",
      "0 %",
    ]);
  });
});
