// `export`: copies queues as lines of JSON.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RemoteQueue } from "../../remote/index.ts";
import { textOption } from "../given/command.ts";
import { type Exit, UsageError } from "../terminal/exit.ts";
import { keepYoungHeapSmall } from "../terminal/young-heap.ts";
import { ExportFile } from "./export-file.ts";
import { queuePages } from "./queues.ts";
import { type Remote, remote } from "./queues-of.ts";

/** What is printed of each queue. */
interface Exported {
  queue: string;
  file: string | null;
  counts: Record<string, number>;
}

export default remote(async (it) => {
  keepYoungHeapSmall();
  const { args, options } = it.given;
  const out = textOption(it.given, "out");
  const isAll = options.all === true;
  if (isAll === args.length > 0) throw new UsageError("queue: expected names of queues, or --all");
  if (!isAll && args.length === 1) return exportOne(it, args[0] as string, out);
  if (out === undefined)
    throw new UsageError("--out: missing, expected a folder for several queues");
  return exportMany(it, isAll ? await allNames(it) : args, out);
});

async function allNames({ queues, signal }: Remote): Promise<string[]> {
  const names: string[] = [];
  for await (const page of queuePages(queues, signal)) names.push(...page.map(({ name }) => name));
  return names;
}

async function exportMany(it: Remote, names: readonly string[], out: string): Promise<Exit> {
  mkdirSync(out, { recursive: true });
  // A namespace has no place in the name of a file.
  for (const name of names) {
    await exportOne(it, name, join(out, `${name.replaceAll("/", "+")}.jsonl.gz`));
  }
  return 0;
}

async function exportOne(it: Remote, name: string, out: string | undefined): Promise<Exit> {
  if (out !== undefined) {
    said(it, { queue: name, file: out, counts: await toFile(it, name, out) });
    return 0;
  }
  if (it.given.options.resume === true)
    throw new UsageError("--resume: found no --out to go on with");
  const queue = it.queues.get(name) as RemoteQueue;
  for await (const { lines } of queue.export({ signal: it.signal })) {
    await it.terminal.write(`${lines.join("\n")}\n`);
  }
  return 0;
}

async function toFile(it: Remote, name: string, out: string): Promise<Exported["counts"]> {
  const file = new ExportFile(out, name, it.given.options.resume === true);
  const queue = it.queues.get(name) as RemoteQueue;
  const progress = it.terminal.progress(
    name,
    (await queue.describe({ signal: it.signal })).statistics.tasks,
  );
  try {
    let counts = {};
    for await (const page of queue.export({ ...file.place, signal: it.signal })) {
      file.write(page);
      progress.add(page.lines.length - 1);
      if (page.cursor === undefined) counts = JSON.parse(page.lines.at(-1) as string).counts;
    }
    file.end();
    return counts;
  } finally {
    file.close();
    progress.end();
  }
}

function said({ say }: Remote, exported: Exported): void {
  const { queue, file, counts } = exported;
  const { task = 0, failed = 0, name = 0 } = counts;
  say(exported, () => [`${queue}: ${task} tasks, ${failed} failed, ${name} names, in ${file}`]);
}
