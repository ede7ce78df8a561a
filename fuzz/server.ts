// The server that is tried: workerd itself, or any that runs already. What it writes is kept, and what it should
// never write is found.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CLASSES, startWorkerd } from "../bench/workerd.ts";
import { startServer } from "../scripts/server.ts";
import { SETTINGS } from "./credentials.ts";

export interface Tried {
  url: URL;
  /** What it wrote that it never should. */
  complaints(): string[];
  stop(): Promise<void>;
}

/** One whose process and files can be looked at. */
export interface Local extends Tried {
  memoryMiB(): number;
  openFiles(): number;
  /** Each file of its objects, with its size and the time of its last change. */
  files(): Map<string, string>;
}

const NAME = "fuzz";

/** `settings`: with those of credentials.ts, or others. */
export async function startLocal(settings = SETTINGS): Promise<Local> {
  const lines: string[] = [];
  const entry = join(import.meta.dirname, "worker/worker.ts");
  const workers = [{ name: NAME, entry, classes: CLASSES, vars: { ...settings } }];
  const { ports, pid, dir, stop } = await startWorkerd(workers, (line) => lines.push(line));
  return {
    url: new URL(`http://127.0.0.1:${ports.get(NAME)}`),
    complaints: () => complaintsIn(lines),
    stop,
    memoryMiB: () => memoryOf(pid),
    openFiles: () => readdirSync(`/proc/${pid}/fd`).length,
    files: () => new Map(CLASSES.flatMap((it) => filesIn(join(dir, `${NAME}-${it}`)))),
  };
}

export async function startWrangler(stateDir: string): Promise<Tried> {
  const vars = Object.entries(SETTINGS).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const config = join(import.meta.dirname, "wrangler.toml");
  const command = ["wrangler", "dev", "--config", config, ...vars];
  const server = await startServer({ stateDir, command });
  return {
    url: new URL(server.url),
    complaints: () => complaintsIn(server.lines()),
    stop: () => server.stop(),
  };
}

// Of all of its pages those that are nobody else's: what is mapped from files comes and goes.
function memoryOf(pid: number): number {
  const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}

function filesIn(dir: string): [string, string][] {
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" });
  return names.flatMap((name): [string, string][] => {
    // Gone since, when its object has been evicted.
    const stat = statSync(join(dir, name), { throwIfNoEntry: false });
    return stat ? [[join(dir, name), `${stat.size} ${stat.mtimeMs}`]] : [];
  });
}

/** Lines that say of an exception nobody caught, or of a bug. */
const COMPLAINT =
  /uncaught|internal error|task queue API:|Cloud Tasks API:|TypeError|RangeError|ReferenceError|SQLITE|Error:|fatal|assert/i;

// What the runtime says of a client that hung up, or that sent no HTTP.
const HARMLESS = [
  // What became of a task, or of an act, in whose error the words of a hostile request may stand.
  /^\{"level":"\w+","event":"(failed|retried|cut_off|expired|more|act|dead_lettered|dead_letter_refused)"/,
  /Uncaught exception: kj\/compat\/(url|http)\.c\+\+:/,
  /^workerd\/.*: error: e = kj\/compat\/http\.c\+\+:.*(HTTP chunk size|chunk)/,
  /Uncaught exception: workerd\/io\/worker-entrypoint.*Incoming CONNECT/,
  /Uncaught exception:.*(Invalid URL string|does not export a connect\(\) function)/,
  // Of a task for a host that is not there, though the failure is caught: so it is with any Worker.
  /DNS lookup failed|failed to lookup address information|Uncaught Error: internal error; reference/,
  /kj::ioContext|client disconnected|Client disconnected|disconnected: /,
  /Broken pipe|Connection reset by peer|peer disconnected without gracefully/,
];

export function complaintsIn(lines: readonly string[]): string[] {
  return lines.filter((line) => COMPLAINT.test(line) && !HARMLESS.some((it) => it.test(line)));
}
