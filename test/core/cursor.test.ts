import { describe, expect, it } from "vitest";
import { cursorOf, placeOf } from "../../src/core/cursor.ts";

const SCOPE = ["tasks", "mail", undefined, "red", "a"];

describe("a cursor", () => {
  it.each(["0", "x3coao5m9s", "a-name_of-a-TASK", "-1", "x".repeat(500)])(
    "stands for its place, %s, in its list",
    (place) => {
      expect(placeOf(SCOPE, cursorOf(SCOPE, place))).toEqual({ ok: place });
    },
  );

  it.each([
    ["another kind of list", ["tombstones", "mail", undefined, "red", "a"]],
    ["another queue", ["tasks", "post", undefined, "red", "a"]],
    ["a filter more", ["tasks", "mail", "due", "red", "a"]],
    ["a filter less", ["tasks", "mail", undefined, undefined, "a"]],
    ["another filter", ["tasks", "mail", undefined, "red", "b"]],
    ["filters changed over", ["tasks", "mail", undefined, "a", "red"]],
    ["fewer parts", ["tasks", "mail"]],
  ])("of %s is refused", (_, scope) => {
    expect(placeOf(SCOPE, cursorOf(scope, "b"))).toMatchObject({
      failure: { code: "INVALID_REQUEST" },
    });
  });

  it.each([
    "",
    ".",
    "b",
    "b.",
    "b.zzz",
    `${cursorOf(SCOPE, "b")}x`,
    `${cursorOf(SCOPE, "b")}.`,
    cursorOf(SCOPE, "b").toUpperCase(),
    cursorOf(SCOPE, "b").replace("b.", "c."),
    "__proto__",
    "-1",
    1,
    null,
    ["b"],
    {},
  ])("that is none is refused: %j", (cursor) => {
    expect(placeOf(SCOPE, cursor).failure?.message).toMatch(/^cursor: found .*, expected one that/);
  });
});
