// The command as its users have it, built, as a process of its own whose memory is watched.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { bundleCli } from "../scripts/cli-bundle.ts";
import { quietEnv, ROOT } from "../scripts/server.ts";
import { leaveNothing } from "./leftovers.ts";
import { peakOf } from "./memory.ts";

/** Its peak only grows, so that the last look before its end is nearly all of it. */
const LOOK_MS = 20;

export interface Ended {
  stdout: string;
  seconds: number;
  /** Of its memory, in bytes. */
  peak: number;
}

/** Builds it into the directory; what it gives runs it, and throws unless its exit is 0. */
export async function commandIn(dir: string) {
  copyFileSync(join(ROOT, "package.json"), join(dir, "package.json"));
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
  await bundleCli(join(dir, "dist"));
  return (args: readonly string[], input?: Readable) => run(dir, args, input);
}

export type RunCommand = Awaited<ReturnType<typeof commandIn>>;

async function run(dir: string, args: readonly string[], input?: Readable): Promise<Ended> {
  const began = performance.now();
  const child = spawn(process.execPath, [join(dir, "dist/cli.js"), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: quietEnv(),
  });
  leaveNothing(child, dir);
  let peak = 0;
  const look = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid as number));
  }, LOOK_MS);
  const ended = once(child, "close");
  const [stdout] = await Promise.all([textOf(child.stdout), fed(child.stdin, input)]);
  const [code] = await ended;
  clearInterval(look);
  if (code !== 0) throw new Error(`${args.join(" ")}: exit ${code}\n${stdout}`);
  return { stdout, seconds: (performance.now() - began) / 1000, peak };
}

async function fed(stdin: NodeJS.WritableStream, input: Readable | undefined): Promise<void> {
  if (input) await pipeline(input, stdin);
  else stdin.end();
}

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return text;
}
