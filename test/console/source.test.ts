// What the console's source must not have, for whatever is shown to stay text and the policy to hold.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const CONSOLE = join(import.meta.dirname, "../../src/console");

const files = readdirSync(CONSOLE, { recursive: true, encoding: "utf8" }).filter((path) =>
  /\.tsx?$/.test(path),
);

describe("the console's source", () => {
  it("is there", () => {
    expect(files.length).toBeGreaterThan(40);
  });

  it.each([
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "new Function",
    "srcdoc",
  ])("has no %s", (word) => {
    const found = files.filter((path) =>
      readFileSync(join(CONSOLE, path), "utf8").toLowerCase().includes(word.toLowerCase()),
    );
    expect(found).toEqual([]);
  });
});
