// The TypeScript of README and docs, against the package as it is published: every block is a module of a project
// outside the repository, and a fragment finds what its page speaks of in a file of declarations.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { quietEnv } from "../../scripts/server.ts";
import { type Block, blocksOf, PAGES } from "../support/pages.ts";
import { projectOf } from "./projects.ts";

/** Run by tests of their own, or pieces of classes of the library itself. */
const NOT_HERE = ["docs/testing.md", "docs/clients.md", "CONTRIBUTING.md"];

const BLOCKS = PAGES.filter((page) => !NOT_HERE.includes(page))
  .flatMap(blocksOf)
  .filter(({ language }) => language === "ts");

/** What fragments take for granted. */
const DECLARATIONS = `
type Library = typeof import("durable-taskqueue");
type Task = import("durable-taskqueue").PushedTask<unknown>;
interface Env {}
type Payloads = {
  mail: { to: string };
  report: { customers: string[] };
  "send-report": undefined;
  lines: string;
  inbox: { invoice: number };
  hooks: unknown;
};
declare const queueYaml: string;
declare const env: Env;
declare const ctx: ExecutionContext;
declare const request: Request;
declare const queues: import("durable-taskqueue").TaskQueues<Env, Payloads>;
declare const createTaskQueues: Library["createTaskQueues"];
declare const readTask: Library["readTask"];
declare const failureResponse: Library["failureResponse"];
declare const router: import("itty-router").RouterType<import("itty-router").IRequest, [env: Env]>;
declare const AutoRouter: typeof import("itty-router")["AutoRouter"];
declare const app: import("hono").Hono;
declare const send: (to: string) => Promise<void>;
declare const task: Task;
declare const tasks: { payload: { to: string } }[];
declare const customers: string[];
declare const pagesOf: (customers: string[]) => AsyncIterable<string[]>;
declare const lineOf: (task: Task) => Promise<string>;
declare const write: (result: unknown) => void;
declare const book: (invoice: unknown) => Promise<void>;
declare const to: string;
declare const sent: Date;
declare const id: string;
declare module "*/queue.yaml" { const text: string; export default text }
declare module "*/cron.yaml" { const text: string; export default text }
`;

const CONFIG = {
  compilerOptions: {
    ...{ target: "ES2024", module: "ESNext", moduleResolution: "Bundler", lib: ["ES2024"] },
    ...{ strict: true, noUncheckedIndexedAccess: true, noEmit: true, skipLibCheck: true },
    ...{
      types: ["@cloudflare/workers-types"],
      allowUnreachableCode: true,
      resolveJsonModule: true,
    },
  },
  include: ["blocks", "declarations.d.ts"],
};

/** A fragment that answers or throws is the inside of a function; imports stay outside. */
function moduleOf({ text }: Block): string {
  const wrong = text.replace(/^(?=.*\/\/ does not compile)/gm, "// @ts-expect-error\n");
  const isInside = /^(if .*)?(return|throw) /m.test(wrong);
  if (!isInside) return `${wrong}\nexport {};\n`;
  const imports = wrong.match(/^import .*$/gm) ?? [];
  const rest = wrong.replace(/^import .*$/gm, "");
  return `${imports.join("\n")}\nexport async function inside() {\n${rest}\n}\n`;
}

let project = "";
afterAll(() => rmSync(project, { recursive: true, force: true }));

it("compiles, all of it", () => {
  project = projectOf({
    "package.json": '{ "name": "mine", "private": true, "type": "module" }\n',
    "tsconfig.json": JSON.stringify(CONFIG),
    "declarations.d.ts": DECLARATIONS,
    "blocks/queue.yaml": "queue: [{ name: mail, rate: 1/s }]\n",
  });
  for (const block of BLOCKS) {
    const file = `${block.page.replaceAll("/", "-")}-${block.line}`;
    // What declares modules is no module itself.
    const isAmbient = block.text.startsWith("declare module");
    const path = join(project, "blocks", isAmbient ? `${file}.d.ts` : `${file}.ts`);
    writeFileSync(path, isAmbient ? block.text : moduleOf(block));
  }
  const own = join(project, "node_modules/.bin/durable-taskqueue");
  const built = ["build", "queue.yaml", "--out", "../taskqueue.json"];
  spawnSync(own, built, { cwd: join(project, "blocks"), env: quietEnv() });
  const { stdout } = spawnSync("tsc", ["-p", "."], {
    cwd: project,
    env: quietEnv(),
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});

it("is found at all", () => {
  expect(BLOCKS.length).toBeGreaterThan(15);
});
