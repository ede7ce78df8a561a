// The command: what it writes and when, what it says, and how it ends.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { bundledCommand } from "../command.ts";
import { extend, type Files, filesIn, folderOf } from "./projects.ts";

const CLI = bundledCommand();
const WORKER: Files = {
  "wrangler.toml": 'name = "w"\nmain = "src/index.ts"\n',
  "src/index.ts": "export default { fetch() { return new Response(); } };\n",
};

function run(cwd: string, ...args: string[]) {
  const options = { cwd, encoding: "utf8", input: "y\n" } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, "init", ...args], options);
  return { status, stdout, stderr };
}

describe("init", () => {
  it("shows what it would do, and writes nothing unless it may", () => {
    const dir = folderOf(WORKER);
    const { status, stdout, stderr } = run(dir);
    expect(status).toBe(1);
    expect(stderr).toBe("Nothing was written. To write it: the same command with --yes\n");
    expect(stdout).toContain(
      '--- a/wrangler.toml\n+++ b/wrangler.toml\n@@ -1,2 +1,15 @@\n name = "w"\n',
    );
    expect(stdout).toContain("--- /dev/null\n+++ b/queue.yaml\n");
    expect(filesIn(dir)).toEqual(WORKER);
  });

  it("writes with --yes, once", () => {
    const dir = folderOf(WORKER);
    const first = run(dir, "--yes");
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(first.stdout).toContain(
      "Wrote wrangler.toml, src/index.ts, queue.yaml, src/queue-yaml.d.ts.\n",
    );
    const files = filesIn(dir);
    expect(parseQueueYaml(files["queue.yaml"] as string).queues.get("mail")).toBeDefined();
    for (const args of [[], ["--yes"], [".", "-y"], [dir]]) {
      expect(run(dir, ...args)).toEqual({
        status: 0,
        stdout: "Nothing to be done: the queues are set up.\n",
        stderr: "",
      });
    }
    expect(filesIn(dir)).toEqual(files);
  });

  it("keeps a queue.yaml and a declaration that are there", () => {
    const queues = "queue: [{ name: own, rate: 1/s }]\n";
    const types = 'declare module "*.yaml" {\n  const value: string;\n  export default value;\n}\n';
    const dir = folderOf({ ...WORKER, "queue.yaml": queues, "worker-configuration.d.ts": types });
    extend(dir);
    const files = filesIn(dir);
    expect(files["queue.yaml"]).toBe(queues);
    expect(Object.keys(files).filter((path) => path.endsWith(".d.ts"))).toEqual([
      "worker-configuration.d.ts",
    ]);
  });

  it("ends with 1 while something that is needed is left", () => {
    const text = "export default class extends WorkerEntrypoint {}\n";
    const dir = folderOf({ ...WORKER, "src/index.ts": text });
    const { status, stdout } = run(dir, "--yes");
    expect(status).toBe(1);
    expect(stdout).toContain("To add by hand, in src/index.ts:\n    first in the method fetch of");
    expect(run(dir, "--yes")).toMatchObject({ status: 1, stderr: "" });
  });

  it("leaves a main module alone that exports what another one makes", () => {
    const dir = folderOf({
      ...WORKER,
      "src/index.ts": 'export * from "./queues";\nexport { app as default } from "./app";\n',
      "src/queues.ts": "export const queues = createTaskQueues({ config });\n",
    });
    const { advice } = extend(dir);
    expect(advice.filter(({ isNeeded }) => isNeeded)).toEqual([]);
    expect(filesIn(dir)["src/index.ts"]).not.toContain("durable-taskqueue");
  });

  it("does not add a cron trigger for a handler that others never called", () => {
    const main = "export default { fetch() {}, async scheduled(controller) {} };\n";
    const dir = folderOf({ ...WORKER, "src/index.ts": main });
    const { advice } = extend(dir);
    expect(filesIn(dir)["wrangler.toml"]).not.toContain("crons");
    expect(advice.map(({ place }) => place)).toEqual(["wrangler.toml, triggers"]);
  });

  it("with Vite imports the text by ?raw, and has npm check it", () => {
    const dir = folderOf({
      ...WORKER,
      "vite.config.ts": 'import { cloudflare } from "@cloudflare/vite-plugin";\n',
      "package.json": '{\n  "scripts": {\n    "build": "vite build"\n  }\n}\n',
    });
    extend(dir);
    const files = filesIn(dir);
    expect(files["src/index.ts"]).toContain('import queueYaml from "../queue.yaml?raw";');
    expect(files["src/queue-yaml.d.ts"]).toContain('declare module "*/queue.yaml?raw" {');
    expect(files["wrangler.toml"]).not.toMatch(/rules|build/);
    expect(files["package.json"]).toBe(
      '{\n  "scripts": {\n    "build": "vite build",\n    "prebuild": "durable-taskqueue check queue.yaml"\n  }\n}\n',
    );
    expect(extend(dir).changes).toEqual([]);
  });

  it.each<[string, Files, string]>([
    ["no wrangler file", {}, "found no wrangler.toml, wrangler.json or wrangler.jsonc"],
    ["no main", { "wrangler.toml": 'name = "w"\n' }, "wrangler.toml: main: missing"],
    [
      "a main that is not there",
      { "wrangler.toml": 'main = "out/w.js"\n' },
      'main: found "out/w.js"',
    ],
    ["Pages", { "wrangler.toml": 'pages_build_output_dir = "out"\n' }, "found a Pages project"],
    ["bad TOML", { "wrangler.toml": "main = \n" }, "wrangler.toml: cannot be read: "],
    [
      "bad JSON",
      { "wrangler.jsonc": '{\n"main": }' },
      "wrangler.jsonc: cannot be read: ValueExpected in line 2",
    ],
    ["bytes", { "wrangler.toml": 'main = "\u{FFFD}"\n' }, "main: found"],
    [
      "a service worker",
      { ...WORKER, "src/index.ts": 'addEventListener("fetch", () => {});' },
      "src/index.ts: a service worker (addEventListener)",
    ],
    [
      "a main that is broken",
      { ...WORKER, "src/index.ts": "export default {" },
      "cannot be parsed",
    ],
  ])("refuses %s with a sentence, and writes nothing", (_, files, sentence) => {
    const dir = folderOf(files);
    const { status, stdout, stderr } = run(dir, "--yes");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(filesIn(dir)).toEqual(files);
  });

  it.each([
    ["a", "b"],
    ["--nonsense"],
    ["--template", "a", "b", "c"],
    ["a", "--template", "--yess"],
  ])("%j is wrong usage", (...args) => {
    const { status, stderr } = run(folderOf({}), ...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: [\s\S]*--help after a command/);
  });
});

