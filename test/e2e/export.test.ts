// Export and import over a server that is killed, and by a command that is: nothing is lost, nothing is there twice.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { onWorkerd, quietEnv, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { CLI, runningServer, temporaryDir } from "./support.ts";

const TASKS = 6000;
/** Of these, subtasks of a group. */
const SUBTASKS = 10;

function start(server: Server, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [CLI, ...args, "--url", server.url], { env: quietEnv() });
}

function run(server: Server, ...args: string[]) {
  const options = { env: quietEnv(), encoding: "utf8" } as const;
  const all = [CLI, ...args, "--url", server.url];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, options);
  return { status, stdout, stderr };
}

function posted(body: object): RequestInit {
  const headers = { "Content-Type": "application/json" };
  return { method: "POST", headers, body: JSON.stringify(body) };
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  return new Promise((resolve) => child.on("exit", resolve));
}

/** A server with tasks on its pull queue, half of them with names of their own, and a group among them. */
async function filled(dir: string): Promise<Server> {
  const server = await runningServer({ stateDir: join(dir, "from"), command: onWorkerd() });
  const tasks = Array.from({ length: TASKS - SUBTASKS }, (_, i) =>
    JSON.stringify({ ...(i % 2 ? { name: `n-${i}` } : {}), payload: `${i}` }),
  );
  writeFileSync(join(dir, "tasks.jsonl"), tasks.join("\n"));
  expect(run(server, "add", "inbox", "--from", join(dir, "tasks.jsonl")).status).toBe(0);
  const subtasks = Array.from({ length: SUBTASKS }, (_, i) => ({
    ...{ queue: "inbox", name: `g-${i}`, payload: "" },
  }));
  await server.json("/_ah/api/groups", posted({ name: "g", tasks: subtasks }));
  await until("the subtasks", 60, async () => (await tasksOn(server)) === TASKS);
  return server;
}

async function groupOn(server: Server) {
  return server.json<{ total: number; done: number; state: string }>("/_ah/api/groups/g");
}

/** Leases and acknowledges all subtasks. */
async function finish(server: Server): Promise<void> {
  const lease = { leaseSeconds: 600, maxTasks: 1000 };
  for (let done = 0; done < SUBTASKS; ) {
    const leased = await server.json<{ tasks: { name: string; lease: string }[] }>(
      "/_ah/api/queues/inbox/tasks:lease",
      posted(lease),
    );
    const leases = leased.tasks.map(({ name, lease }) => ({ name, lease }));
    await server.json("/_ah/api/queues/inbox/tasks:ack", posted({ leases }));
    done += leases.filter(({ name }) => name.startsWith("g-")).length;
  }
}

/** The records of an export, which has to be whole. */
function recordsIn(file: string): string[] {
  const bytes = readFileSync(file);
  const lines = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().trimEnd().split("\n");
  expect(JSON.parse(lines[0] as string).kind).toBe("export");
  expect(JSON.parse(lines.at(-1) as string)).toMatchObject({
    kind: "end",
    counts: { task: TASKS },
  });
  return lines.filter((line) => line.startsWith('{"kind":"task"'));
}

async function tasksOn(server: Server): Promise<number> {
  const path = "/_ah/api/queues/inbox";
  return (await server.json<{ statistics: { tasks: number } }>(path)).statistics.tasks;
}

describe.each(["out.jsonl", "out.jsonl.gz"])("an export into %s", (name) => {
  it("that is killed is gone on with, and is the same as one that was not", async () => {
    const dir = temporaryDir();
    const server = await filled(dir);
    const file = join(dir, name);
    for (let kills = 0; kills < 3; kills++) {
      const child = start(server, "export", "inbox", "-o", file, "--resume");
      const size = existsSync(file) ? statSync(file).size : 0;
      const hasGrown = () =>
        child.exitCode !== null || (existsSync(file) && statSync(file).size > size);
      await until("another page", 60, hasGrown);
      if (child.exitCode !== null) break;
      child.kill("SIGKILL");
      await ended(child);
    }
    const last = run(server, "export", "inbox", "-o", file, "--resume");
    if (last.status !== 0) expect(last.stderr).toContain("is whole");
    const whole = join(dir, `whole-${name}`);
    expect(run(server, "export", "inbox", "-o", whole).status).toBe(0);
    expect(recordsIn(file)).toEqual(recordsIn(whole));
  });
});

