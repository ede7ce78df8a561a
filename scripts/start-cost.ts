// What a Worker's start costs beyond that of an empty one: CPU time of workerd, all its threads, from its own start to
// the first answer. Many starts of each, by turns, and their medians: a machine that is busy slows all alike.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { CLASSES, WORKERD } from "../bench/workerd.ts";
import { bundleOf } from "./bundle.ts";

const STARTS = 15;

const EMPTY = `import { DurableObject } from "cloudflare:workers";
${CLASSES.map((name) => `export class ${name} extends DurableObject {}`).join("\n")}
export default { fetch: () => new Response("up") };`;

/** CPU ms of each Worker's start, by its name, and of one that does nothing, as `empty`. */
export async function startCosts(
  modules: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, number>> {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-start-"));
  try {
    const all = Object.entries({ ...modules, empty: EMPTY });
    for (const [index, [, source]] of all.entries()) await prepare(dir, index, source);
    const costs = new Map<string, number[]>(all.map(([name]) => [name, []]));
    for (let start = 0; start < STARTS; start++) {
      for (const [index, [name]] of all.entries()) {
        costs.get(name)?.push(await startOnce(join(dir, `${index}.capnp`)));
      }
    }
    return new Map([...costs].map(([name, each]) => [name, medianOf(each)]));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function prepare(dir: string, index: number, source: string): Promise<void> {
  writeFileSync(join(dir, `${index}.js`), await bundleOf(source));
  const namespaces = CLASSES.map(
    (name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`,
  );
  writeFileSync(
    join(dir, `${index}.capnp`),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "disk", disk = (path = "${dir}", writable = true)),
  ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "worker") ],
);
const worker :Workerd.Worker = (
  modules = [ (name = "worker.js", esModule = embed "${index}.js") ],
  compatibilityDate = "2026-08-06",
  durableObjectNamespaces = [ ${namespaces.join(", ")} ],
  durableObjectStorage = (localDisk = "disk"),
);
`,
  );
}

async function startOnce(config: string): Promise<number> {
  const child = spawn(WORKERD, ["serve", "--control-fd=3", config], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  try {
    const answer = await fetch(`http://127.0.0.1:${await portOf(child.stdio[3] as Readable)}/`);
    if ((await answer.text()) !== "up") throw new Error(`${config}: answered ${answer.status}`);
    return cpuMsOf(child.pid as number);
  } finally {
    if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
  }
}

async function portOf(control: Readable): Promise<number> {
  for await (const line of createInterface({ input: control })) {
    const { event, port } = JSON.parse(line);
    if (event === "listen") return port;
  }
  throw new Error("workerd ended before it listened");
}

// The kernel's own account, in ns; that of the whole process is in hundredths of a second.
function cpuMsOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const ns = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]),
  );
  return ns.reduce((sum, each) => sum + each, 0) / 1e6;
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}
