// A pull queue on which tasks once had a priority, so that all are leased by lines: what holds elsewhere holds there.
import { queue } from "./time.ts";

export async function haveLines(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await queue(name).add({ name: "in-a-line", payload: "", priority: 1 });
    await queue(name).delete(["in-a-line"]);
  }
}
