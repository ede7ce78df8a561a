// Servers that peers need, on loopback at free ports, with their data in a temporary directory.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, join } from "node:path";

/** Where the program is: in PATH, or in one of these folders. Undefined where it is missing. */
export function programOf(name: string, folders: readonly string[] = []): string | undefined {
  const all = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...folders.flatMap((at) => globSync(at)),
  ];
  return all.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Whom a program runs as; without it, as this process. */
export interface Owner {
  uid: number;
  gid: number;
}

export function run(program: string, args: readonly string[], owner: Partial<Owner> = {}): string {
  return execFileSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    ...owner,
  });
}

/** Starts it, and waits until it says that it is ready. */
export async function startServer(
  program: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
  owner: Partial<Owner> = {},
): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: "ignore", ...owner });
  for (let i = 0; i < READY_POLLS; i++) {
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    if (await isReady()) return child;
  }
  child.kill();
  throw new Error(`${program} was not ready in ${(READY_POLLS * READY_POLL_MS) / 1000} s`);
}

const READY_POLL_MS = 100;
const READY_POLLS = 300;

export async function endServer(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.kill(signal)) await once(child, "exit");
}
