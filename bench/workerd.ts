// Workers on raw `workerd serve`: wrangler dev's proxy in front would be what is measured. Everything
// lies in a temporary directory and listens on loopback, on ports the system chose.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { build } from "esbuild";
import { cpuOfProcess } from "./cpu.ts";
import { leaveNothing } from "./leftovers.ts";

/** The Durable Object classes of a Worker with task queues. */
export { CLASSES } from "../src/objects/exported.ts";

/** Those of the bare probe. */
export const PROBES = ["ProbeByRpc", "ProbeByFetch", "ProbeOfBareRequests"];

export const WORKERD = join(import.meta.dirname, "../node_modules/.bin/workerd");

const COMPATIBILITY_DATE = "2026-08-06";

export interface WorkerSpec {
  name: string;
  /** The file that exports it. */
  entry: string;
  /** Its Durable Object classes. */
  classes: readonly string[];
  vars?: Record<string, string>;
}

export interface Running {
  /** The port each Worker listens on, by its name. */
  ports: ReadonlyMap<string, number>;
  pid: number;
  /** Where everything of it lies; objects under `<worker>-<class>`. */
  dir: string;
  /** Seconds of CPU it has used (Linux says, in hundredths); not a number on other systems. */
  cpu(): number;
  /** Bytes of memory it holds (Linux says, in pages); 0 on other systems. */
  memory(): number;
  /** Ends it with kill -9 and starts another on the same disk. */
  restart(): Promise<Running>;
  stop(): Promise<void>;
}

/** Takes each line it writes. */
type OnLine = (line: string) => void;

/** What it writes goes to `onLine`, or else where this process writes. */
export async function startWorkerd(
  workers: readonly WorkerSpec[],
  onLine?: OnLine,
): Promise<Running> {
  const dir = await mkdtemp(join(tmpdir(), "taskqueue-bench-"));
  await Promise.all(workers.map((worker) => bundle(worker, dir)));
  await writeFile(join(dir, "config.capnp"), configOf(workers, dir));
  return serve(workers, dir, onLine);
}

async function serve(
  workers: readonly WorkerSpec[],
  dir: string,
  onLine: OnLine | undefined,
): Promise<Running> {
  const child = spawn(WORKERD, ["serve", "--control-fd=3", join(dir, "config.capnp")], {
    stdio: ["ignore", onLine ? "pipe" : "inherit", onLine ? "pipe" : "inherit", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream && onLine) createInterface(stream).on("line", onLine);
  }
  leaveNothing(child, dir);
  const stop = async () => {
    if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
  };
  const pid = child.pid as number;
  return {
    ports: await portsOf(child, workers),
    ...{ pid, dir },
    cpu: () => cpuOfProcess(pid),
    memory: () => memoryOf(pid),
    restart: async () => {
      await stop();
      return serve(workers, dir, onLine);
    },
    stop,
  };
}

const PAGE_BYTES = 4096;

function memoryOf(pid: number): number {
  if (process.platform !== "linux") return 0;
  return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
}

async function bundle({ name, entry }: WorkerSpec, dir: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile: join(dir, `${name}.js`),
    bundle: true,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:*"],
    loader: { ".yaml": "text" },
    logLevel: "warning",
  });
}

// workerd says on its control descriptor which port each socket got.
async function portsOf(
  child: ChildProcess,
  workers: readonly WorkerSpec[],
): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const { event, socket, port } = JSON.parse(line);
    if (event === "listen") ports.set(socket, port);
    if (ports.size === workers.length) return ports;
  }
  throw new Error("workerd ended before it listened");
}

function configOf(workers: readonly WorkerSpec[], dir: string): string {
  const services = workers.map(({ name }) => `(name = "${name}", worker = .${name}),`);
  const sockets = workers.map(
    ({ name }) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}"),`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join("\n    ")}
    (name = "disk", disk = (path = "${dir}", writable = true)),
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    ${sockets.join("\n    ")}
  ],
);
${workers.map(workerConfig).join("\n")}`;
}

function workerConfig({ name, classes, vars = {} }: WorkerSpec): string {
  const namespaces = classes.map(
    (className) =>
      `(className = "${className}", uniqueKey = "${name}-${className}", enableSql = true),`,
  );
  const bindings = Object.entries({ TASKQUEUE_LOG: "warn", ...vars }).map(
    ([key, value]) => `(name = "${key}", text = ${JSON.stringify(value)}),`,
  );
  return `const ${name} :Workerd.Worker = (
  modules = [ (name = "${name}.js", esModule = embed "${name}.js") ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = ["enable_request_signal"],
  durableObjectNamespaces = [ ${namespaces.join(" ")} ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [ ${bindings.join(" ")} ],
);
`;
}
