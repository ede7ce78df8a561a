// What the pages say of the code in lists, against the code: error codes, lines of the log, and each other.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse as parseJsonc } from "jsonc-parser";
import { parse as parseToml } from "smol-toml";
import { describe, expect, it } from "vitest";
import { parseCronYaml } from "../src/core/config/cron-yaml.ts";
import { parseQueueYaml } from "../src/core/config/queue-yaml.ts";
import { type ErrorCode, errorOf, HTTP_STATUS } from "../src/core/errors.ts";
import { LEVELS } from "../src/core/metrics/queue-event.ts";
import { blocksOf, PAGES } from "./support/pages.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("docs/faq.md", () => {
  const rows = [...read("docs/faq.md").matchAll(/^\| `([A-Z_]+)` \| ([\d, ]+) \| `(\w+)` \|/gm)];

  it("has every code once, with its status and its class", () => {
    const said = rows.map(([, code, status, name]) => [
      code,
      Number.parseInt(status as string, 10),
      name,
    ]);
    const codes = Object.entries(HTTP_STATUS) as [ErrorCode, number][];
    expect(said).toEqual(
      codes.map(([code, status]) => [
        code,
        status,
        errorOf({ code, message: "" }).constructor.name,
      ]),
    );
  });
});

/** Where texts for the log begin: by these the level is what the name says, else the first argument. */
const WRITERS: Readonly<Record<string, string>> = {
  ...{ trouble: "error", fault: "error", "console.error": "error" },
};

/** The texts that the log is given, cut where a value stands in them. */
function lines(): [file: string, level: string, pieces: string[]][] {
  const folders = ["src/objects", "src/http", "src/remote", "src/client"];
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith("assets.ts"))
      .map((name) => join(folder, name)),
  );
  const calls =
    /\b(?:(trouble|fault|console\.error)\(\s*|writeText\(\s*"(\w+)",\s*)(?:"([^"]*)"|`([^`]*)`)/g;
  return files.flatMap((file) =>
    [...read(file).matchAll(calls)].map(
      ([, name, given, plain, template]): [string, string, string[]] => [
        file,
        given ?? (WRITERS[name as string] as string),
        (plain ?? template ?? "").split(/\$\{[^}]*\}/).map((piece) => piece.trim()),
      ],
    ),
  );
}

/** Events that lines have, beside `trouble` and `fault`. */
function events(): [event: string, level: string][] {
  const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });
  const texts = files
    .filter((name) => name.endsWith(".ts") && name !== join("objects", "log.ts"))
    .map((name) => read(join("src", name)));
  return texts.flatMap((text) =>
    [...text.matchAll(/writeLine\(\s*(?:\.\.\.\(\[)?"(\w+)",\s*"(\w+)"/g)].map(
      ([, level, event]): [string, string] => [event as string, level as string],
    ),
  );
}

describe("docs/logs.md", () => {
  const page = read("docs/logs.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"));

  it.each(lines())("has the line of %s (%s): %j", (_file, level, pieces) => {
    const rows = page.filter((row) => pieces.every((piece) => row.includes(piece)));
    expect(rows.some((row) => row.includes(`| ${level} |`) || row.includes("| as above |"))).toBe(
      true,
    );
  });

  it.each([...events(), ...Object.entries(LEVELS)])("has the event %s, by %s", (event, level) => {
    const rows = page.filter((row) => row.startsWith(`| \`${event}\` `));
    expect(rows.map((row) => row.split("|")[2]?.trim())).toEqual([level]);
  });

  it("finds the lines at all", () => {
    expect(lines().length).toBeGreaterThan(25);
    expect(events().length).toBeGreaterThan(4);
  });
});

describe("links", () => {
  it("of README lead to every page", () => {
    const pages = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
    expect(pages.filter((name) => !read("README.md").includes(`(docs/${name})`))).toEqual([]);
  });

  it.each(PAGES)("of %s lead to files and headings that are there", (page) => {
    const broken = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].filter(([, to]) => {
      const [path = "", heading] = (to as string).split("#");
      if (/^\w+:/.test(path)) return false;
      const file = path === "" ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, file))) return true;
      return heading !== undefined && !headingsOf(read(file)).includes(heading);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

/** As GitHub makes anchors of them. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

const BLOCKS = PAGES.flatMap(blocksOf).map(
  (block) => [`${block.page}:${block.line}`, block] as const,
);
const inLanguage = (...languages: string[]) =>
  BLOCKS.filter(([, { language }]) => languages.includes(language));

describe("blocks", () => {
  it.each(inLanguage("yaml"))("%s is taken by our own parser", (_, { text }) => {
    const queueFile = parseQueueYaml("queue: []");
    if (/^cron:/m.test(text)) {
      const queues = [...text.matchAll(/queue: (\w+)$/gm)].map(
        ([, name]) => `- {name: ${name}, rate: 1/s}`,
      );
      const beside = queues.length > 0 ? parseQueueYaml(`queue:\n${queues.join("\n")}`) : queueFile;
      expect(() => parseCronYaml(text, beside)).not.toThrow();
    } else expect(() => parseQueueYaml(text)).not.toThrow();
  });

  it.each(inLanguage("toml"))("%s is TOML", (_, { text }) => {
    expect(Object.keys(parseToml(text))).not.toEqual([]);
  });

  it.each(inLanguage("json", "jsonc"))("%s is JSON", (_, { text }) => {
    const errors: never[] = [];
    parseJsonc(text, errors, { allowTrailingComma: true });
    expect(errors).toEqual([]);
  });

  it("are all in a language that is checked here or run elsewhere", () => {
    const known = ["sh", "ts", "js", "html", "python", "go", "yaml", "toml", "json", "jsonc", ""];
    expect(BLOCKS.filter(([, { language }]) => !known.includes(language))).toEqual([]);
  });
});
