// The scripts of `completion` in the shells they are for: what a line has become when Tab and Enter were pressed. Where
// neither the machine nor Debian's packages have a shell its tests are skipped.
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { onWorkerd, quietEnv, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { runs } from "../support/debian.ts";
import { findFish, findZsh, type Shell } from "../support/shells.ts";
import { temporaryState } from "./console/state.ts";
import { CLI, temporaryDir } from "./support.ts";

const { dir } = temporaryState();
let server: Server;
beforeAll(async () => {
  server = await startServer({ stateDir: dir, command: onWorkerd() });
});
afterAll(() => server.stop());

/** What is written before Tab, the arguments after it, and what is offered; URL stands for the server's. */
const LINES: [line: string, args: string[], offered: string[]][] = [
  ["pause s", ["pause", "sub"], ["sub"]],
  ["schema q", ["schema", "queue"], ["queue"]],
  ["tasks sub --state d", ["tasks", "sub", "--state", "due"], ["due"]],
  ["pause --url URL s", ["pause", "--url", "URL", "sub"], ["sub"]],
  ['pause --url "URL" s', ["pause", "--url", "URL", "sub"], ["sub"]],
  ["pause --url=URL s", ["pause", "--url=URL", "sub"], ["sub"]],
  ["check qu", ["check", "queue.yaml"], ["queue.yaml"]],
  ["check wi", ["check", "with space.yaml"], ["with space.yaml"]],
  ["check folder/o", ["check", "folder/one.yaml"], ["folder/one.yaml"]],
  ["show sub ", ["show", "sub"], []],
  ["show sub qu", ["show", "sub", "qu"], []],
];

interface Typist {
  name: string;
  shell: Shell | undefined;
  lines: typeof LINES;
  /** Writes its startup files into the folder, and says how it is started. */
  start(shell: Shell, folder: string): { command: string; env: NodeJS.ProcessEnv };
}

const PROMPT = "READY> ";
/** A name that no queue can have. */
const HOSTILE = "s$(touch called)";

const TYPISTS: Typist[] = [
  {
    name: "bash",
    shell: { program: "bash", env: {}, first: "" },
    lines: LINES,
    start({ program }, folder) {
      const rc = join(folder, "bashrc");
      writeFileSync(rc, `${scriptFor("bash")}\nPS1='${PROMPT}'\n`);
      return { command: `${program} --noprofile --rcfile ${rc} -i`, env: {} };
    },
  },
  {
    name: "zsh, from a folder of $fpath",
    shell: findZsh(),
    lines: LINES,
    start(shell, folder) {
      writeFileSync(join(folder, "_durable_taskqueue"), scriptFor("zsh"));
      return zsh(shell, folder, `fpath=(${folder} $fpath)`, "");
    },
  },
  {
    name: "zsh, read at its start",
    shell: findZsh(),
    lines: LINES.slice(0, 1),
    start: (shell, folder) => zsh(shell, folder, "", scriptFor("zsh")),
  },
];

function zsh({ program, first }: Shell, folder: string, before: string, after: string) {
  // What it finds in $fpath is kept for the next one, who starts faster.
  const compinit = `autoload -Uz compinit\ncompinit -u -d ${join(dir, "zcompdump")}`;
  const lines = [first, before, compinit, after, `PS1='${PROMPT}'`];
  writeFileSync(join(folder, ".zshrc"), `${lines.join("\n")}\n`);
  return { command: `${program} -d -i`, env: { ZDOTDIR: folder } };
}

function scriptFor(shell: string): string {
  return execFileSync(process.execPath, [CLI, "completion", shell], { encoding: "utf8" });
}

/** A folder with files to complete, and a command that says what it was called with, in `ran`. */
function workplace() {
  const folder = temporaryDir();
  for (const part of ["bin", "work/folder"]) mkdirSync(join(folder, part), { recursive: true });
  for (const file of ["queue.yaml", "with space.yaml", "folder/one.yaml"])
    writeFileSync(join(folder, "work", file), "");
  const ran = join(folder, "ran");
  writeFileSync(
    join(folder, "bin/durable-taskqueue"),
    `#!/bin/sh
if [ "$1" = __complete ]; then exec ${process.execPath} ${CLI} "$@"; fi
for each in "$@"; do printf '%s\\n' "$each"; done > ${ran}.new
mv ${ran}.new ${ran}
`,
    { mode: 0o755 },
  );
  return { folder, ran, work: join(folder, "work") };
}

function envOf(folder: string, url: string): NodeJS.ProcessEnv {
  const { PATH, ...others } = quietEnv();
  const own = { PATH: join(folder, "bin") + delimiter + PATH, TERM: "xterm", HOME: folder };
  return { ...others, ...own, TASKQUEUE_URL: url };
}

function own(text: string): string {
  return text.replace("URL", server.url);
}

/** Of the environment: where the line names no Worker itself. */
function urlFor(line: string): string {
  return line.includes("URL") ? "" : server.url;
}

/** What the command is called with when the line was typed, and Tab and Enter pressed. */
async function typed(typist: Typist, line: string, url: string, place = workplace()) {
  const { command, env } = typist.start(typist.shell as Shell, place.folder);
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: place.work,
    env: { ...envOf(place.folder, url), ...env },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    shown += text;
  });
  await until("a prompt", 30, () => shown.includes(PROMPT));
  child.stdin.write(`durable-taskqueue ${line}\t\n`);
  await until("the command's call", 30, () => existsSync(place.ran)).catch((error) => {
    throw new Error(`${error}\n${shown}`);
  });
  child.stdin.end("\u0004");
  await once(child, "close");
  return readFileSync(place.ran, "utf8").split("\n").slice(0, -1);
}

