// How much of its rate a queue uses whose bucket is small, so that every token that is not taken at once is lost;
// and that no interval has more starts than bucket and rate allow. By turns with it a timer in the same Worker takes
// tokens as it can: on a machine that is busy, timers are late, and so is everything that waits for a token.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { excess, type Start } from "../../chaos/bound.ts";
import { call } from "../http.ts";
import type { Report } from "../report.ts";
import type { Size } from "../size.ts";
import { median } from "../statistics.ts";
import { CLASSES, startWorkerd } from "../workerd.ts";

const RATE = 500;
const BUCKET = 5;
const SHAPE = { rate: RATE, capacity: BUCKET };
const SLICES = 3;
const SHARE = { quiet: 0.99, busy: 0.95 };
const POLL_MS = 500;
/** Polls for each second that it should take. */
const PATIENCE = 20;

export async function measureRate({ paced }: Size): Promise<Report> {
  const entry = join(import.meta.dirname, "..", "worker", "rate.ts");
  const workerd = await startWorkerd([{ name: "rate", entry, classes: CLASSES }]);
  const port = workerd.ports.get("rate") as number;
  const [starts, used, byTimer]: [Start[], number[], number[]] = [[], [], []];
  try {
    for (let i = 0; i < SLICES; i++) {
      const slice = await startsOf(port, Math.ceil((RATE * paced) / SLICES));
      starts.push(...slice);
      used.push(usedOf(slice));
      const perSecond = await call(port, "GET", `/timer?ms=${(paced / SLICES) * 1000}`);
      byTimer.push(Number(perSecond) / RATE);
    }
    return reportOf(paced, median(used), median(byTimer), excess(starts, SHAPE));
  } finally {
    await workerd.stop();
  }
}

function reportOf(paced: number, used: number, byTimer: number, over: number): Report {
  const title = `${RATE}/s with a bucket of ${BUCKET}, ${SLICES} slices in ${paced} s`;
  const columns = ["", "of the rate", "starts over the bound"];
  const rows = [
    ["ours", used.toFixed(3), String(over)],
    ["a bare timer that takes tokens", byTimer.toFixed(3), ""],
  ];
  const what = `rate used, ${RATE}/s with a bucket of ${BUCKET}`;
  const bars = [
    { what, found: used, atLeast: SHARE.quiet },
    { what: `${what}, on a busy machine`, found: used, atLeast: SHARE.busy },
    { what: "starts over the bound", found: over, atMost: 0 },
  ];
  return { tables: [{ title, columns, rows }], bars };
}

/** Adds as many, and waits until all have left. */
async function startsOf(port: number, tasks: number): Promise<Start[]> {
  await call(port, "GET", `/add?tasks=${tasks}`);
  const starts: Start[] = [];
  for (let polls = (PATIENCE * tasks) / RATE; polls > 0; polls--) {
    starts.push(...(JSON.parse(await call(port, "GET", "/starts")) as Start[]));
    if (starts.length >= tasks) return starts;
    await sleep(POLL_MS);
  }
  throw new Error(`not all of ${tasks} attempts were seen to leave`);
}

/** The bucket is full before, so its tokens are not counted. */
function usedOf(starts: readonly Start[]): number {
  const reads = starts.map(({ read }) => read).sort((a, b) => a - b);
  const seconds = ((reads.at(-1) ?? 0) - (reads[0] ?? 0)) / 1000;
  return (starts.length - BUCKET) / seconds / RATE;
}
