// The Worker of the directory it is called in on raw `workerd serve`, with the options of `wrangler dev` that tests give:
// it serves within a second, where wrangler takes several and looks for changes. The main module is the first argument.
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { CLASSES } from "../src/objects/exported.ts";
import { OF_WORKERS } from "./bundle.ts";
import { configOf } from "./workerd-config.ts";
import { WORKERD } from "./workerd-process.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: "string", default: "8787" },
    "persist-to": { type: "string", default: ".wrangler/state" },
    var: { type: "string", multiple: true, default: [] },
    "inspector-port": { type: "string" },
  },
});

const dir = resolve(values["persist-to"], "workerd");
const stateDir = join(dir, "state");
mkdirSync(stateDir, { recursive: true });
await build({
  ...OF_WORKERS,
  entryPoints: [resolve(positionals[0] ?? "worker.ts")],
  outfile: join(dir, "worker.js"),
  keepNames: true,
});
const config = join(dir, "config.capnp");
const worker = { name: "main", module: "worker.js", classes: CLASSES, vars: varsOf(values.var) };
writeFileSync(config, configOf([worker], { stateDir, port: values.port }));
// Of the same process group, so that a signal to all of it ends both.
const child = spawn(WORKERD, ["serve", config], { stdio: ["ignore", "pipe", "pipe"] });
// workerd stands still while nobody reads what it writes, and who started it may be waiting for a command it called.
for (const [from, fd] of [
  [child.stdout, 1],
  [child.stderr, 2],
] as const) {
  const out = createWriteStream("", { fd });
  from.on("data", (chunk) => out.write(chunk));
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});

/** `NAME:value`, of which a value may have more colons. */
function varsOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((it) => {
      const [name = ""] = it.split(":", 1);
      return [name, it.slice(name.length + 1)];
    }),
  );
}
