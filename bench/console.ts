// npm run bench:console: what it costs a queue at work that somebody watches it. Rounds with a watcher and
// without take turns; the watcher reads the events as the console's page does. Held against the target is
// the CPU of a task, which another's load on the machine changes less than the throughput.
import { request } from "node:http";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { call, closeConnections } from "./http.ts";
import { median, quantile } from "./statistics.ts";
import { CLASSES, startWorkerd } from "./workerd.ts";

const TARGET = { extraCpu: 0.05, perSecond: 1 };
const { values: options } = parseArgs({
  options: {
    tasks: { type: "string", default: "30000" },
    rounds: { type: "string", default: "12" },
  },
});
const [tasks, rounds] = [Number(options.tasks), Number(options.rounds)];

interface Run {
  perSecond: number;
  /** Of a task, in µs. */
  cpu: number;
  /** Events the watcher got, a second. */
  updates: number;
}

const entry = join(import.meta.dirname, "worker", "ours.ts");
const workerd = await startWorkerd([{ name: "ours", entry, classes: CLASSES }]);
const port = workerd.ports.get("ours") as number;
try {
  const alone: Run[] = [];
  const watched: Run[] = [];
  for (let i = -2; i < rounds; i++) {
    const sides = [
      async () => alone.push(await run()),
      async () => watched.push(await runWatched()),
    ];
    for (const side of i % 2 ? sides : sides.reverse()) await side();
    if (i < 0) for (const kept of [alone, watched]) kept.length = 0;
  }
  print(alone, watched);
} finally {
  closeConnections();
  await workerd.stop();
}

function print(alone: readonly Run[], watched: readonly Run[]): void {
  const of = (runs: readonly Run[], what: keyof Run) => median(runs.map((one) => one[what]));
  const ratioOf = (what: keyof Run) =>
    median(watched.map((one, i) => one[what] / (alone[i] as Run)[what]));
  console.log(`${tasks} tasks through one queue, ${rounds} rounds, medians`);
  for (const [name, runs] of [["alone", alone] as const, ["watched", watched] as const]) {
    const [perSecond, cpu] = [of(runs, "perSecond").toFixed(0), of(runs, "cpu").toFixed(1)];
    console.log(
      `${name.padEnd(8)}${perSecond.padStart(8)} tasks/s ${cpu.padStart(8)} µs CPU a task`,
    );
  }
  console.log(`tasks/s watched / alone: ${ratioOf("perSecond").toFixed(3)}`);
  const extra = ratioOf("cpu") - 1;
  const isCheap = outcome(extra <= TARGET.extraCpu);
  console.log(`CPU more when watched: ${(extra * 100).toFixed(1)} % (${isCheap} 5 %)`);
  const [p50, most] = [of(watched, "updates"), quantile(watched.map(updatesOf), 1)];
  const isCalm = outcome(most <= TARGET.perSecond);
  console.log(`updates/s: p50 ${p50.toFixed(2)}, most ${most.toFixed(2)} (${isCalm} 1)`);
}

function updatesOf({ updates }: Run): number {
  return updates;
}

async function runWatched(): Promise<Run> {
  const leave = await watch();
  const { seconds, ...one } = await run();
  return { ...one, updates: leave() / seconds };
}

async function run(): Promise<Run & { seconds: number }> {
  const [started, cpuBefore] = [performance.now(), workerd.cpu()];
  await call(port, "GET", `/run?tasks=${tasks}`);
  const seconds = (performance.now() - started) / 1000;
  const cpu = ((workerd.cpu() - cpuBefore) / tasks) * 1e6;
  return { perSecond: tasks / seconds, cpu, updates: 0, seconds };
}

/** Reads events from when the first is there; what it gives ends that, and says how many came after it. */
function watch(): Promise<() => number> {
  return new Promise((resolve, reject) => {
    let events = 0;
    const sent = request({ host: "127.0.0.1", port, path: "/_ah/api/events" }, (response) => {
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        events += text.match(/^event: /gm)?.length ?? 0;
        resolve(leave);
      });
      response.on("error", () => {});
    });
    const leave = () => {
      sent.destroy();
      return events - 1;
    };
    sent.on("error", reject);
    sent.end();
  });
}

function outcome(isReached: boolean): string {
  return isReached ? "reached the target of" : "MISSED the target of";
}
