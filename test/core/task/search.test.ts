// What a search finds, and what it may be asked for.
import { describe, expect, it } from "vitest";
import { utf8 } from "../../../src/core/bytes.ts";
import { checkSearch, matcherOf } from "../../../src/core/task/search.ts";
import type { StoredTask } from "../../../src/core/task/task.ts";

type Searched = Pick<StoredTask, "spec" | "body">;

const json = (value: unknown): Searched => ({
  spec: { kind: "json" },
  body: JSON.stringify(value),
});
const text = (body: string): Searched => ({ spec: {}, body });
const params = (body: string): Searched => ({ spec: { kind: "params" }, body });
const none: Searched = { spec: {}, body: undefined };

describe("text", () => {
  it.each<[what: string, sought: string, task: Searched, isFound: boolean]>([
    ["in a text", "world", text("hello World!"), true],
    ["in whatever case", "WÖRLD", text("hello wörld"), true],
    ["not in another", "moon", text("hello world"), false],
    ["in JSON, as a value", "ann@example.com", json({ to: "Ann@example.com" }), true],
    ["in JSON, as it is written", '"id":5', json({ id: 5 }), true],
    [
      "in JSON, with quotes and a line break",
      'said "no"\nand',
      json(['He said "no"\nand left']),
      true,
    ],
    ["in JSON, with a backslash", "c:\\temp", json("C:\\temp"), true],
    ["in bytes that are text", "blob", { spec: {}, body: utf8("a Blob") }, true],
    ["in bytes that are none", "blob", { spec: {}, body: new Uint8Array([0xff, 0xfe]) }, false],
    ["in params, decoded", "ann lee", params("to=Ann+Lee&from=bo"), true],
    ["in params, with their names", "to=ann", params("to=Ann+Lee"), true],
    ["in params of a query string", "50%", { spec: { query: "off=50%25" }, body: undefined }, true],
    ["not where there is nothing", "a", none, false],
  ])("is found %s", (_, sought, task, isFound) => {
    expect(matcherOf({ text: sought })(task)).toBe(isFound);
  });
});

describe("a header", () => {
  const task: Searched = {
    spec: {
      headers: [
        ["X-Customer", "acme"],
        ["X-Many", "one"],
        ["X-Many", "two:three"],
      ],
    },
    body: "acme",
  };
  it.each([
    ["X-Customer: acme", true],
    ["x-customer:acme", true],
    ["X-Customer: ACME", false],
    ["X-Customer: acm", false],
    ["X-Customer:", false],
    ["X-Other: acme", false],
    ["x-many: two:three", true],
  ])("%s", (header, isFound) => {
    expect(matcherOf({ header })(task)).toBe(isFound);
    expect(matcherOf({ header })(none)).toBe(false);
  });

  it("beside a text: both have to be there", () => {
    expect(matcherOf({ header: "X-Customer: acme", text: "acme" })(task)).toBe(true);
    expect(matcherOf({ header: "X-Customer: acme", text: "other" })(task)).toBe(false);
    expect(matcherOf({ header: "X-Customer: other", text: "acme" })(task)).toBe(false);
  });
});

describe("a query", () => {
  it.each<[query: object, message: string]>([
    [{ text: "" }, 'text: found "", expected 1 to 1000 characters'],
    [{ text: "x".repeat(1001) }, "text: found"],
    [{ text: 5 }, "text: found 5, expected 1 to 1000 characters"],
    [{ header: "" }, 'header: found "", expected 1 to 1000 characters'],
    [
      { header: "X-Customer" },
      'header: found "X-Customer", expected a name and a value, as "X-Customer: acme"',
    ],
    [{ header: ": acme" }, "header: found"],
  ])("%o is refused", (query, message) => {
    expect(checkSearch(query)?.failure.message).toContain(message);
  });

  it.each([{}, { text: "x" }, { text: "x".repeat(1000) }, { header: "a:" }])(
    "%o is taken",
    (query) => {
      expect(checkSearch(query)).toBeUndefined();
    },
  );
});
