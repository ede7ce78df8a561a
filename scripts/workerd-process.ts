// A process of `workerd serve`, and the ports it listens on.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { ROOT } from "./server.ts";

export const WORKERD = join(ROOT, "node_modules/.bin/workerd");

/** `config` is a file; `output` is where it writes. */
export function spawnWorkerd(config: string, output: "inherit" | "pipe"): ChildProcess {
  return spawn(WORKERD, ["serve", "--control-fd=3", config], {
    stdio: ["ignore", output, output, "pipe"],
  });
}

/** The port of each Worker, by its name, once all `count` listen: workerd says so on its control descriptor. */
export async function portsOf(child: ChildProcess, count: number): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const { event, socket, port } = JSON.parse(line);
    if (event === "listen") ports.set(socket, port);
    if (ports.size === count) return ports;
  }
  throw new Error("workerd ended before it listened");
}
