// `npm start`: `wrangler dev` with the options it is given, unless another one has the same state; started again
// where it ends by itself.
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { buildDemo } from "./demo-build.ts";
import { ROOT } from "./server.ts";
import { LOCK, leaveState, takeState } from "./state-lock.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const PARENT_CHECK_MS = 500;
const SERVING_CHECK_MS = 500;

const args = process.argv.slice(2);
const stateDir = stateDirOf(args);
const holder = takeState(stateDir);
if (holder === undefined) await buildAndRun();
else {
  const shown = relative(process.cwd(), stateDir) || ".";
  console.error(
    `npm start: the tasks in ${shown} are in use by another npm start (process ${holder}). End that one, or give this one its own with --persist-to DIRECTORY. If process ${holder} is something else, delete ${join(shown, LOCK)}.`,
  );
  process.exitCode = 1;
}

/** Where wrangler keeps the state. */
function stateDirOf(given: string[]): string {
  const options = { "persist-to": { type: "string" }, persistTo: { type: "string" } } as const;
  const { values } = parseArgs({ args: given, options, strict: false });
  const dir = values["persist-to"] ?? values.persistTo;
  return resolve(ROOT, typeof dir === "string" ? dir : ".wrangler/state");
}

// A bad file stops it before anything runs.
async function buildAndRun(): Promise<void> {
  if (await buildDemo().catch(toldAsFailed)) return run();
  leaveState(stateDir);
  process.exitCode = 1;
}

function toldAsFailed(error: unknown): boolean {
  console.error(error);
  return false;
}

function run(): void {
  let child = startWrangler();
  let isEnding = false;
  // Ctrl-C reaches the child by itself, and twice does no harm; this process stays until it has ended.
  const end = (signal: NodeJS.Signals) => {
    isEnding = true;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  // A signal to npm alone ends the shell between, which passes nothing on.
  const parent = process.ppid;
  const orphaned = () => process.ppid !== parent && end("SIGTERM");
  if (process.env.npm_lifecycle_event) setInterval(orphaned, PARENT_CHECK_MS).unref();
  const watch = () => {
    let hasServed = false;
    const own = child;
    child.on("message", async (said) => {
      hasServed = await untilItServes(String(said), () => own.exitCode === null);
    });
    child.on("exit", (code, signal) => {
      if (hasServed && code && !isEnding) {
        // Every task is on disk.
        console.error(`npm start: wrangler ended with ${code}, and is started again`);
        child = startWrangler();
        return watch();
      }
      leaveState(stateDir);
      process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
    });
  };
  watch();
}

/** Whether the Worker comes to answer: wrangler says that it serves before it finds that the Worker does not start. */
async function untilItServes(said: string, isRunning: () => boolean): Promise<boolean> {
  const { ip, port } = JSON.parse(said) as { ip: string; port: number };
  while (isRunning()) {
    const answer = await fetch(`http://${ip}:${port}/_ah/oidc`).catch(() => undefined);
    if (answer && answer.status < 500) return true;
    await pause(SERVING_CHECK_MS);
  }
  return false;
}

// As node, not by its name: that is a .cmd on Windows, which only a shell starts. It says on the channel when it serves,
// and ends by itself when a client hangs up in the middle of a body, whatever Worker is behind it.
function startWrangler(): ChildProcess {
  const wrangler = dirname(createRequire(import.meta.url).resolve("wrangler/package.json"));
  return spawn(process.execPath, [join(wrangler, "bin/wrangler.js"), "dev", ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
}
