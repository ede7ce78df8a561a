// Waiting until nothing happens any more, without asking an object: that would be counted.
import { type Counts, total } from "../../bill-count.ts";
import { countsSoFar } from "./counting.ts";

const LOOK_MS = 5;

/** Until nothing has been counted for `ms`. */
export async function quiet(ms: number): Promise<void> {
  let last = -1;
  for (let still = 0; still < ms; still += LOOK_MS) {
    const sum = activity(countsSoFar());
    if (sum !== last) still = 0;
    last = sum;
    await scheduler.wait(LOOK_MS);
  }
}

function activity(counts: Counts): number {
  return total(counts, "requests") + total(counts, "statements") + total(counts, "alarms");
}
