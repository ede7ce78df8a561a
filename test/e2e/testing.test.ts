// docs/testing.md as its reader has it: every block of the page in a project outside the repository, with the
// package's files, vitest and Cloudflare's pool; and the same in Node without them.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { quietEnv, ROOT } from "../../scripts/server.ts";
import { temporaryDir } from "./support.ts";

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

/** The package as it is published, built anew and installed without a registry. */
function install(project: string): void {
  const modules = join(project, "node_modules");
  const own = join(modules, "durable-taskqueue");
  mkdirSync(own, { recursive: true });
  const others = readdirSync(join(ROOT, "node_modules"));
  for (const name of others) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  run(ROOT, "tsc", "-p", "tsconfig.build.json", "--outDir", join(own, "dist"));
  writeFileSync(join(own, "package.json"), readFileSync(join(ROOT, "package.json")));
}

/** A new project with the page's files and its tests, those without a file of their own in test/page.test.ts. */
function newProject(): string {
  const project = temporaryDir();
  const tests = BLOCKS.filter(({ language, file }) => language === "ts" && !file);
  const pages = BLOCKS.flatMap(({ file, text }) => (file ? [[file, text] as const] : []));
  const files: Record<string, string> = { ...SETTING, ...Object.fromEntries(pages) };
  files["test/page.test.ts"] = tests.map(({ text }) => text).join("\n");
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), text);
  }
  install(project);
  return project;
}

function run(cwd: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env: { ...quietEnv(), VITEST: undefined },
    encoding: "utf8",
  });
  if (status !== 0)
    throw new Error(`${program} ${args.join(" ")}: ${status}\n${stdout}\n${stderr}`);
  return stdout;
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
