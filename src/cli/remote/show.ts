// `show`: a queue, or one of its tasks; what failed on it, and its redrives.
import type { FailureGroup, FailurePage, Redrive, RemoteQueue } from "../../remote/index.ts";
import { UsageError } from "../terminal/exit.ts";
import { fieldLines } from "../terminal/fields.ts";
import { type Column, table } from "../terminal/table.ts";
import { counted } from "./bulk.ts";
import { type Remote, remote } from "./queues-of.ts";

export default remote(async (it) => {
  const { given, queues, signal, say } = it;
  const [name = "", task] = given.args;
  const queue = queues.get(name) as RemoteQueue;
  const lists = ["failures", "redrives"].filter((list) => given.options[list] === true);
  if (lists.length + (task === undefined ? 0 : 1) > 1) {
    throw new UsageError("show: expected a task, --failures or --redrives alone");
  }
  if (lists[0] === "failures") return showFailures(it, queue);
  if (lists[0] === "redrives") return showRedrives(it, queue);
  const shown =
    task === undefined ? await queue.describe({ signal }) : await queue.get(task, { signal });
  say(shown, () => fieldLines(shown));
  return 0;
});

async function showFailures({ say, signal, terminal }: Remote, queue: RemoteQueue) {
  const page = await queue.failures({ signal });
  say(page, () => [...table(FAILURES, page.failures, terminal.width), ...remarks(page)]);
  return 0 as const;
}

function remarks({ scanned, more, ungrouped = 0 }: FailurePage): string[] {
  return [
    ...(ungrouped > 0 ? [`${counted(ungrouped)} in groups beyond these`] : []),
    ...(more ? [`looked at the last ${counted(scanned)} that failed; there are more`] : []),
  ];
}

const FAILURES: readonly Column<FailureGroup>[] = [
  { title: "FINGERPRINT", of: ({ fingerprint }) => fingerprint },
  { title: "COUNT", isRight: true, of: ({ count }) => count },
  { title: "STATUS", of: ({ state, status, reason }) => status ?? reason ?? state },
  { title: "TARGET", of: ({ target = "-" }) => target },
  { title: "ERROR", of: ({ error = "-" }) => error },
  { title: "FIRST SEEN", of: ({ firstSeen }) => firstSeen },
  { title: "LAST SEEN", of: ({ lastSeen }) => lastSeen },
];

async function showRedrives({ isJson, signal, terminal }: Remote, queue: RemoteQueue) {
  const redrives = await queue.redrives({ signal });
  const lines = isJson
    ? redrives.map((redrive) => JSON.stringify(redrive))
    : table(REDRIVES, redrives, terminal.width);
  for (const line of lines) terminal.line(line);
  return 0 as const;
}

const REDRIVES: readonly Column<Redrive>[] = [
  { title: "REDRIVE", of: ({ id }) => id },
  { title: "STATE", of: ({ state }) => state },
  { title: "OF", of: ({ fingerprint = "all" }) => fingerprint },
  { title: "RATE", of: ({ rate }) => rate },
  { title: "REDRIVEN", isRight: true, of: ({ redriven }) => redriven },
  { title: "BEGAN", of: ({ beganAt }) => beganAt },
  { title: "ENDED", of: ({ endedAt = "-" }) => endedAt },
  { title: "WHO", of: ({ who }) => who },
  { title: "WHY", of: ({ why = "" }) => why },
];
