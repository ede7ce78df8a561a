// The wrangler file: whatever its form, it has the lines afterwards, what was there stays, and a second time
// changes nothing.
import { describe, expect, it } from "vitest";
import { needsOf } from "../../../src/cli/init/needs.ts";
import { findWranglerFile, readConfig } from "../../../src/cli/init/wrangler-file.ts";
import { extend, filesIn, folderOf } from "./projects.ts";

const MAIN = "export default { fetch() { return new Response(); } };\n";
const DATE = "2026-08-06";
const FIVE = ["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"];

const TOML: [name: string, text: string][] = [
  ["the shortest", 'name = "w"\nmain = "index.js"\n'],
  ["no newline at its end", 'name = "w"\nmain = "index.js"'],
  ["CRLF", '# hi\r\nname = "w"\r\nmain = "index.js"\r\n\r\n[vars]\r\nA = "1"\r\n'],
  [
    "comments beside",
    'name = "w" # the name\nmain = "index.js" # [main]\n# last = 1\n[vars] # v\nA = 1\n',
  ],
  [
    "rules in lines",
    'main = "index.js"\nrules = [\n  { type = "Text", globs = ["**/*.txt"] }, # ]\n]\n[vars]\n',
  ],
  [
    "rules in lines with a comma",
    'main = "index.js"\nrules = [\n    { type = "Text", globs = ["**/*.txt", "a#b"] },\n    { type = "Data", globs = ["**/*.bin"] },\n]\n',
  ],
  ["rules as tables", 'main = "index.js"\n[[rules]]\ntype = "Text"\nglobs = ["**/*.txt"]\n'],
  ["an empty list of rules", 'main = "index.js"\nrules = []\n'],
  [
    "migrations as tables",
    'main = "index.js"\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Room"]\n\n[[migrations]]\ntag = "v2"\n[[migrations.renamed_classes]]\nfrom = "Room"\nto = "Hall"\n',
  ],
  [
    "migrations in a line",
    'main = "index.js"\nmigrations = [{ tag = "first", new_sqlite_classes = ["Room"] }]\n[vars]\n',
  ],
  [
    "the first version's migration",
    'main = "index.js"\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["TaskQueue"]\n',
  ],
  [
    "declared exports",
    'main = "index.js"\n[exports.Room]\ntype = "durable-object"\nstorage = "sqlite"\n',
  ],
  [
    "a flag in place of the date",
    'main = "index.js"\ncompatibility_date = "2024-09-23"\ncompatibility_flags = ["enable_ctx_exports"]\n',
  ],
  ["an old date", `main = 'index.js'\ncompatibility_date = '2024-09-23' # old\n`],
  [
    "triggers and build without what is needed",
    'main = "index.js"\n[triggers]\n[build]\nwatch_dir = "src"\n',
  ],
  ["dotted keys", 'main = "index.js"\nbuild.watch_dir = "src"\nvars.A = "x = [1"\n'],
  [
    "texts over several lines",
    'main = "index.js"\n[vars]\nA = """\n[[migrations]]\ntag = "v1"\n"""\nB = \'\'\'\n[build]\n\'\'\'\n',
  ],
  [
    "environments with their own",
    'main = "index.js"\n[env.staging]\nrules = []\ncompatibility_date = "2023-01-01"\n[env.production]\nname = "p"\n[[env.production.migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Room"]\n',
  ],
];

