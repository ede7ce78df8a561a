// docs/testing.md as its reader has it: every block of the page in a project outside the repository, with the
// package's files, vitest and Cloudflare's pool; and the same in Node without them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { ROOT } from "../../scripts/server.ts";
import { outsideProject, run } from "./outside-project.ts";

// A compiler and a test runner in it, each started from nothing.
vi.setConfig({ testTimeout: 400_000 });

interface Block {
  language: string;
  /** The file it is, as its first line says. */
  file: string | undefined;
  text: string;
}

const PAGE = readFileSync(join(ROOT, "docs/testing.md"), "utf8");

const BLOCKS: Block[] = [...PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
  ([, language, text]) => ({
    language: language as string,
    file: /^(?:\/\/|#) (\S+\.\w+)\n/.exec(text as string)?.[1],
    text: text as string,
  }),
);

/** The machine may be busy. */
const PATIENT = "--testTimeout=60000";

/** What the page takes for granted, as getting-started.md has it. */
const SETTING = {
  "package.json": '{ "name": "outside", "private": true, "type": "module" }\n',
  "wrangler.toml": `name = "outside"
main = "src/worker.ts"
compatibility_date = "2026-08-06"
rules = [{ type = "Text", globs = ["**/*.yaml"], fallthrough = true }]

[[migrations]]
tag = "v1"
new_sqlite_classes = ["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"]
`,
  "text.d.ts": 'declare module "*.yaml" { const text: string; export default text; }\n',
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      ...{ target: "ES2024", module: "ESNext", moduleResolution: "Bundler", noEmit: true },
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
      lib: ["ES2024"],
      types: ["@cloudflare/workers-types", "@cloudflare/vitest-plugin/types"],
      // vitest's own declarations do not go with those of Workers.
      skipLibCheck: true,
    },
    include: ["*.d.ts", "src", "test/*.ts"],
  }),
  // Its exports.default is typed by what `wrangler types` writes.
  "worker-configuration.d.ts": `declare namespace Cloudflare {
  interface GlobalProps { mainModule: typeof import("./src/worker.ts") }
}
`,
};

/** A new project with the page's files and its tests, those without a file of their own in test/page.test.ts. */
function newProject(): string {
  const tests = BLOCKS.filter(({ language, file }) => language === "ts" && !file);
  const pages = BLOCKS.flatMap(({ file, text }) => (file ? [[file, text] as const] : []));
  const files: Record<string, string> = { ...SETTING, ...Object.fromEntries(pages) };
  files["test/page.test.ts"] = tests.map(({ text }) => text).join("\n");
  return outsideProject(files);
}

it("begins with tests that pass as they stand, in Cloudflare's pool", () => {
  const project = newProject();
  run(project, "tsc", "-p", ".");
  const told = run(project, "npx", "vitest", "run", "--dir", "test", PATIENT);
  expect(told).toMatch(/Tests\s+11 passed \(11\)/);
});

it("has tests for Node that pass without the pool", () => {
  const project = newProject();
  const [command] = BLOCKS.filter(({ text }) => text.startsWith("node --test"));
  const [program, ...args] = (command as Block).text.trim().split(" ");
  expect(run(project, program as string, ...args)).toMatch(/pass 4\n/);
  writeFileSync(join(project, "vitest.config.ts"), "export default {};\n");
  expect(run(project, "npx", "vitest", "run", "--dir", "plain", PATIENT)).toMatch(
    /Tests\s+1 passed \(1\)/,
  );
});
