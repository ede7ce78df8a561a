// A task that ends the server whenever it runs: it comes to its end, and what stands beside it is done.
import { join } from "node:path";
import { expect, it } from "vitest";
import { onWorkerd, ROOT, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import type { Task } from "../../src/core/task/task.ts";
import { temporaryDir } from "./support.ts";

/** Two crashes go uncounted, then one for each attempt it may have. */
const MOST_KILLS = 2 + 3;
const NEIGHBOURS = 20;

const options = {
  command: onWorkerd({ main: "worker.ts" }),
  cwd: join(ROOT, "test", "e2e", "chaos"),
};
const QUEUE = "/_ah/api/queues/left/tasks";

it("a task that kills the server each time fails at its retry limit, and its neighbours are done", async () => {
  const stateDir = temporaryDir();
  let server = await startServer({ ...options, stateDir });
  try {
    const neighbours = Array.from({ length: NEIGHBOURS }, (_, i) => ({
      name: `n${i}`,
      payload: i,
    }));
    const poison = { name: "poison", url: "/poison", retry: { limit: 2 } };
    expect((await add(server, [poison, ...neighbours])).status).toBe(200);
    let kills = 0;
    while ((await stateOf(server, "poison")) !== "failed") {
      expect(kills).toBeLessThan(MOST_KILLS);
      await until("the task, or its end", 60, async () => {
        return runs(server) || (await stateOf(server, "poison")) === "failed";
      });
      if (!runs(server)) break;
      await server.kill();
      kills++;
      server = await startServer({ ...options, stateDir });
    }
    expect(await taskOf(server, "poison")).toMatchObject({
      state: "failed",
      lastAttempt: { error: "cut off: the server ended during the attempt" },
    });
    await until("the neighbours", 60, async () => {
      const states = await Promise.all(neighbours.map(({ name }) => stateOf(server, name)));
      return states.every((state) => state === "done");
    });
  } finally {
    await server.stop();
  }
});

const runs = (server: Server) => server.lines().some((line) => line.includes("poison runs"));

function add(server: Server, tasks: object[]): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return server.fetch(QUEUE, { method: "POST", headers, body: JSON.stringify({ tasks }) });
}

function taskOf(server: Server, name: string): Promise<Task> {
  return server.json<Task>(`${QUEUE}/${name}`);
}

async function stateOf(server: Server, name: string): Promise<string> {
  return (await taskOf(server, name)).state ?? "unknown";
}
