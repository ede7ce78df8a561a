// npm run bench:groups: 10,000 tasks over four queues as one group, against the same tasks without; and how
// long after the last of them the group is seen to be done.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { call, closeConnections } from "./http.ts";
import { median, quantile } from "./statistics.ts";
import { CLASSES, startWorkerd } from "./workerd.ts";

const TARGET = { ratio: 0.8, lagMs: 1000 };
const { values: options } = parseArgs({
  options: {
    tasks: { type: "string", default: "10000" },
    rounds: { type: "string", default: "9" },
  },
});
const [tasks, rounds] = [Number(options.tasks), Number(options.rounds)];

const entry = join(import.meta.dirname, "worker", "groups.ts");
const workerd = await startWorkerd([{ name: "groups", entry, classes: CLASSES }]);
const port = workerd.ports.get("groups") as number;
try {
  const alone: number[] = [];
  const grouped: number[] = [];
  const lags: number[] = [];
  for (let i = -2; i < rounds; i++) {
    const sides = [
      async () => alone.push((await rate("/alone")).perSecond),
      async () => {
        const { perSecond, lag } = await rate("/grouped");
        grouped.push(perSecond);
        lags.push(lag);
      },
    ];
    for (const side of i % 2 ? sides : sides.reverse()) await side();
    if (i < 0) for (const kept of [alone, grouped, lags]) kept.length = 0;
  }
  const ratio = median(grouped.map((perSecond, i) => perSecond / (alone[i] as number)));
  console.log(`${tasks} tasks over 4 queues, ${rounds} rounds, median tasks/s`);
  console.log(`alone      ${median(alone).toFixed(0)}`);
  console.log(`in a group ${median(grouped).toFixed(0)}`);
  console.log(`ratio ${ratio.toFixed(2)} (${outcome(ratio >= TARGET.ratio)} ${TARGET.ratio})`);
  const [p50, most] = [median(lags), quantile(lags, 1)];
  const within = outcome(most <= TARGET.lagMs);
  console.log(`seen done after the last call: p50 ${p50} ms, most ${most} ms (${within} 1 s)`);
} finally {
  closeConnections();
  await workerd.stop();
}

async function rate(path: string): Promise<{ perSecond: number; lag: number }> {
  const started = performance.now();
  const said = await call(port, "GET", `${path}?tasks=${tasks}`);
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: tasks / seconds, lag: said === "" ? 0 : JSON.parse(said).lag };
}

function outcome(isReached: boolean): string {
  return isReached ? "reached the target of" : "MISSED the target of";
}
