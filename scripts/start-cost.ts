// What a Worker's start costs beyond that of an empty one: CPU time of workerd, all its threads, from its own start to
// the first answer. Many starts of each, by turns, and their medians: a machine that is busy slows all alike.
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLASSES } from "../src/objects/exported.ts";
import { bundleOf } from "./bundle.ts";
import { configOf } from "./workerd-config.ts";
import { portsOf, spawnWorkerd } from "./workerd-process.ts";

const NAME = "started";

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
  const module = `${index}.js`;
  writeFileSync(join(dir, module), await bundleOf(source));
  const worker = { name: NAME, module, classes: CLASSES };
  writeFileSync(join(dir, `${index}.capnp`), configOf([worker], { stateDir: dir }));
}

async function startOnce(config: string): Promise<number> {
  const child = spawnWorkerd(config, "inherit");
  try {
    const port = (await portsOf(child, 1)).get(NAME);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    if ((await answer.text()) !== "up") throw new Error(`${config}: answered ${answer.status}`);
    return cpuMsOf(child.pid as number);
  } finally {
    if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "exit");
  }
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
