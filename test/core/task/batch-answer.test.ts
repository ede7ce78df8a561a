import { describe, expect, it } from "vitest";
import { outcomesOfResults } from "../../../src/core/task/batch-answer.ts";

const of = (results: unknown) => outcomesOfResults(["t"], results)[0];
const answered = (status: number, more: object = {}) => ({ kind: "answered", status, ...more });
const unanswered = (error: string) => ({ kind: "unanswered", error });

describe("a result", () => {
  it.each<[result: object, outcome: object]>([
    [{ status: 200 }, answered(200)],
    [{ status: 204 }, answered(204)],
    [{ status: 299, retryAfter: 3, error: "no", retry: false }, answered(299)],
    [{ status: 500 }, answered(500)],
    [{ status: 302 }, answered(302)],
    [{ status: 500, error: "no luck" }, answered(500, { error: "no luck" })],
    [{ status: 500, error: "" }, answered(500)],
    [{ status: 500, error: { a: 1 } }, answered(500)],
    [{ status: 500, retryAfter: 30 }, answered(500, { retryAfter: "30" })],
    [{ status: 429, retryAfter: 0.2 }, answered(429, { retryAfter: "1" })],
    [
      { status: 503, retryAfter: "Tue, 29 Nov 2050 20:00:00 GMT" },
      answered(503, { retryAfter: "Tue, 29 Nov 2050 20:00:00 GMT" }),
    ],
    [{ status: 500, retry: false }, answered(500, { isFinal: true })],
    [{ status: 500, retry: true }, answered(500)],
    [
      { status: 200, result: { a: [1] } },
      answered(200, { result: { type: "application/json", text: '{"a":[1]}' } }),
    ],
    [
      { status: 200, result: null },
      answered(200, { result: { type: "application/json", text: "null" } }),
    ],
    [{ status: 500, result: 1 }, answered(500)],
    [
      { status: 200, result: "x".repeat(65_535) },
      answered(200, { error: "the result of 65537 bytes was not kept: 65536 is the most" }),
    ],
    [
      { status: 200, result: "ü".repeat(40_000) },
      answered(200, { error: "the result of 80002 bytes was not kept: 65536 is the most" }),
    ],
  ])("%j", (result, outcome) => {
    expect(of([{ name: "t", ...result }])).toEqual(outcome);
  });
});

describe("what says nothing that can be relied on is not done", () => {
  const STATUS = "expected a whole number from 200 to 599";
  const MISSING = "results: found none of this task, expected one of each in the batch";
  it.each<[results: unknown, error: string]>([
    [null, "results: found null, expected a list"],
    ["ok", 'results: found "ok", expected a list'],
    [{ t: 200 }, 'results: found {"t":200}, expected a list'],
    [[], MISSING],
    [[{ name: "other", status: 200 }], MISSING],
    [[{ status: 200 }], MISSING],
    [[null, 7, "t"], MISSING],
    [[{ name: "t" }], `results[0].status: found undefined, ${STATUS}`],
    [[{ name: "t", status: "200" }], `results[0].status: found "200", ${STATUS}`],
    [[{ name: "t", status: 199 }], `results[0].status: found 199, ${STATUS}`],
    [[{ name: "t", status: 600 }], `results[0].status: found 600, ${STATUS}`],
    [[{ name: "t", status: 200.5 }], `results[0].status: found 200.5, ${STATUS}`],
  ])("%j", (results, error) => {
    expect(of(results)).toEqual(unanswered(error));
  });

  it.each<[statuses: number[], status: number]>([
    [[200, 500], 500],
    [[500, 200], 500],
    [[200, 204], 204],
    [[500, 418], 500],
  ])("two of one task, %j, are the failure", (statuses, status) => {
    expect(of(statuses.map((one) => ({ name: "t", status: one })))).toMatchObject({ status });
  });
});

it("has an outcome for each name in its order, whatever the order of the results", () => {
  const results = [
    { name: "c", status: 500 },
    { name: "a", status: 200 },
  ];
  expect(outcomesOfResults(["a", "b", "c"], results)).toMatchObject([
    { status: 200 },
    { kind: "unanswered" },
    { status: 500 },
  ]);
});
