// What a million tasks that wait cost those that are due: dispatch beside that of an empty queue, and how long after
// kill -9 the queue answers again.
import { join } from "node:path";
import { call } from "../http.ts";
import type { Report } from "../report.ts";
import type { Size } from "../size.ts";
import { cpuOf, perSecond, ratioOf, type Side, takeTurns } from "../slices.ts";
import { quantile } from "../statistics.ts";
import { CLASSES, type Running, startWorkerd } from "../workerd.ts";

const EMPTY = "an empty queue";
const AT_LEAST = 0.95;
const START_MS = 200;

/** A server that is killed and started again on its disk. */
interface Server {
  name: string;
  running: Running;
}

export async function measureMillion(size: Size): Promise<Report> {
  const full = `${size.waiting.toLocaleString("en")} waiting`;
  const servers = await Promise.all([EMPTY, full].map(started));
  try {
    await call(portOf(servers[1] as Server), "GET", `/fill?tasks=${size.waiting}`);
    const slices = await takeTurns(
      servers.map((server) => sideOf(server, size)),
      size,
    );
    const starts = await startsOf(servers, size.kills);
    const columns = ["", "tasks/s p50", "µs CPU a task", "start after kill p50 ms", "most"];
    const rows = servers.map(({ name }) => {
      const [cpu, ms] = [cpuOf(slices, name).toFixed(1), starts.get(name) ?? []];
      const start = [quantile(ms, 0.5), quantile(ms, 1)].map((value) => value.toFixed(0));
      return [name, perSecond(slices, name).toFixed(0), cpu, ...start];
    });
    const ratio = ratioOf(slices, full, EMPTY).p50;
    const start = quantile(starts.get(full) ?? [], 0.5);
    return {
      tables: [{ title: "Dispatch and start beside many waiting tasks", columns, rows }],
      bars: [
        { what: `dispatch: ${full} / ${EMPTY}`, found: ratio, atLeast: AT_LEAST },
        { what: `start after kill, ${full}`, found: start, atMost: START_MS, unit: "ms" },
      ],
    };
  } finally {
    await Promise.all(servers.map(({ running }) => running.stop()));
  }
}

async function started(name: string): Promise<Server> {
  const entry = join(import.meta.dirname, "..", "worker", "ours.ts");
  return { name, running: await startWorkerd([{ name: "ours", entry, classes: CLASSES }]) };
}

function portOf({ running }: Server): number {
  return running.ports.get("ours") as number;
}

function sideOf(server: Server, { tasks }: Size): Side {
  return {
    name: server.name,
    run: () => call(portOf(server), "GET", `/run?tasks=${tasks}`),
    cpu: server.running.cpu,
  };
}

/** From the start of a process to the queue's first answer, in ms: the script is loaded and run meanwhile. */
async function startsOf(servers: readonly Server[], kills: number) {
  const starts = new Map<string, number[]>(servers.map(({ name }) => [name, []]));
  for (let i = 0; i < kills; i++) {
    for (const server of servers) {
      await call(portOf(server), "GET", "/run?tasks=10");
      await server.running.stop();
      const began = performance.now();
      server.running = await server.running.restart();
      await call(portOf(server), "GET", "/_ah/api/queues/bench");
      starts.get(server.name)?.push(performance.now() - began);
    }
  }
  return starts;
}
