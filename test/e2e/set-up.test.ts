// Mistakes in the set-up of a Worker, each in a project of its own under `wrangler dev`: what the user reads,
// in the log or as an answer, has one sentence that names the line to add, and no riddle of the runtime alone.
import { rmSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { Server } from "../../scripts/server.ts";
import { devServer, type Files, logOf, projectOf } from "./projects.ts";

const WRANGLER = `name = "set-up"
main = "worker.ts"
compatibility_date = "2026-08-06"
rules = [{ type = "Text", globs = ["**/*.yaml"], fallthrough = true }]
[[migrations]]
tag = "v1"
new_sqlite_classes = ["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"]
`;
const WORKER = `import { createTaskQueues, readTask } from "durable-taskqueue";
import queueYaml from "./queue.yaml";
const queues = createTaskQueues({ config: queueYaml });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
export default queues.serve({
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/_ah/queue/mail") return new Response((await readTask(request)).name);
    if (pathname === "/add") await queues.get(env, "mail").add({});
    return new Response("up");
  },
});
`;
const GOOD: Files = {
  "package.json": '{"name":"set-up","private":true,"type":"module"}',
  "queue.yaml": "queue:\n  - name: mail\n    rate: 10/s\n",
  "wrangler.toml": WRANGLER,
  "worker.ts": WORKER,
};
const DATE =
  'ctx.exports is off; the wrangler file needs the line: compatibility_date = "2025-11-17"';
const EXPORT =
  "its main module needs the line: export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;";
const CLASSES =
  'new_sqlite_classes = ["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"]';
const RULE =
  'it needs the line: rules = [{ type = "Text", globs = ["**/*.yaml"], fallthrough = true }] in the wrangler file';
const IMPORT = 'it needs the line: import queueYaml from "./queue.yaml"';
const SUCH = "expected a mapping, such as queue: [{ name: mail, rate: 5/s }]";

const worker = (from: string | RegExp, to: string): Files => ({
  "worker.ts": WORKER.replace(from, to),
});
const wrangler = (from: string | RegExp, to: string): Files => ({
  "wrangler.toml": WRANGLER.replace(from, to),
});
const config = (value: string): Files => worker("{ config: queueYaml }", value);

/** A mistake, the files it changes, and the sentence that has to be read. */
const MISTAKES: [name: string, files: Files, sentence: string][] = [
  ["an old compatibility date", wrangler("2026-08-06", "2024-09-23"), DATE],
  [
    "a flag against ctx.exports",
    wrangler("rules", 'compatibility_flags = ["disable_ctx_exports"]\nrules'),
    DATE,
  ],
  [
    "TaskGroup not exported",
    worker("TaskGroup, ", ""),
    `the Worker does not export TaskGroup; ${EXPORT}`,
  ],
  [
    "TaskQueue not exported",
    worker("TaskQueue, ", ""),
    `the Worker does not export TaskQueue; ${EXPORT}`,
  ],
  ["nothing exported", worker(/^export const .*$/m, ""), EXPORT],
  ["TaskRunner not exported", worker(", TaskRunner", ""), `does not export TaskRunner; ${EXPORT}`],
  [
    "a class missing in the migrations",
    wrangler('"TaskGroup", ', ""),
    `the class TaskGroup has no storage; the wrangler file needs it in a migration: ${CLASSES}`,
  ],
  ["no migrations", wrangler(/\[\[migrations[\s\S]*/, ""), `the class TaskQueue has no storage`],
  [
    "new_classes",
    wrangler("new_sqlite_classes", "new_classes"),
    `under new_sqlite_classes, not new_classes: ${CLASSES}`,
  ],
  [
    "no rule for yaml, with the check before each build",
    wrangler(/rules.*/, 'build = { command = "npx durable-taskqueue check queue.yaml" }'),
    'wrangler.toml: the queues need the line: rules = [{ type = "Text", globs = ["**/*.yaml"], fallthrough = true }];',
  ],
  [
    "the rule of another type",
    wrangler('"Text"', '"Data"'),
    "config: found bytes, expected the text of queue.yaml",
  ],
  ["an empty queue.yaml", { "queue.yaml": "" }, `queue.yaml:1:1: found nothing, ${SUCH}`],
  ["a queue.yaml of comments", { "queue.yaml": "# soon\n" }, `found nothing, ${SUCH}`],
  ["config undefined", config("{ config: undefined }"), `config: found nothing, `],
  ["no options", config(""), IMPORT],
  ["config a module", worker("import queueYaml", "import * as queueYaml"), IMPORT],
  ["config bytes", config("{ config: new TextEncoder().encode(queueYaml) }"), RULE],
  ["config a path", config('{ config: "./queue.yaml" }'), RULE],
  ["config read already", config("{ config: { queue: [] } }"), RULE],
  [
    "config compiled by another version",
    config("{ config: { format: 2, queue: {} } }"),
    "config: found format 2, expected what this version's `npx durable-taskqueue build` writes",
  ],
  [
    "cron beside what is compiled",
    config('{ config: { format: 1, queue: {} }, cron: "cron:" }'),
    "cron: found it beside compiled files, expected nothing: they have it inside",
  ],
  [
    "cron a module",
    config('{ config: queueYaml, cron: { default: "cron:" } }'),
    'cron: found a module, expected the text of cron.yaml; it needs the line: import cronYaml from "./cron.yaml"',
  ],
  [
    "the default export not wrapped",
    worker("queues.serve(", "("),
    "its main module needs the line: export default queues.serve(handler);",
  ],
  [
    "a handler without fetch",
    worker("async fetch", "async fetsch"),
    "serve: found object without a method fetch",
  ],
  [
    "no handler",
    worker(/serve\([\s\S]*/, "serve();"),
    "serve: found nothing without a method fetch",
  ],
];

/** Riddles of the runtime that must not be all that is read. */
const RIDDLES = /Cannot (read properties|destructure)|is not a function/;

const ASKED = ["/", "/add", "/_ah/api/queues/mail"];

async function readOf(files: Files, isSaid: (text: string) => boolean): Promise<string> {
  const dir = projectOf({ ...GOOD, ...files });
  const server = await devServer(dir);
  try {
    return await listen(server, isSaid);
  } finally {
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Everything a user reads: the log, and the answers to a few requests. */
async function listen(server: Server, isSaid: (text: string) => boolean): Promise<string> {
  const answers: string[] = [];
  const read = () => [logOf(server), ...answers].join("\n");
  const isUp = /Ready on/.test(read());
  for (const path of isUp ? ASKED : []) {
    const options = { headers: { Accept: "text/plain" }, signal: AbortSignal.timeout(10_000) };
    answers.push(await server.fetch(path, options).then((it) => it.text(), String));
  }
  const deadline = Date.now() + 15_000;
  while (!isSaid(read()) && Date.now() < deadline)
    await new Promise((done) => setTimeout(done, 50));
  return read();
}

/** Each third, or all with `TRY=all`: a server has to start, or fail to, for each. */
const TRIED = MISTAKES.filter((_, i) => process.env.TRY === "all" || i % 3 === 0);

describe("a mistake in the set-up is one sentence", () => {
  const read = new Map<string, string>();

  // Two servers side by side, as many as there are cores.
  beforeAll(async () => {
    const left = [...TRIED];
    const run = async () => {
      for (let next = left.shift(); next; next = left.shift()) {
        const [name, files, sentence] = next;
        read.set(name, await readOf(files, (text) => text.includes(sentence)).catch(String));
      }
    };
    await Promise.all([run(), run()]);
  }, 600_000);

  it.each(TRIED)("%s", (name, _, sentence) => {
    const text = read.get(name) ?? "";
    expect(text).toContain(sentence);
    expect(text).not.toMatch(RIDDLES);
  });
});
