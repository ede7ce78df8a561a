// The command itself on some of the files: its exit code, and what it prints.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../scripts/server.ts";
import { yamlAt } from "./yaml-files.ts";

/** What is wrong with how `durable-taskqueue check` takes the files. */
export async function checkByCommand(seed: string, count: number): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-fuzz-"));
  try {
    const faults: string[] = [];
    for (let index = 0; index < count; index++) faults.push(...(await checkOne(seed, index, dir)));
    return faults;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function checkOne(seed: string, index: number, dir: string): Promise<string[]> {
  const { kind, text } = yamlAt(seed, index);
  const queueFile = join(dir, "queue.yaml");
  const cronFile = join(dir, "cron.yaml");
  writeFileSync(queueFile, kind === "queue" ? text : "queue: []\n");
  writeFileSync(cronFile, kind === "cron" ? text : "cron: []\n");
  const { code, stderr } = await run(["src/cli.ts", "check", queueFile, cronFile]);
  return faultsOfOutput(code, stderr).map((fault) => `file ${index}: ${fault}`);
}

export function faultsOfOutput(code: number, stderr: string): string[] {
  if (code === 0) return stderr === "" ? [] : [`taken, and still said: ${stderr.slice(0, 200)}`];
  if (code !== 1) return [`ended with ${code}`];
  if (/\n\s+at .*:\d+/.test(stderr)) return ["a stack"];
  return /^\S+\.yaml:\d+:\d+: \S/.test(stderr) ? [] : [`no place: ${stderr.slice(0, 200)}`];
}

function run(args: string[]): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, timeout: 20_000 }, (error, _, stderr) => {
      const code = error ? Number(error.code ?? -1) : 0;
      resolve({ code, stderr });
    });
  });
}
