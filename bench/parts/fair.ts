// What keys promise: that each gets the same of what there is, that one with very many tasks does not make another
// late, and that there may be a million of them.
import { join } from "node:path";
import { call } from "../http.ts";
import type { Report } from "../report.ts";
import type { Size } from "../size.ts";
import { cpuOf, perSecond, ratioOf, type Side, takeTurns } from "../slices.ts";
import { quantile } from "../statistics.ts";
import { CLASSES, type Running, startWorkerd } from "../workerd.ts";

const KEYS = 100;
const MOST_LOAD = 1000;
const JAIN = 0.98;
const LATER = 2;
const DISPATCH = 0.8;
/** Of the tasks that wait, a tenth are of one key beside which others come. */
const CROWD_SHARE = 0.1;
/** Of one key in a slice at least: a second's. */
const LEAST_LATE = 50;

export async function* measureFair(size: Size): AsyncGenerator<Report> {
  yield await measureTurns();
  yield await measureLateness(size);
  yield await measureMillionKeys(size);
}

async function measureTurns(): Promise<Report> {
  const server = await started();
  try {
    const loads = Array.from({ length: KEYS }, (_, i) => Math.round(MOST_LOAD ** (i / (KEYS - 1))));
    const query = `/turns?loads=${loads.join(",")}`;
    const served = JSON.parse(await call(portOf(server), "GET", query)) as string[];
    const rows = [0.1, 0.25, 0.5, 0.75].map((share) => {
      const part = served.slice(0, Math.floor(served.length * share));
      const shares = sharesOf(part, loads);
      return [
        `after ${share * 100} % of ${served.length.toLocaleString("en")}`,
        jain(shares).toFixed(4),
        Math.min(...shares).toFixed(2),
        Math.max(...shares).toFixed(2),
      ];
    });
    const title = `${KEYS} keys with 1 to ${MOST_LOAD} tasks, the largest added first: of its fair part each has`;
    // The first turns know of the tasks that came first alone.
    const worst = Math.min(...rows.slice(1).map(([, index]) => Number(index)));
    return {
      tables: [{ title, columns: ["", "Jain", "least", "most"], rows }],
      bars: [{ what: `fairness of ${KEYS} keys (Jain)`, found: worst, atLeast: JAIN }],
    };
  } finally {
    await server.stop();
  }
}

/** Of each key, what it was given of its fair part: as many as all others, or all it has. */
function sharesOf(served: readonly string[], loads: readonly number[]): number[] {
  const given = new Map<string, number>();
  for (const key of served) given.set(key, (given.get(key) ?? 0) + 1);
  const level = levelOf(served.length, loads);
  return loads.map((load, i) => (given.get(`k${i}`) ?? 0) / Math.min(load, level));
}

/** How many each key has when `n` are given out, one after another, to all that have some left. */
export function levelOf(n: number, loads: readonly number[]): number {
  let [left, above] = [n, 0];
  const rising = [...loads].sort((a, b) => a - b);
  for (const [i, load] of rising.entries()) {
    const keys = rising.length - i;
    if ((load - above) * keys >= left) return above + left / keys;
    left -= (load - above) * keys;
    above = load;
  }
  return above;
}

/** Jain's index: 1 where all have the same, 1/n where one has everything. */
export function jain(values: readonly number[]): number {
  const sum = values.reduce((total, it) => total + it, 0);
  return sum ** 2 / (values.length * values.reduce((total, it) => total + it ** 2, 0));
}

async function measureLateness({ waiting, samples, lateSlices }: Size): Promise<Report> {
  const crowd = Math.round(waiting * CROWD_SHARE);
  const [few, many] = ["a few", crowd.toLocaleString("en")];
  const [beside, besideMany] = await Promise.all([started(), started()]);
  try {
    const late = new Map<string, number[]>([
      [few, []],
      [many, []],
    ]);
    const tasks = Math.max(LEAST_LATE, Math.ceil((samples * 2) / lateSlices));
    const ratios: number[] = [];
    for (let i = 0; i <= lateSlices; i++) {
      const worst = new Map<string, number>();
      await call(portOf(besideMany), "GET", `/crowd?tasks=${crowd}`);
      const sides = [
        [few, beside, "&few"],
        [many, besideMany, ""],
      ] as const;
      for (const [name, server, query] of i % 2 ? sides : sides.toReversed()) {
        const ms = JSON.parse(await call(portOf(server), "GET", `/late?tasks=${tasks}${query}`));
        worst.set(name, Math.max(1, quantile(ms, 0.99)));
        if (i > 0) late.get(name)?.push(...ms);
      }
      if (i > 0) ratios.push((worst.get(many) ?? 1) / (worst.get(few) ?? 1));
    }
    const rows = [...late].map(([name, ms]) => [
      `${name} of another key wait`,
      ...[0.5, 0.9, 0.99].map((share) => quantile(ms, share).toFixed(0)),
    ]);
    return {
      tables: [
        {
          title: "A key's tasks on a queue that is at its rate, how late",
          columns: ["", "p50 ms", "p90 ms", "p99 ms"],
          rows,
        },
      ],
      bars: [
        {
          what: `p99 lateness of a key: ${many} / ${few} of another wait, median of slices`,
          found: quantile(ratios, 0.5),
          atMost: LATER,
        },
      ],
    };
  } finally {
    await Promise.all([beside.stop(), besideMany.stop()]);
  }
}

async function measureMillionKeys(size: Size): Promise<Report> {
  const keyed = `${size.waiting.toLocaleString("en")} keys`;
  const plain = "no keys";
  const servers = await Promise.all([started(), started()]);
  try {
    const sides = [sideOf(plain, servers[0], size, ""), sideOf(keyed, servers[1], size, "&keys")];
    const slices = await takeTurns(sides, size);
    const rows = [plain, keyed].map((name) => [
      name,
      perSecond(slices, name).toFixed(0),
      cpuOf(slices, name).toFixed(1),
    ]);
    return {
      tables: [
        {
          title: `Dispatch of ${size.waiting.toLocaleString("en")} that are due`,
          columns: ["", "tasks/s p50", "µs CPU a task"],
          rows,
        },
      ],
      bars: [
        {
          what: `dispatch: ${keyed} of one task each / ${plain}`,
          found: ratioOf(slices, keyed, plain).p50,
          atLeast: DISPATCH,
        },
      ],
    };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

// More start than are waited for, until the queue has heard that it is paused: what is gone comes back first.
function sideOf(name: string, server: Running, { tasks, waiting }: Size, keys: string): Side {
  return {
    name,
    prepare: () => call(portOf(server), "GET", `/fill?tasks=${waiting}${keys}`),
    run: () => call(portOf(server), "GET", `/drain?tasks=${tasks}`),
    took: (answer) => JSON.parse(answer as string),
    end: () => call(portOf(server), "GET", "/stop"),
    cpu: server.cpu,
  };
}

function started(): Promise<Running> {
  const entry = join(import.meta.dirname, "..", "worker", "fair.ts");
  return startWorkerd([{ name: "fair", entry, classes: CLASSES }]);
}

function portOf(server: Running): number {
  return server.ports.get("fair") as number;
}
