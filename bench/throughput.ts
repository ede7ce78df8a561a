// How many tasks a second go through their whole life: added, called, settled. The library and the bare
// probe take turns in one process, so that whatever else the machine does meets both alike.
import { call } from "./http.ts";
import { median } from "./statistics.ts";

export const SIDES = ["ours", "probe by rpc", "probe by fetch", "probe, bare"] as const;
export type Side = (typeof SIDES)[number];

const PATHS: Record<Side, readonly [worker: string, by: string]> = {
  ours: ["ours", ""],
  "probe by rpc": ["probe", "rpc"],
  "probe by fetch": ["probe", "fetch"],
  "probe, bare": ["probe", "bare"],
};

/** Tasks per second. */
export type Round = Record<Side, number>;

export interface Throughput {
  rounds: Round[];
  medians: Round;
  /** The probe's faster hop, which the library is held against. */
  baseline: Side;
  /** Median over the rounds of ours / baseline. */
  ratio: number;
  /** The same against a probe whose request has no headers. */
  ratioToBare: number;
}

const WARM_UP_SHARE = 0.25;

export async function measureThroughput(
  ports: ReadonlyMap<string, number>,
  tasks: number,
  rounds: number,
): Promise<Throughput> {
  const run = (side: Side, n: number) => tasksPerSecond(side, ports, n);
  for (const side of SIDES) await run(side, Math.ceil(tasks * WARM_UP_SHARE));
  const measured: Round[] = [];
  for (let i = 0; i < rounds; i++) measured.push(await oneRound(i, (side) => run(side, tasks)));
  return summary(measured);
}

// Each round begins with another side: what one leaves behind (a checkpoint, garbage) meets each in turn.
async function oneRound(i: number, run: (side: Side) => Promise<number>): Promise<Round> {
  const round: Partial<Round> = {};
  for (let j = 0; j < SIDES.length; j++) {
    const side = SIDES[(i + j) % SIDES.length] as Side;
    round[side] = await run(side);
  }
  return round as Round;
}

async function tasksPerSecond(
  side: Side,
  ports: ReadonlyMap<string, number>,
  tasks: number,
): Promise<number> {
  const [worker, by] = PATHS[side];
  const started = performance.now();
  await call(ports.get(worker) as number, "GET", `/run?tasks=${tasks}&by=${by}`);
  return (tasks / (performance.now() - started)) * 1000;
}

function summary(rounds: Round[]): Throughput {
  const of = (side: Side) => median(rounds.map((round) => round[side]));
  const medians = Object.fromEntries(SIDES.map((side) => [side, of(side)])) as Round;
  const faster = medians["probe by rpc"] >= medians["probe by fetch"];
  const baseline = faster ? "probe by rpc" : "probe by fetch";
  const ratioTo = (side: Side) => median(rounds.map((round) => round.ours / round[side]));
  const ratioToBare = ratioTo("probe, bare");
  return { rounds, medians, baseline, ratio: ratioTo(baseline), ratioToBare };
}
