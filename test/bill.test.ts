// The bill stands in two places, and says the same in both.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const tableOf = (page: string) =>
  /\*\*A task's whole life.*?\n\n(?=\*\*|<!--)/s.exec(readFileSync(page, "utf8"))?.[0].trim();

it("is the same in the README as in docs/performance.md", () => {
  expect(tableOf("README.md")).toMatch(/list prices of \w+ \d{4}/);
  expect(tableOf("README.md")).toBe(tableOf("docs/performance.md"));
});