describe("a server that is killed", () => {
  it("in the middle of an export is asked again where it was", async () => {
    const dir = temporaryDir();
    const server = await filled(dir);
    const { port } = new URL(server.url);
    const file = join(dir, "out.jsonl");
    const child = start(server, "export", "inbox", "-o", file);
    await until("the first page", 60, () => existsSync(file) && statSync(file).size > 0);
    await server.kill();
    const again = await startServer({
      ...{ stateDir: join(dir, "from"), command: onWorkerd(), port: Number(port) },
    });
    try {
      const status = await ended(child);
      if (status !== 0)
        expect(run(again, "export", "inbox", "-o", file, "--resume").status).toBe(0);
      const names = recordsIn(file).map((line) => JSON.parse(line).name);
      expect(new Set(names).size).toBe(TASKS);
    } finally {
      await again.stop();
    }
  });

  it("in the middle of an import, like the command, loses nothing and has nothing twice", async () => {
    const dir = temporaryDir();
    const file = join(dir, "out.jsonl.gz");
    const from = await filled(dir);
    expect(run(from, "export", "inbox", "-o", file).status).toBe(0);
    const stateDir = join(dir, "to");
    const first = await runningServer({ stateDir, command: onWorkerd() });
    const child = start(first, "import", file);
    await until(
      "some tasks",
      60,
      async () => (await tasksOn(first)) > 0 || child.exitCode !== null,
    );
    await first.kill();
    child.kill("SIGKILL");
    const second = await runningServer({ stateDir, command: onWorkerd() });
    const killed = start(second, "import", file, "--resume");
    await until("a moment", 60, () => existsSync(`${file}.imported`) || killed.exitCode !== null);
    killed.kill("SIGKILL");
    const last = run(second, "import", file, "--resume");
    expect(last).toMatchObject({ status: 0, stderr: "" });
    const copy = join(dir, "copy.jsonl");
    expect(run(second, "export", "inbox", "-o", copy).status).toBe(0);
    expect(recordsIn(copy)).toEqual(recordsIn(file));
    const again = run(second, "import", file, "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ imported: 0, refused: 0 });
    expect(await groupOn(second)).toMatchObject({ total: SUBTASKS, done: 0, state: "running" });
    await finish(second);
    await until("the end", 60, async () => (await groupOn(second)).state === "done");
  });
});

describe("a file", () => {
  it("that was cut off, or changed, is told", async () => {
    const dir = temporaryDir();
    const server = await filled(dir);
    const file = join(dir, "out.jsonl");
    expect(run(server, "export", "inbox", "-o", file).status).toBe(0);
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    writeFileSync(join(dir, "cut.jsonl"), `${lines.slice(0, 700).join("\n")}\n`);
    const cut = run(server, "import", join(dir, "cut.jsonl"));
    expect(cut).toMatchObject({ status: 1, stderr: expect.stringContaining("was cut off") });
    const changed = [...lines];
    changed[5] = (lines[5] as string).replace('"named":', '"named" :');
    writeFileSync(join(dir, "changed.jsonl"), `${changed.join("\n")}\n`);
    const told = run(server, "import", join(dir, "changed.jsonl"));
    expect(told.stderr).toContain("its lines are not as they were exported");
    expect(told.status).toBe(1);
    const other = run(server, "import", file, "--queue", "inbox", "--json");
    const { queue, imported, skipped } = JSON.parse(other.stdout);
    expect([queue, imported]).toEqual(["inbox", 0]);
    expect(skipped).toBeGreaterThanOrEqual(TASKS);
  });

  it("all queues go into a folder", async () => {
    const dir = temporaryDir();
    const server = await runningServer({ stateDir: join(dir, "state"), command: onWorkerd() });
    const out = join(dir, "all");
    expect(run(server, "export", "--all", "-o", out)).toMatchObject({ status: 0, stderr: "" });
    for (const name of ["default", "inbox", "master", "sub"]) {
      expect(gunzipSync(readFileSync(join(out, `${name}.jsonl.gz`))).toString()).toContain(
        `"queue":"${name}"`,
      );
    }
    expect(run(server, "export").status).toBe(2);
    expect(run(server, "export", "sub", "inbox").status).toBe(2);
  });
});
