// The pages of the documentation, and the fenced blocks in them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** By their paths in the repository. */
export const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "bench/README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export interface Block {
  page: string;
  /** Of its fence, from 1. */
  line: number;
  /** Empty where the fence names none. */
  language: string;
  text: string;
}

/** In the order of the page; one in a list loses the list's indentation. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)].map(
    ([, indent = "", language = "", inside = ""], index, all) => ({
      page,
      line: text.slice(0, all[index]?.index).split("\n").length,
      language,
      text: inside.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }),
  );
}
