// What several shards cost where one core is the limit, and how long a look at a large queue of many takes. On
// one machine shards gain nothing: they share its core, and it is their price that shows.
import { join } from "node:path";
import { call } from "../http.ts";
import type { Bar, Report } from "../report.ts";
import type { Size } from "../size.ts";
import { cpuOf, perSecond, ratioOf, type Side, takeTurns } from "../slices.ts";
import { quantile } from "../statistics.ts";
import { CLASSES, type Running, startWorkerd } from "../workerd.ts";

const ONE = "1 shard";
const FOUR = "4 shards";
const MANY = 8;
const LOOKS = 25;
const LOOK_MS = 300;
/** A slice is so many times as long as others: shards ask for their slots anew after each pause, which is no work of a core. */
const LONGER = 4;

export async function measureShards(size: Size): Promise<Report> {
  const life = await measureLives(size);
  const looks = await measureLooks(size);
  return {
    tables: [...life.tables, ...looks.tables],
    bars: [...life.bars, ...looks.bars],
  };
}

async function measureLives({ tasks: few, ...size }: Size): Promise<Report> {
  const tasks = few * LONGER;
  const servers = await Promise.all([started(1), started(4)]);
  try {
    const sides = [ONE, FOUR].map((name, i) => sideOf(name, servers[i] as Running, tasks));
    const slices = await takeTurns(sides, { ...size, tasks });
    const columns = ["", "tasks/s p50", "of one shard p50", "µs CPU a task"];
    const rows = [ONE, FOUR].map((name) => [
      name,
      perSecond(slices, name).toFixed(0),
      ratioOf(slices, name, ONE).p50.toFixed(2),
      cpuOf(slices, name).toFixed(1),
    ]);
    const cpu = cpuOf(slices, FOUR) / cpuOf(slices, ONE);
    return {
      tables: [{ title: `Full life of ${tasks} tasks, one core`, columns, rows }],
      bars: [
        { what: "life cycle: 4 shards / 1", found: ratioOf(slices, FOUR, ONE).p50, atLeast: 0.95 },
        { what: "CPU a task: 4 shards / 1", found: cpu, atMost: 1.1 },
      ],
    };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function measureLooks({ waiting }: Size): Promise<Report> {
  const server = await started(MANY);
  try {
    const port = portOf(server);
    await call(port, "GET", `/fill?tasks=${waiting}`);
    const [list, statistics] = [
      await times(port, "/_ah/api/queues/bench/tasks?limit=100"),
      await times(port, "/_ah/api/queues/bench"),
    ];
    const title = `A queue of ${MANY} shards with ${waiting.toLocaleString("en")} waiting`;
    const figures = (ms: number[]) =>
      [quantile(ms, 0.5), quantile(ms, 1)].map((it) => it.toFixed(1));
    const rows = [
      ["a page of 100", ...figures(list)],
      ["statistics", ...figures(statistics)],
    ];
    return {
      tables: [{ title, columns: ["", "p50 ms", "most"], rows }],
      bars: [
        atMost(`list, ${MANY} shards, most`, list),
        atMost(`statistics, ${MANY} shards, most`, statistics),
      ],
    };
  } finally {
    await server.stop();
  }
}

function atMost(what: string, ms: readonly number[]): Bar {
  return { what, found: quantile([...ms], 1), atMost: LOOK_MS, unit: "ms" };
}

async function times(port: number, path: string): Promise<number[]> {
  const ms: number[] = [];
  for (let i = 0; i < LOOKS; i++) {
    const began = performance.now();
    await call(port, "GET", path);
    ms.push(performance.now() - began);
  }
  return ms;
}

function started(shards: number): Promise<Running> {
  const entry = join(import.meta.dirname, "..", "worker", "ours.ts");
  const extensions = { rate: "none", max_concurrent_requests: 200, shards };
  const config = JSON.stringify({ queue: [{ name: "bench", extensions }] });
  const vars = { OPTIONS: JSON.stringify({ config, attemptsPerCall: 1 }) };
  return startWorkerd([{ name: "ours", entry, classes: CLASSES, vars }]);
}

function portOf(server: Running): number {
  return server.ports.get("ours") as number;
}

function sideOf(name: string, server: Running, tasks: number): Side {
  return {
    name,
    run: () => call(portOf(server), "GET", `/run?tasks=${tasks}`),
    cpu: server.cpu,
  };
}
