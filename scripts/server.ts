// A server as a user has it, for scripts and tests: a command such as `wrangler dev`, on a free port, with
// its state in a directory. It leads a process group of its own, so that all of it can be ended at once.
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "./until.ts";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const START_S = 60;
const STOP_MS = 5000;

export interface ServerOptions {
  /** Where tasks are kept; a second start on the same directory finds them again. */
  stateDir: string;
  /** Default `wrangler dev`; --port, --inspector-port and --persist-to are appended. */
  command?: readonly string[];
  /** Default the repository. */
  cwd?: string;
  /** Default a free one. */
  port?: number;
}

/** A line the server wrote, and when (ms since 1970). */
export interface LogLine {
  at: number;
  text: string;
}

/**
 * A Worker on `workerd serve` alone: the same objects and rows as under wrangler, and a start in a fraction of the time.
 * For what is killed again and again, or is not about wrangler.
 */
export function onWorkerd({ main = "src/demo/worker.ts", vars = [] }: WorkerdOptions = {}) {
  const program = join(ROOT, "scripts", "workerd-server.ts");
  return ["node", program, main, ...vars.flatMap((it) => ["--var", it])];
}

interface WorkerdOptions {
  /** The Worker's module, in the directory it is started in. Default the demo's. */
  main?: string;
  /** `NAME:value`. */
  vars?: readonly string[];
}

/** Waits until the server answers. */
export async function startServer({
  stateDir,
  command = ["wrangler", "dev"],
  cwd = ROOT,
  port: given,
}: ServerOptions): Promise<Server> {
  const port = given ?? (await freePort());
  const [program = "", ...args] = command;
  // Of two that start at once, both would take wrangler's own choice of a port for the inspector.
  const ports = ["--port", `${port}`, "--inspector-port", `${await freePort()}`];
  const child = spawn(program, [...args, ...ports, "--persist-to", stateDir], {
    cwd,
    env: quietEnv(),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = new Server(`http://127.0.0.1:${port}`, child);
  try {
    await until("the server's first answer", START_S, () => server.isUp());
    return server;
  } catch (error) {
    await server.stop();
    throw new Error(`${command.join(" ")}: ${error}\n${server.lines().join("\n")}`);
  }
}

export class Server {
  readonly url: string;
  readonly log: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
    this.#ended = once(child, "close").catch((error) => this.#onLine(String(error)));
    running.add(this);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface(stream).on("line", (text) => this.#onLine(text));
    }
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.url + path, init);
  }

  /** The process that was started, which may have others under it. */
  get pid(): number {
    return this.#child.pid as number;
  }

  async isUp(): Promise<boolean> {
    const { exitCode, pid } = this.#child;
    if (exitCode !== null || pid === undefined) throw new Error(`it ended with ${exitCode}`);
    return this.answers();
  }

  /** What it answers, though it may start anew at any moment: nothing good where that breaks off, or takes long. */
  async look(path: string): Promise<{ ok: boolean; body: string }> {
    try {
      const answer = await this.fetch(path, { signal: AbortSignal.timeout(2000) });
      return { ok: answer.ok, body: await answer.text() };
    } catch {
      return { ok: false, body: "" };
    }
  }

  answers(): Promise<boolean> {
    const signal = AbortSignal.timeout(2000);
    return this.fetch("/", { signal }).then(
      () => true,
      () => false,
    );
  }

  async json<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await this.fetch(path, init);
    return (await response.json()) as T;
  }

  /** Everything it wrote. */
  lines(): string[] {
    return this.log.map(({ text }) => text);
  }

  /** Ends it as Ctrl-C does, and by force where that takes long. */
  async stop(): Promise<void> {
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), STOP_MS);
    await this.#ended;
    clearTimeout(timer);
    await this.kill();
  }

  /** kill -9, the whole group: nobody in it gets to do anything any more. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#ended;
    running.delete(this);
  }

  killNow(): void {
    this.#signal("SIGKILL");
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch {
      // The group is gone already.
    }
  }

  #onLine(text: string): void {
    this.log.push({ at: Date.now(), text });
  }
}

// Whoever started a server and dies of an error takes it along.
const running = new Set<Server>();
process.on("exit", () => {
  for (const server of running) server.killNow();
});

/** The tools of this repository first, its Node too; no colours, no questions, no calls to Cloudflare. */
export function quietEnv(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: join(ROOT, "node_modules", ".bin") + delimiter + process.env.PATH,
    CI: "1",
    NO_COLOR: "1",
    WRANGLER_SEND_METRICS: "false",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
  };
}

/** A port that nobody listens on. */
/**
 * Ports below those that systems give to connections: one of these is taken by nobody before the server has it. 10080
 * is one that browsers do not call.
 */
const PORTS = { first: 10_100, count: 22_000 };

/** A port that is free. Several processes choose at the same time, so it is any of many. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + randomInt(PORTS.count);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
