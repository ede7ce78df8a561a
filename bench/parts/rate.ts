// How much of its rate a queue uses whose bucket is small, so that every token that is not taken at once is lost;
// and that no interval has more starts than bucket and rate allow.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { excess, type Start } from "../../chaos/bound.ts";
import { call } from "../http.ts";
import type { Report } from "../report.ts";
import type { Size } from "../size.ts";
import { CLASSES, startWorkerd } from "../workerd.ts";

const RATE = 500;
const BUCKET = 5;
const SHARE = { quiet: 0.99, busy: 0.95 };
const POLL_MS = 500;
/** Polls for each second that it should take. */
const PATIENCE = 20;

export async function measureRate({ paced }: Size): Promise<Report> {
  const entry = join(import.meta.dirname, "..", "worker", "rate.ts");
  const workerd = await startWorkerd([{ name: "rate", entry, classes: CLASSES }]);
  const port = workerd.ports.get("rate") as number;
  try {
    const tasks = RATE * paced;
    await call(port, "GET", `/add?tasks=${tasks}`);
    const starts = await startsOf(port, tasks);
    const used = usedOf(starts);
    const over = excess(starts, { rate: RATE, capacity: BUCKET });
    const title = `${RATE}/s with a bucket of ${BUCKET}, for ${paced} s`;
    const rows = [["", used.toFixed(3), String(over)]];
    const what = `rate used, ${RATE}/s with a bucket of ${BUCKET}`;
    return {
      tables: [{ title, columns: ["", "of the rate", "starts over the bound"], rows }],
      bars: [
        { what, found: used, atLeast: SHARE.quiet },
        { what: `${what}, on a busy machine`, found: used, atLeast: SHARE.busy },
        { what: "starts over the bound", found: over, atMost: 0 },
      ],
    };
  } finally {
    await workerd.stop();
  }
}

async function startsOf(port: number, tasks: number): Promise<Start[]> {
  for (let polls = (PATIENCE * tasks) / RATE; polls > 0; polls--) {
    const starts: Start[] = JSON.parse(await call(port, "GET", "/starts"));
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
