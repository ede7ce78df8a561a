import { describe, expect, it } from "vitest";
import { checkNesting } from "../../src/core/nesting.ts";

const lists = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
const wide = (n: number) => `[${"[[1]],".repeat(n)}0]`;

describe("JSON text", () => {
  it.each([
    ["500 lists", lists(500)],
    ["500 objects", objects(500)],
    ["many lists beside each other", wide(5000)],
    ["brackets in a string", JSON.stringify("[".repeat(5000))],
    ["brackets behind an escaped quote", JSON.stringify(`"${"[".repeat(5000)}`)],
    ["brackets behind an escaped backslash", JSON.stringify([`\\${"{".repeat(5000)}`])],
    ["brackets in a key", JSON.stringify({ ["[".repeat(5000)]: 1 })],
    ["a long number", "1".repeat(5000)],
    ["nothing", ""],
    ["a string without an end", `"${"[".repeat(5000)}`],
  ])("of %s is taken", (_, text) => {
    expect(checkNesting("body", text)).toBeUndefined();
  });

  it.each([
    ["501 lists", lists(501)],
    ["501 objects", objects(501)],
    ["250 of each, and one", `${'[{"a":'.repeat(251)}1${"}]".repeat(251)}`],
    ["a million lists", lists(1_000_000)],
    ["lists that do not close", "[".repeat(2000)],
    ["lists behind a string", `["]]]]",${lists(501)}]`],
    ["lists behind a string that ends in a backslash", `["\\\\",${lists(501)}]`],
    ["lists behind others", `[${wide(500)},${lists(500)}]`],
  ])("of %s is refused with the number", (_, text) => {
    const message = "body: found more than 500 levels of lists and objects, expected at most 500";
    expect(checkNesting("body", text)?.failure).toEqual({ code: "INVALID_REQUEST", message });
  });
});