const JSON_FILES: [name: string, text: string][] = [
  ["the shortest", '{"main":"index.js"}'],
  ["in lines", '{\n  "name": "w",\n  "main": "index.js"\n}\n'],
  [
    "tabs and commas",
    '{\n\t"name": "w", // the name\n\t"main": "index.js",\n\t"vars": { "A": "//" },\n}\n',
  ],
  ["CRLF", '{\r\n  "main": "index.js" /* main */\r\n}\r\n'],
  [
    "comments at the ends",
    '/* a */\n{\n  // first\n  "main": "index.js" // last\n  // end\n}\n// z\n',
  ],
  [
    "lists in lines",
    '{\n  "main": "index.js",\n  "rules": [\n    { "type": "Text", "globs": ["**/*.txt"] } // texts\n  ],\n  "migrations": [\n    {\n      "tag": "v1",\n      "new_sqlite_classes": ["Room"],\n    },\n  ],\n}\n',
  ],
  [
    "empty lists",
    '{ "main": "index.js", "rules": [], "migrations": [], "triggers": {}, "build": {} }',
  ],
  [
    "declared exports",
    '{\n  "main": "index.js",\n  "exports": {\n    "Room": { "type": "durable-object", "storage": "sqlite" }\n  }\n}\n',
  ],
  ["an old date", '{\n  "main": "index.js",\n  "compatibility_date": "2022-01-01",\n}\n'],
  [
    "environments with their own",
    '{\n  "main": "index.js",\n  "env": {\n    "staging": { "rules": [], "compatibility_date": "2023-01-01" },\n    "production": { "migrations": [{ "tag": "a", "new_sqlite_classes": ["Room"] }], },\n  }\n}\n',
  ],
  [
    "a bracket in the line of the last one",
    '{ "main": "index.js",\n  "rules": [{ "type": "Text",\n    "globs": ["a.txt"] }] }\n',
  ],
];

const ALL = [
  ...TOML.map(([name, text]) => ["wrangler.toml", name, text] as const),
  ...JSON_FILES.map(([name, text]) => ["wrangler.jsonc", name, text] as const),
  ...JSON_FILES.slice(0, 2).map(([name, text]) => ["wrangler.json", name, text] as const),
];

