// Saved queues: all records of one, and one with something of each kind on it.
import { CopyHandle } from "../../src/client/copy-handle.ts";
import {
  FIRST_WALK_PLACE,
  lineOf,
  nameOfRecord,
  type SavedRecord,
  type WalkPlace,
} from "../../src/core/backup/record.ts";
import type { AddResult } from "../../src/core/task/task.ts";
import { pass, queue } from "./time.ts";
import { handlers } from "./worker.ts";

export function copyOf(name: string): CopyHandle {
  return new CopyHandle(queue(name));
}

/** Everything that a walk comes to; `between` happens behind each page. */
export async function savedOf(
  name: string,
  between: (page: number) => Promise<void> = async () => {},
): Promise<SavedRecord[]> {
  const records: SavedRecord[] = [];
  let place: WalkPlace | undefined = FIRST_WALK_PLACE;
  for (let page = 0; place; page++) {
    const answer = await copyOf(name).exportPage(place);
    records.push(...answer.records);
    place = answer.next;
    await between(page);
  }
  return records;
}

export function namesOf(records: readonly SavedRecord[]): string[] {
  return records.map(nameOfRecord);
}

/** In the order of names; of several shards two may have a task at the same key, which in one are behind each other. */
export function linesOf(records: readonly SavedRecord[]): string[] {
  const line = (record: SavedRecord) => lineOf(record).replace(/"key":\d+,/, "");
  const named = records.map((record) => [nameOfRecord(record), line(record)] as const);
  return named.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}

/** Numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const CONTENTS = [
  { payload: "text" },
  { payload: { json: ["ünï", null, 1.5] } },
  { payload: new Uint8Array([0, 255, 128]) },
  { params: { a: ["1", "2"], b: "x" } },
  { method: "GET", url: "/x", params: { z: "1" } },
  { url: "/y", headers: { "X-Own": ["a", "b"] } },
] as const;

/** Puts tasks on a push queue, and lets some succeed, fail, be tried again, deleted and rescheduled. */
export async function populate(name: string, random: () => number, count: number): Promise<void> {
  const of = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  handlers.set("/fails", () => new Response("no", { status: 500 }));
  const tasks = Array.from({ length: count }, (_, i) => ({
    ...of(CONTENTS),
    ...(random() < 0.3 ? { url: "/fails", method: "POST", params: undefined } : {}),
    ...(random() < 0.5 ? { name: `n-${i}-${Math.floor(random() * 1e6)}` } : {}),
    ...(random() < 0.5 ? { countdown: Math.floor(random() * 100) } : {}),
    ...(random() < 0.2 ? { retry: { limit: Math.floor(random() * 3) } } : {}),
    ...(random() < 0.1 ? { expires: 101 + Math.floor(random() * 50) } : {}),
  }));
  const added = (await queue(name).add(tasks as never)) as unknown as AddResult[];
  await pass(name, Math.floor(random() * 60));
  for (const { task } of added) {
    if (!task) continue;
    const chance = random();
    const handle = queue(name);
    if (chance < 0.1) await handle.delete([task.name]);
    else if (chance < 0.2) await handle.reschedule(task.name, { countdown: 500 }).catch(() => {});
  }
}
