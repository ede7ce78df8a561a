// A redrive at a rate on a server that is killed again and again: none is lost, and none goes back twice.
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { onWorkerd, quietEnv, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { outsideServer } from "./outside.ts";
import { CLI, temporaryDir } from "./support.ts";

const TASKS = 40;
const QUEUE = "/_ah/api/queues/default";

interface Redrive {
  state: string;
  redriven: number;
}

function run(server: Server, ...args: string[]) {
  const all = [CLI, ...args, "--url", server.url];
  return spawnSync(process.execPath, all, { env: quietEnv(), encoding: "utf8" });
}

it("goes on after each kill, by itself", async () => {
  let isMended = false;
  const done: string[] = [];
  const handler = await outsideServer(({ headers, response }) => {
    if (isMended) done.push(headers["x-appengine-taskname"] as string);
    response.writeHead(isMended ? 200 : 500).end(`no room for ${done.length + 1}`);
  });
  const stateDir = temporaryDir();
  const command = onWorkerd({ vars: [`TASKQUEUE_ALLOW_HOSTS:${handler.host}`] });
  const start = () => startServer({ stateDir, command });
  let server = await start();
  const tasks = Array.from({ length: TASKS }, (_, i) => ({
    ...{ name: `t${i}`, url: `${handler.origin}/it`, retry: { limit: 0 } },
  }));
  const body = JSON.stringify({ tasks });
  const json = { "Content-Type": "application/json" };
  await server.fetch(`${QUEUE}/tasks`, { method: "POST", headers: json, body });
  const failed = async () =>
    (await server.json<{ statistics: { failed: number } }>(QUEUE)).statistics.failed;
  await until("all to fail", 60, async () => (await failed()) === TASKS);
  isMended = true;
  const begun = run(server, "redrive", "default", "--all", "--rate", "5/s", "--yes", "--detach");
  expect(begun).toMatchObject({ status: 0, stderr: "" });
  const standing = async () => {
    const { redrives } = await server.json<{ redrives: Redrive[] }>(`${QUEUE}/redrives`);
    return redrives[0] as Redrive;
  };
  for (let kills = 0; kills < 2; kills++) {
    const before = (await standing()).redriven;
    const goesOn = async () => {
      const { redriven, state } = await standing();
      return redriven > before || state === "done";
    };
    await until("a batch", 60, goesOn);
    if (kills === 0) expect((await standing()).state).toBe("running");
    await server.kill();
    server = await start();
  }
  await until("its end", 60, async () => (await standing()).state === "done");
  expect(await standing()).toMatchObject({ state: "done", redriven: TASKS });
  expect(await failed()).toBe(0);
  await until("all to run", 60, () => new Set(done).size === TASKS);
  await server.stop();
});
