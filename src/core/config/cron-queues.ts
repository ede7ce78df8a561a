// Whether the tasks of cron.yaml have queues to go to.
import { cronQueue } from "./cron-config.ts";
import type { CronDocument } from "./cron-schema.ts";
import { type Finding, finding } from "./findings.ts";
import type { QueueFile } from "./queue-config.ts";

/** Entries whose queue is no push queue of queue.yaml. */
export function lostTasks(document: CronDocument, { queues }: QueueFile): Finding[] {
  const push = new Set(
    [...queues.values()].filter(({ mode }) => mode === "push").map(({ name }) => name),
  );
  return (document.cron ?? []).flatMap((entry, index) => {
    const queue = cronQueue(entry);
    if (push.has(queue)) return [];
    const message = `found ${JSON.stringify(queue)}, expected a push queue of queue.yaml: ${[...push].join(", ")}`;
    return [finding(document, ["cron", index, "extensions", "queue"], message)];
  });
}