describe("init --template", () => {
  it.each<[string[], string, string]>([
    [["--template", "my-queues"], "my-queues", "my-queues"],
    [["here", "--template"], "here", "here"],
    [["here", "--template", "named"], "here", "named"],
    [[".", "--template", "named"], ".", "named"],
  ])("%j makes a Worker", (args, folder, name) => {
    const dir = folderOf({});
    expect(run(dir, ...args, "--yes")).toMatchObject({ status: 0, stderr: "" });
    const files = filesIn(join(dir, folder));
    expect(JSON.parse(files["package.json"] as string).name).toBe(name);
    expect(files["wrangler.toml"]).toContain(`name = "${name}"`);
    expect(parseQueueYaml(files["queue.yaml"] as string).queues.get("mail")).toBeDefined();
    // Nothing is left for init to do there.
    expect(extend(join(dir, folder))).toMatchObject({ changes: [], advice: [] });
    expect(run(dir, ...args, "--yes").stderr).toContain("is there already");
  });

  it.each(["Bad", "a_b", "-", "a".repeat(64)])("refuses the name %s", (name) => {
    const dir = folderOf({});
    mkdirSync(join(dir, "place"));
    const { status, stderr } = run(dir, "place", "--template", name, "--yes");
    expect(status).toBe(1);
    expect(stderr).toContain(`found the name "${name}"`);
  });
});
