// The Worker of the directory it is called in on raw `workerd serve`, with the options of `wrangler dev` that tests give:
// it serves within a second, where wrangler takes several and looks for changes. The main module is the first argument.
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { CLASSES } from "../src/objects/exported.ts";
import { ROOT } from "./server.ts";

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
  entryPoints: [resolve(positionals[0] ?? "worker.ts")],
  outfile: join(dir, "worker.js"),
  ...{ bundle: true, format: "esm", target: "es2024", keepNames: true, logLevel: "warning" },
  ...{ external: ["cloudflare:*"], loader: { ".yaml": "text" } },
});
const config = join(dir, "config.capnp");
writeFileSync(config, configOf());
// Of the same process group, so that a signal to all of it ends both.
const child = spawn(join(ROOT, "node_modules/.bin/workerd"), ["serve", config], {
  stdio: ["ignore", "pipe", "pipe"],
});
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

function configOf(): string {
  const namespaces = CLASSES.map(
    (name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true),`,
  );
  const bindings = values.var.map((given) => {
    const [name = ""] = given.split(":", 1);
    return `(name = "${name}", text = ${JSON.stringify(given.slice(name.length + 1))}),`;
  });
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (path = ${JSON.stringify(stateDir)}, writable = true)),
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [ (name = "main", address = "127.0.0.1:${values.port}", http = (), service = "main") ],
);
const main :Workerd.Worker = (
  modules = [ (name = "worker.js", esModule = embed "worker.js") ],
  compatibilityDate = "2026-08-06",
  compatibilityFlags = ["enable_request_signal"],
  durableObjectNamespaces = [ ${namespaces.join(" ")} ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [ ${bindings.join(" ")} ],
);
`;
}
