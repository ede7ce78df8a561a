// docs/clients.md as its readers use it: each block is run, by the program it is for where this machine has that.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { launchBrowser } from "../../scripts/browser.ts";
import { onWorkerd, quietEnv, ROOT, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { connect } from "../../src/remote/index.ts";
import { clientBundle, hasProgram } from "./client-bundle.ts";
import { temporaryState } from "./console/state.ts";
import { temporaryDir } from "./support.ts";

const PAGE = readFileSync(join(ROOT, "docs/clients.md"), "utf8");

interface Block {
  heading: string;
  language: string;
  text: string;
}

function blocks(): Block[] {
  let heading = "";
  // A comment of Python's begins as a heading does, so blocks are taken as a whole.
  const parts = PAGE.matchAll(/^```(\w+)\n(.*?)^```$|^#+ ([^\n]*)$/gms);
  return [...parts].flatMap(([, language, text = "", title]) => {
    heading = title ?? heading;
    return language === undefined ? [] : [{ heading, language, text }];
  });
}

const tried = new Set<string>();

function block(heading: string, language: string, begin = ""): string {
  const found = blocks().find(
    (one) => one.heading === heading && one.language === language && one.text.startsWith(begin),
  );
  expect(found).toBeDefined();
  tried.add(found?.text as string);
  return found?.text as string;
}

const state = temporaryState();
let server: Server;
let site: { origin: string; close: () => void };

beforeAll(async () => {
  site = await pageServer();
  const vars = [`TASKQUEUE_ALLOW_ORIGINS:${site.origin}`];
  server = await startServer({ stateDir: state.dir, command: onWorkerd({ vars }) });
});
afterAll(async () => {
  site?.close();
  await server?.stop();
});

/** A page with the block, which finds the module at home. */
async function pageServer() {
  const module = clientBundle();
  const page = () =>
    block("From a browser", "html")
      .replace(/"https:[^"]+client"/, '"/client.mjs"')
      .replace(LOCAL, server.url);
  const pages = createServer(({ url }, response) => {
    const isModule = url === "/client.mjs";
    response.setHeader("Content-Type", isModule ? "text/javascript" : "text/html");
    response.end(isModule ? module : `<!doctype html>${page()}`);
  }).listen(0, "127.0.0.1");
  await once(pages, "listening");
  const { port } = pages.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => void pages.close() };
}

const FOUND_MS = 3000;
const LOCAL = "http://127.0.0.1:8787";
const inbox = () => connect({ url: server.url }).get("inbox");
const isEmpty = async () => (await inbox().describe()).statistics.tasks === 0;
const here = (text: string) => text.replaceAll(LOCAL, server.url);

/** A program that goes on until the test is over. */
function running(
  program: string,
  args: string[],
  cwd: string,
): { lines: string[]; end(): void; exitCode(): number | null } {
  const env = { ...quietEnv(), TASKQUEUE_URL: server.url };
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => lines.push(line));
  }
  onTestFinished(() => void child.kill("SIGKILL"));
  const exitCode = () => child.exitCode;
  return { lines, end: () => void child.kill("SIGINT"), exitCode };
}

/** A project that has this package, as it is built. */
function project(): string {
  const dir = temporaryDir();
  const own = join(dir, "node_modules/durable-taskqueue");
  mkdirSync(own, { recursive: true });
  cpSync(join(ROOT, "package.json"), join(own, "package.json"));
  const args = ["-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(own, "dist")];
  execFileSync("tsc", args, { env: quietEnv() });
  return dir;
}

describe("the page's", () => {
  it("first lines add a task, work on it and end it", async () => {
    const script = here(block("From elsewhere", "sh"));
    const said = execFileSync("bash", ["-eu", "-c", script], { encoding: "utf8" });
    expect(said).toMatch(/working on .*"payload":"hello"/m);
    expect(said).toMatch(/"deleted":true/);
    expect(await isEmpty()).toBe(true);
  });

  it("Node files add, work, and stop by Ctrl-C", async () => {
    const dir = project();
    for (const file of ["add.mjs", "work.mjs"]) {
      writeFileSync(join(dir, file), block("From Node", "js", `// ${file}`));
    }
    const worker = running("node", ["work.mjs"], dir);
    const adds = [0, 1].map(() => running("node", ["add.mjs"], dir));
    const said = () => adds.flatMap(({ lines }) => lines).join("\n");
    await until("both to have added", 20, () => said().match(/tasks on the queue/g)?.length === 2);
    expect(said()).toContain("added before");
    await inbox().add({ payload: { invoice: "none" } });
    await until("an empty queue", 20, isEmpty);
    expect(worker.lines.filter((line) => line === "booking 41")).toHaveLength(2);
    expect(worker.lines.filter((line) => line === "booking 42")).toHaveLength(1);
    expect(worker.lines.join("\n")).toContain("PermanentTaskFailure: no such invoice");
    worker.end();
    await until("its end", 20, () => worker.exitCode() !== null);
    expect(worker.exitCode()).toBe(0);
    // A local server finds its call gone by the bytes it writes, one a second; until then it would be given a task.
    await new Promise((resolve) => setTimeout(resolve, FOUND_MS));
  });

  it.for([
    ["Python", "python3", "work.py", []],
    ["Go", "go", "work.go", ["run"]],
  ] as [string, string, string, string[]][])(
    "%s worker adds and works",
    async ([language, program, file, args], { skip }) => {
      const text = block(`From ${language}`, language.toLowerCase());
      const version = language === "Go" ? ["version"] : ["--version"];
      if (!hasProgram(program, /\d/, version)) return skip(`this machine has no ${program}`);
      const dir = temporaryDir();
      writeFileSync(join(dir, file), text);
      const worker = running(program, [...args, file], dir);
      const worked = (what: string) => () =>
        worker.lines.some((line) => line.startsWith("working on") && line.includes(what));
      await until("its own task", 30, worked(`hello from ${language}`));
      await inbox().add({ payload: "another" });
      await until("another's", 15, worked("another"));
      await until("an empty queue", 15, isEmpty);
    },
  );

  it("html adds from a page of another origin", async () => {
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(site.origin);
    await page.waitForFunction(() => document.title === "due");
    await inbox().purge();
  });

  it("lines for another Worker are those of the example", () => {
    const files = ["shop/worker.ts", "shop/wrangler.toml", "app/worker.ts"];
    const example = files
      .map((file) => readFileSync(join(ROOT, "examples/second-worker", file), "utf8"))
      .join("\n");
    const lines = new Set(example.split("\n").map((line) => line.trim()));
    const shown = blocks().filter(({ heading }) => heading === "From another Worker");
    for (const { text } of shown) {
      tried.add(text);
      const unknown = text.split("\n").filter((line) => !lines.has(line.trim()));
      expect(unknown).toEqual([]);
    }
    expect(shown).toHaveLength(4);
  });

  it("blocks were all tried", () => {
    const left = blocks().filter(({ text }) => !tried.has(text));
    expect(left.map(({ heading }) => heading)).toEqual([]);
  });
});
