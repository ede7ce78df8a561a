// `cron`: the recurring tasks and what can be done with one.
import type { CronView } from "../../remote/index.ts";
import { type Exit, UsageError } from "../terminal/exit.ts";
import { type Column, table } from "../terminal/table.ts";
import { type Remote, remote } from "./queues-of.ts";

const VERBS = ["run", "pause", "resume"] as const;

export default remote(async (it) => {
  const [verb = "list", name] = it.given.args;
  if (verb === "list" && name === undefined) return list(it);
  const known = VERBS.find((one) => one === verb);
  if (!known || name === undefined) {
    throw new UsageError(
      `verb: found "${verb}", expected list, or run, pause or resume with a name`,
    );
  }
  const cron = it.queues.cron();
  if (known === "run") {
    const task = await cron.run(name, { signal: it.signal });
    it.say(task, () => [`added ${task.name} to "${task.queue}"`]);
    return 0;
  }
  const view = await cron[known](name, { signal: it.signal });
  it.say(view, () => [`${name} is ${view.state}`]);
  return 0;
});

async function list({ queues, signal, isJson, terminal }: Remote): Promise<Exit> {
  const entries = await queues.cron().list({ signal });
  const lines = isJson
    ? entries.map((entry) => JSON.stringify(entry))
    : table(COLUMNS, entries, terminal.width);
  for (const line of lines) terminal.line(line);
  return 0;
}

const COLUMNS: readonly Column<CronView>[] = [
  { title: "NAME", of: ({ name }) => name },
  { title: "STATE", of: ({ state }) => state },
  { title: "SCHEDULE", of: ({ schedule }) => schedule },
  { title: "ZONE", of: ({ timezone }) => timezone },
  { title: "QUEUE", of: ({ queue }) => queue },
  { title: "NEXT", of: ({ nextRun = "-" }) => nextRun },
  { title: "LAST", of: ({ lastRun }) => lastRun?.addedAt ?? "-" },
];