const hasTerminals = runs("script", ["-qec", "true", "/dev/null"]);

for (const typist of TYPISTS) {
  const isThere = hasTerminals && typist.shell !== undefined;
  const skipped = isThere ? "" : " (skipped: not on this machine, and not to be had from Debian)";
  describe.skipIf(!isThere)(`${typist.name}${skipped}`, () => {
    it.each(typist.lines)("completes %j", async (line, args) => {
      expect(await typed(typist, own(line), urlFor(line))).toEqual(args.map(own));
    });

    it("goes on into a folder", async () => {
      expect(await typed(typist, "check fol\to", "")).toEqual(["check", "folder/one.yaml"]);
    });

    it("runs nothing that a server says", async () => {
      const hostile = await serverThatNames(HOSTILE);
      const place = workplace();
      const args = await typed(typist, "pause s", hostile, place);
      expect(args).toEqual(["pause", HOSTILE]);
      expect(existsSync(join(place.work, "called"))).toBe(false);
    });
  });
}

/** A server whose only queue has this name. */
async function serverThatNames(name: string): Promise<string> {
  const told = createServer((_, response) => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ queues: [{ name }] }));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void told.close());
  await once(told, "listening");
  return `http://127.0.0.1:${(told.address() as AddressInfo).port}`;
}

const fish = findFish();
const noFish = fish ? "" : " (skipped: not on this machine, and not to be had from Debian)";

describe.skipIf(!fish)(`fish${noFish}`, () => {
  const offered = async (line: string, url: string, { folder, work } = workplace()) => {
    const { program, env } = fish as Shell;
    writeFileSync(join(folder, "completion.fish"), scriptFor("fish"));
    const asked = `source ${folder}/completion.fish; complete -C $argv[1]`;
    const args = ["-N", "-c", asked, `durable-taskqueue ${line}`];
    const options = { cwd: work, env: { ...envOf(folder, url), ...env } };
    return (await promisify(execFile)(program, args, options)).stdout.split("\n").slice(0, -1);
  };

  it.each(LINES)("completes %j", async (line, _, completions) => {
    expect(await offered(own(line), urlFor(line))).toEqual(completions);
  });

  it("runs nothing that a server says", async () => {
    const place = workplace();
    expect(await offered("pause s", await serverThatNames(HOSTILE), place)).toEqual([HOSTILE]);
    expect(existsSync(join(place.work, "called"))).toBe(false);
  });
});
