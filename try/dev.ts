// A development server in a project, as its user starts it, and looking at what it says.
import { spawn } from "node:child_process";
import { freePort, quietEnv, Server } from "../scripts/server.ts";
import { until } from "../scripts/until.ts";

const START_S = 60;

/** `wrangler dev`, with what is added to it. */
export function wranglerDev(project: string, ...args: string[]): Promise<Server> {
  return start(project, (port, inspector) => [
    ...["npx", "wrangler", "dev", ...args],
    ...["--port", `${port}`, "--inspector-port", `${inspector}`],
  ]);
}

export function viteDev(project: string): Promise<Server> {
  return start(project, (port) => [
    "npx",
    "vite",
    "dev",
    "--host",
    "127.0.0.1",
    "--port",
    `${port}`,
  ]);
}

async function start(
  cwd: string,
  commandOf: (port: number, inspector: number) => string[],
): Promise<Server> {
  const port = await freePort();
  const [program = "", ...args] = commandOf(port, await freePort());
  const child = spawn(program, args, {
    ...{ cwd, env: quietEnv(), detached: true },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = new Server(`http://127.0.0.1:${port}`, child);
  await until("the server's first answer", START_S, () => server.isUp()).catch((error) => {
    server.killNow();
    throw new Error(`${error}\n${server.lines().join("\n")}`);
  });
  return server;
}

/** Waits until the server's log has a line like this; throws with the log when it does not come. */
export async function logged(server: Server, line: RegExp): Promise<void> {
  const seen = () => server.lines().some((it) => line.test(it));
  await until(`a line like ${line}`, 20, seen).catch((error) => {
    throw new Error(`${error}\n${server.lines().join("\n")}`);
  });
}

/** The text of an answer that has to be good. */
export async function text(server: Server, path: string, init?: RequestInit): Promise<string> {
  const response = await server.fetch(path, init);
  const body = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${body}`);
  return body;
}