describe("the wrangler file", () => {
  it.each(ALL)("%s, %s", (file, _, text) => {
    const dir = folderOf({ [file]: text, "index.js": MAIN });
    const { advice } = extend(dir);
    const after = filesIn(dir)[file] as string;
    expect(advice.filter(({ isNeeded }) => isNeeded)).toEqual([]);
    const config = readConfig(file, after);
    const about = { file, isVite: false, hasScheduled: false };
    expect(needsOf(config, about)).toEqual({ edits: [], advice: [] });
    // What was there, but for the date, is there in the same order.
    const rest = after.split(/\r?\n/);
    for (const line of text.split(/\r?\n/).filter((each) => !each.includes("compatibility_date"))) {
      expect(isKept(line, rest), line).toBe(true);
    }
    expect(after.includes("\r\n")).toBe(text.includes("\r\n"));
    if (text.includes("\r\n")) expect(after).not.toMatch(/[^\r]\n/);
    const before = filesIn(dir);
    expect(extend(dir).changes).toEqual([]);
    expect(filesIn(dir)).toEqual(before);
  });

  // Takes the lines up to the one that begins and ends as the given one: a list may have grown inside.
  function isKept(line: string, rest: string[]): boolean {
    const words = line.split(/,|(?=[\]})])|(?<=[[{(])/).map((word) => word.trim());
    const at = rest.findIndex((each) => {
      const text = each.replaceAll(",", "");
      return words.every((word) => text.includes(word));
    });
    rest.splice(0, at + 1);
    return at >= 0;
  }

  it("lists the five classes, with a tag that is free", () => {
    const v1 = '[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["TaskQueue", "Room"]\n';
    const dir = folderOf({ "wrangler.toml": `main = "index.js"\n${v1}`, "index.js": MAIN });
    extend(dir);
    const { migrations } = readConfig("wrangler.toml", filesIn(dir)["wrangler.toml"] as string);
    expect(migrations).toEqual([
      { tag: "v1", new_sqlite_classes: ["TaskQueue", "Room"] },
      { tag: "v2", new_sqlite_classes: FIVE.slice(1) },
    ]);
  });

  it.each([
    ["src/index.js", {}, ["src", "queue.yaml", "cron.yaml"]],
    ["./app/server/index.js", {}, ["app", "queue.yaml", "cron.yaml"]],
    ["src/index.js", { watch_dir: "lib" }, "lib"],
  ])("of main %s has a build command that watches queue.yaml too", (main, build, watched) => {
    const text = JSON.stringify({ main, build });
    const dir = folderOf({ "wrangler.json": text, [main.replace("./", "")]: MAIN });
    extend(dir);
    const config = readConfig("wrangler.json", filesIn(dir)["wrangler.json"] as string);
    expect(config.build).toEqual({
      command: "npx durable-taskqueue check queue.yaml",
      watch_dir: watched,
    });
  });

  it("of a main beside it has no build command: wrangler would not see its edits", () => {
    const dir = folderOf({ "wrangler.json": '{"main":"index.js"}', "index.js": MAIN });
    extend(dir);
    const config = readConfig("wrangler.json", filesIn(dir)["wrangler.json"] as string);
    expect(config.build).toBeUndefined();
  });

  // Wrangler ignores a rule behind one of its type that has no `fallthrough`.
  it.each([
    'rules = [{ type = "Text", globs = ["**/*.txt"] }]',
    'rules = [\n  # texts\n  { type = "Text", globs = ["**/*.txt"] }\n]',
    '# texts\n[[rules]]\ntype = "Text"\nglobs = ["**/*.txt"]',
    'rules = [{ type = "Text", globs = ["**/*.txt"] }, { type = "Text", globs = ["**/*.yaml"] }]',
    'rules = [{ type = "Text", globs = ["**/*.txt"], fallthrough = false }]',
  ])("has its rule where it counts: %s", (rules) => {
    const dir = folderOf({ "wrangler.toml": `main = "index.js"\n${rules}\n`, "index.js": MAIN });
    extend(dir);
    const config = readConfig("wrangler.toml", filesIn(dir)["wrangler.toml"] as string);
    const [first, ...others] = config.rules as unknown[];
    expect(first).toEqual({ type: "Text", globs: ["**/*.yaml"], fallthrough: true });
    expect(others.length).toBeGreaterThan(0);
  });

  it.each([
    'rules = [{ type = "Text", globs = ["**/*.{yaml,yml}"] }]',
    'rules = [{ type = "Data", globs = ["**/*.bin"] }, { type = "Text", globs = ["queue.yaml"] }]',
    'rules = [{ type = "Text", globs = ["**/*.txt"], fallthrough = true }, { type = "Text", globs = ["*.yaml"] }]',
  ])("has its rule already: %s", (rules) => {
    const dir = folderOf({ "wrangler.toml": `main = "index.js"\n${rules}\n`, "index.js": MAIN });
    extend(dir);
    const config = readConfig("wrangler.toml", filesIn(dir)["wrangler.toml"] as string);
    expect(config.rules).toEqual(readConfig("wrangler.toml", rules).rules);
  });

  it("is the one that wrangler takes", () => {
    const text = '{"main":"index.js"}';
    const toml = `compatibility_date = "${DATE}"`;
    const dir = folderOf({ "wrangler.jsonc": text, "wrangler.toml": toml, "index.js": MAIN });
    expect(findWranglerFile(dir)).toBe("wrangler.jsonc");
  });

  it.each([
    [
      "a build command",
      '[build]\ncommand = "make"\n',
      "npx durable-taskqueue check queue.yaml && make",
    ],
    ["cron triggers", '[triggers]\ncrons = ["0 0 * * *"]\n', '"* * * * *" in crons'],
    [
      "a flag against ctx.exports",
      'compatibility_flags = ["disable_ctx_exports"]\n',
      "without disable_ctx_exports",
    ],
    [
      "new_classes",
      '[[migrations]]\ntag = "v1"\nnew_classes = ["TaskQueue"]\n',
      "TaskQueue under new_sqlite_classes",
    ],
    [
      "an environment in one line",
      "env = { staging = { rules = [] } }\n",
      "env.staging.rules = [{ type =",
    ],
  ])("is left alone where it has %s, and the line is said", (_, text, line) => {
    const dir = folderOf({ "wrangler.toml": `main = "index.js"\n${text}`, "index.js": MAIN });
    const { advice } = extend(dir);
    expect(advice.flatMap(({ lines }) => lines).join("\n")).toContain(line);
    expect(filesIn(dir)["wrangler.toml"]).toContain(text.trim());
    expect(extend(dir).changes).toEqual([]);
  });
});
