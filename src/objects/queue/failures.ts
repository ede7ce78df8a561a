// What went wrong on a queue, by fault, as this object has it. It is read from the records of failed tasks, so that a
// task costs nothing for it, whether it fails or not.
import { shortQueueName } from "../../core/config/names.ts";
import { FailureCount, type FailurePart } from "../../core/failures/groups.ts";
import type { FailedTasks } from "../../store/queue/failed-tasks.ts";
import { inSlices } from "../slices.ts";
import type { QueueContext } from "./context/context.ts";

/** Records that are looked at, and for how long, in ms: what lies behind is said to be there. */
const MOST = { records: 200_000, ms: 800 };

export async function failuresOf(queue: QueueContext): Promise<FailurePart> {
  const { failed, ruled } = queue.store;
  const count = new FailureCount(homeOf(queue));
  const until = queue.now() + MOST.ms;
  let more = false;
  for (const table of ruled.exist ? [failed, ruled.expired] : [failed])
    more = (await countIn(queue, table, count, until)) || more;
  return count.part(more);
}

/** Where the queue's tasks go that name no url; pull tasks go nowhere. */
export function homeOf({ definition }: Pick<QueueContext, "definition">): string | undefined {
  const { mode, name } = definition.config;
  return mode === "push" ? `/_ah/queue/${shortQueueName(name)}` : undefined;
}

/** Counts the records of a table, the last that failed first; whether there are more than it looked at. */
async function countIn(
  queue: QueueContext,
  table: FailedTasks,
  count: FailureCount,
  until: number,
): Promise<boolean> {
  let before = Number.MAX_SAFE_INTEGER;
  let more = false;
  await inSlices(
    () => queue.now(),
    (rows) => {
      const records = table.failuresBefore(before, rows);
      for (const record of records) count.add(record);
      before = records.at(-1)?.key ?? before;
      more = records.length === rows && (count.scanned >= MOST.records || queue.now() >= until);
      return more || records.length < rows;
    },
  );
  return more;
}
