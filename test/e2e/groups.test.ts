// A group of two thousand subtasks whose handlers fail at random, on a server that is killed ten times.
import { join } from "node:path";
import { expect, it } from "vitest";
import { onWorkerd, ROOT, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import type { GroupProgress } from "../../src/core/task/group.ts";
import type { Task } from "../../src/core/task/task.ts";
import { temporaryDir } from "./support.ts";

const SUBTASKS = 2000;
const KILLS = 10;
const GROUP = "/_ah/api/groups/chaos";

const options = {
  command: onWorkerd({ main: "worker.ts" }),
  cwd: join(ROOT, "test", "e2e", "chaos"),
};

it("killed ten times, 2,000 subtasks that fail at random are all done, and what follows is added once", async () => {
  const stateDir = temporaryDir();
  const start = () => startServer({ ...options, stateDir });
  let server = await start();
  const again = async () => {
    await server.kill();
    server = await start();
  };
  try {
    const tasks = Array.from({ length: SUBTASKS }, (_, i) => ({
      queue: i % 2 ? "left" : "right",
      payload: i,
    }));
    const then = { queue: "gather" };
    const body = JSON.stringify({ name: "chaos", tasks, then });
    expect((await server.fetch("/_ah/api/groups", { method: "POST", body })).status).toBe(201);
    // The first while its parts are on their way to the queues, the others all along.
    for (let kill = 0; kill < KILLS; kill++) {
      const least = (SUBTASKS * kill) / (KILLS + 1);
      await until(`${least} done`, 60, async () => (await progressOf(server)).done >= least);
      await again();
    }
    await until("the end", 60, async () => (await progressOf(server)).then?.name !== undefined);
    expect(await progressOf(server)).toMatchObject({
      ...{ state: "done", total: SUBTASKS, done: SUBTASKS, failed: 0, deleted: 0 },
      then: { queue: "gather", name: "chaos-then" },
    });
    const path = "/_ah/api/queues/gather/tasks/chaos-then";
    await until("what follows", 60, async () => {
      return (await server.json<Task>(path)).state === "done";
    });
    // Its answer is stored with the task. A line in the log would not do: a kill may swallow it.
    expect(await server.json<Task>(path)).toMatchObject({
      result: { count: SUBTASKS, isWhole: true },
    });
    // What follows has a name of its own, and there is no second of it under another.
    const { tombstones } = await server.json<{ tombstones: Task[] }>(
      "/_ah/api/queues/gather/tombstones",
    );
    expect(tombstones.map(({ name }) => name)).toEqual(["chaos-then"]);
    expect(await left(server)).toEqual([0, 0, 0]);
  } finally {
    await server.stop();
  }
});

function progressOf(server: Server): Promise<GroupProgress> {
  return server.json(GROUP);
}

async function left(server: Server): Promise<number[]> {
  const queues = ["left", "right", "gather"];
  const views = queues.map((name) =>
    server.json<{ statistics: { tasks: number } }>(`/_ah/api/queues/${name}`),
  );
  return (await Promise.all(views)).map(({ statistics }) => statistics.tasks);
}
