// `npm start`: `wrangler dev` with the options it is given, unless another one has the same state.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "./server.ts";
import { LOCK, leaveState, takeState } from "./state-lock.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const PARENT_CHECK_MS = 500;

const args = process.argv.slice(2);
const stateDir = stateDirOf(args);
const holder = takeState(stateDir);
if (holder === undefined) run();
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

// As node, not by its name: that is a .cmd on Windows, which only a shell starts.
function run(): void {
  const wrangler = dirname(createRequire(import.meta.url).resolve("wrangler/package.json"));
  const child = spawn(process.execPath, [join(wrangler, "bin/wrangler.js"), "dev", ...args], {
    stdio: "inherit",
  });
  // Ctrl-C reaches the child by itself, and twice does no harm; this process stays until it has ended.
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  // A signal to npm alone ends the shell between, which passes nothing on.
  const parent = process.ppid;
  const orphaned = () => process.ppid !== parent && child.kill("SIGTERM");
  if (process.env.npm_lifecycle_event) setInterval(orphaned, PARENT_CHECK_MS).unref();
  child.on("exit", (code, signal) => {
    leaveState(stateDir);
    process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
  });
}
