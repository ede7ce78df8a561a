// docs/performance.md keeps each part's tables between two marks, and the README the first table of some parts: this
// is what writes them there.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** Puts the part's tables, the machine's line first, in place of what the pages have of it. */
export function writeToPages(part: string, tables: readonly string[]): void {
  if (!putInto("docs/performance.md", part, tables.join("\n\n")))
    throw new Error(`docs/performance.md: found no place for ${part}`);
  putInto("README.md", part, tables[1] ?? "");
}

/** False when the page has no marks of the part. */
function putInto(page: string, part: string, text: string): boolean {
  const [begin, end] = [`<!-- bench:${part} -->`, `<!-- /bench:${part} -->`];
  const file = join(ROOT, page);
  const before = readFileSync(file, "utf8");
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) return false;
  writeFileSync(file, `${before.slice(0, from)}${begin}\n\n${text}\n\n${before.slice(to)}`);
  return true;
}
