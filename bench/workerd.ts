// Workers on raw `workerd serve`: wrangler dev's proxy in front would be what is measured. Everything
// lies in a temporary directory and listens on loopback, on ports the system chose.
import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { OF_WORKERS } from "../scripts/bundle.ts";
import { configOf, type WorkerdWorker } from "../scripts/workerd-config.ts";
import { portsOf, spawnWorkerd } from "../scripts/workerd-process.ts";
import { cpuOfProcess } from "./cpu.ts";
import { leaveNothing } from "./leftovers.ts";
import { memoryOf } from "./memory.ts";

/** The Durable Object classes of a Worker with task queues. */
export { CLASSES } from "../src/objects/exported.ts";

/** Those of the bare probe. */
export const PROBES = ["ProbeByRpc", "ProbeByFetch", "ProbeOfBareRequests"];

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
  await writeFile(join(dir, "config.capnp"), configOf(workers.map(configured), { stateDir: dir }));
  return serve(workers, dir, onLine);
}

async function serve(
  workers: readonly WorkerSpec[],
  dir: string,
  onLine: OnLine | undefined,
): Promise<Running> {
  const child = spawnWorkerd(join(dir, "config.capnp"), onLine ? "pipe" : "inherit");
  for (const stream of [child.stdout, child.stderr]) {
    if (stream && onLine) createInterface(stream).on("line", onLine);
  }
  leaveNothing(child, dir);
  const stop = async () => {
    if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
  };
  const pid = child.pid as number;
  return {
    ports: await portsOf(child, workers.length),
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

async function bundle({ name, entry }: WorkerSpec, dir: string): Promise<void> {
  await build({ ...OF_WORKERS, entryPoints: [entry], outfile: join(dir, moduleOf(name)) });
}

function configured({ name, classes, vars }: WorkerSpec): WorkerdWorker {
  return { name, module: moduleOf(name), classes, vars: { TASKQUEUE_LOG: "warn", ...vars } };
}

function moduleOf(name: string): string {
  return `${name}.js`;
}
