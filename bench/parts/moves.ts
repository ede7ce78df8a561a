// Many tasks moved by the command, as a process of its own: added from its input, exported from one server, imported into
// another one, and imported again, which has to change nothing. What the copy holds is compared with it, line by line.
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { commandIn, type Ended, type RunCommand } from "../command.ts";
import { forgetPeak, peakOf } from "../memory.ts";
import type { Bar, Report, Table } from "../report.ts";
import type { Size } from "../size.ts";
import { CLASSES, type Running, startWorkerd } from "../workerd.ts";

const QUEUE = "bench";
const MOST_MB = 200;
const MB = 1e6;
const PAYLOAD = "x".repeat(90);
const DAY_S = 86_400;
/** Lines that are made at once. */
const CHUNK = 1000;

/** A command that was run, and the most that its server held meanwhile. */
interface Step extends Ended {
  what: string;
  serverPeak: number;
}

export async function measureMoves({ moved }: Size): Promise<Report> {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-moves-"));
  const servers = await Promise.all([started(), started()]);
  try {
    return await moving(dir, servers, moved);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(dir, { recursive: true, force: true });
  }
}

async function started(): Promise<Running> {
  const entry = join(import.meta.dirname, "..", "worker", "ours.ts");
  return startWorkerd([{ name: "ours", entry, classes: CLASSES }]);
}

async function moving(
  dir: string,
  [from, to]: readonly [Running, Running],
  moved: number,
): Promise<Report> {
  const step = stepsIn(await commandIn(dir));
  const [file, copy] = [join(dir, "tasks.jsonl"), join(dir, "copy.jsonl")];
  const steps = [
    await step("add --from -", from, ["add", QUEUE, "--from", "-"], linesOf(moved)),
    await step("export", from, ["export", QUEUE, "-o", file]),
    await step("import", to, ["import", file, "--json"]),
  ];
  const again = await step("import again", to, ["import", file, "--json"]);
  const back = await step("export of the copy", to, ["export", QUEUE, "-o", copy]);
  const all = [...steps, again, back];
  const same = { what: "tasks of the copy as exported", found: await sameIn(file, copy) };
  const twice = { what: "tasks the second import added", found: importedBy(again), atMost: 0 };
  return { tables: [tableOf(all, moved)], bars: [most(all), { ...same, atLeast: moved }, twice] };
}

function most(steps: readonly Step[]): Bar {
  const found = Math.max(...steps.map(({ peak }) => peak)) / MB;
  return { what: "memory of the command, most", found, atMost: MOST_MB, unit: "MB" };
}

function stepsIn(command: RunCommand) {
  return async (what: string, server: Running, args: readonly string[], input?: Readable) => {
    forgetPeak(server.pid);
    const url = `http://127.0.0.1:${server.ports.get("ours")}`;
    const ended = await command([...args, "--url", url], input);
    return { what, ...ended, serverPeak: peakOf(server.pid) } satisfies Step;
  };
}

/** Tasks for another day, every other one with a name of its own. */
function linesOf(count: number): Readable {
  const line = (i: number) => {
    const named = i % 2 === 0 ? { name: `task-${i}` } : {};
    return `${JSON.stringify({ ...named, payload: PAYLOAD, countdown: DAY_S })}\n`;
  };
  return Readable.from(chunksOf(count, line));
}

function* chunksOf(count: number, line: (i: number) => string): Generator<string> {
  for (let at = 0; at < count; at += CHUNK) {
    const length = Math.min(CHUNK, count - at);
    yield Array.from({ length }, (_, i) => line(at + i)).join("");
  }
}

function tableOf(steps: readonly Step[], moved: number): Table {
  const columns = ["", "s", "tasks/s", "MB of the command, most", "MB of the server, most"];
  const rows = steps.map(({ what, seconds, peak, serverPeak }) => {
    const memory = [peak, serverPeak].map((bytes) => (bytes / MB).toFixed(0));
    return [what, seconds.toFixed(1), (moved / seconds).toFixed(0), ...memory];
  });
  return { title: `${moved.toLocaleString("en")} tasks moved by the command`, columns, rows };
}

function importedBy({ stdout }: Step): number {
  return (JSON.parse(stdout) as { imported: number }).imported;
}

/** How many tasks both files have, with everything that is saved of them. */
async function sameIn(file: string, copy: string): Promise<number> {
  const copies = tasksIn(copy);
  let same = 0;
  for await (const line of tasksIn(file)) {
    if ((await copies.next()).value === line) same++;
  }
  return same;
}

async function* tasksIn(file: string): AsyncGenerator<string> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line.startsWith('{"kind":"task"')) yield line;
  }
}
