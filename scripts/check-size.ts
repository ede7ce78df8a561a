// `npm run check:size`: what the library adds to a Worker, part by part: KiB as wrangler deploys it (bundled, not
// minified, compressed), and CPU of its start. A whole that outgrows its budget of KiB fails. CPU depends on the machine,
// so that its budget is only said to be held or missed; what fails is a start that is far over, measured by what this
// machine needs for an empty Worker.
import { gzipSync } from "node:zlib";
import { compiledFiles } from "../src/core/config/files.ts";
import { readQueueYaml } from "../src/core/config/queue-yaml.ts";
import { bundleOf } from "./bundle.ts";
import { startCosts } from "./start-cost.ts";

/** KiB gzip of a Worker that imports these from an entry of the library; a budget where there is one. */
const SIZES: { what: string; entry: "index" | "slim"; names: string; budget?: number }[] = [
  {
    what: "the queue alone, files compiled",
    entry: "slim",
    names: "createTaskQueues",
    budget: 159,
  },
  { what: "with recurring tasks", entry: "slim", names: "createTaskQueues, cron" },
  { what: "with deferred calls", entry: "slim", names: "createTaskQueues, deferred" },
  { what: "with queues made while running", entry: "slim", names: "createTaskQueues, definitions" },
  { what: "with alerts", entry: "slim", names: "createTaskQueues, alerts" },
  { what: "with calls that tasks share", entry: "slim", names: "createTaskQueues, batches" },
  { what: "with keys and priorities of tasks", entry: "slim", names: "createTaskQueues, keys" },
  { what: "with limits that queues share", entry: "slim", names: "createTaskQueues, limits" },
  { what: "with plans of a deploy", entry: "slim", names: "createTaskQueues, plans" },
  { what: "with ifExists, debounce, throttle", entry: "slim", names: "createTaskQueues, rules" },
  { what: "with queues of several shards", entry: "slim", names: "createTaskQueues, shards" },
  { what: "with the JSON API", entry: "slim", names: "createTaskQueues, api" },
  { what: "with Cloud Tasks' API", entry: "slim", names: "createTaskQueues, cloudTasks" },
  { what: "with metrics", entry: "slim", names: "createTaskQueues, metrics" },
  {
    what: "with the JSON API and the console",
    entry: "slim",
    names: "createTaskQueues, api, console",
  },
  { what: "with YAML read at the start", entry: "slim", names: "createTaskQueues, fromYaml" },
  {
    what: "everything, files compiled",
    entry: "slim",
    names:
      "createTaskQueues, api, cloudTasks, console, metrics, batches, cron, deferred, keys, limits, rules, shards",
  },
  { what: "everything", entry: "index", names: "createTaskQueues", budget: 468 },
];

for (const { what, entry, names, budget } of SIZES) {
  const source = `import { ${names} } from "./src/${entry}.ts";\nexport default [${names}];`;
  const kib = gzipSync(await bundleOf(source), { level: 9 }).byteLength / 1024;
  const most = budget === undefined ? "" : ` of ${budget}`;
  console.log(`bundle, ${what}: ${kib.toFixed(1)} KiB gzip${most}`);
  if (budget === undefined || kib <= budget) continue;
  console.error(`the bundle is over its budget of ${budget} KiB gzip`);
  process.exitCode = 1;
}

const QUEUE_YAML = `queue:
  - { name: mail, rate: 10/s, bucket_size: 20, retry_parameters: { task_retry_limit: 5 } }
  - { name: inbox, mode: pull }
`;
const TEXT = JSON.stringify(QUEUE_YAML);
const COMPILED = JSON.stringify(compiledFiles(readQueueYaml(QUEUE_YAML)));
const ALL =
  "doors: [api, cloudTasks, console, metrics], parts: [batches, cron, deferred, keys, limits, rules, shards]";

const STARTS = {
  "the queue alone, files compiled": worker("slim", "", `config: ${COMPILED}`),
  "everything, files compiled": worker(
    "slim",
    ", api, cloudTasks, console, metrics, batches, cron, deferred, keys, limits, rules, shards",
    `config: ${COMPILED}, ${ALL}`,
  ),
  "everything by the main entry, files compiled": worker("index", "", `config: ${COMPILED}`),
  "everything, files as text": worker("index", "", `config: ${TEXT}`),
};

function worker(entry: "index" | "slim", names: string, options: string): string {
  return `import { createTaskQueues${names} } from "./src/${entry}.ts";
const queues = createTaskQueues({ ${options} });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
export default queues.serve({ fetch: () => new Response("up") });`;
}

const BUDGET_MS = 25;
/** As many starts of an empty Worker as one of ours may cost more: 0.7 to 2 of them, on machines of any speed. */
const FAR_OVER = 3;

if (process.platform !== "linux") {
  console.log("start: not measured; Linux alone tells a process's CPU time finely enough");
} else {
  const costs = await startCosts(STARTS);
  const empty = costs.get("empty") as number;
  console.log(`start, an empty Worker: ${empty.toFixed(1)} ms CPU`);
  for (const what of Object.keys(STARTS)) {
    const more = (costs.get(what) as number) - empty;
    const held = more <= BUDGET_MS ? "held" : "missed";
    console.log(`start, ${what}: ${more.toFixed(1)} ms CPU more, of ${BUDGET_MS}: ${held}`);
    if (more <= FAR_OVER * empty) continue;
    console.error(`the start costs more than ${FAR_OVER} of an empty Worker`);
    process.exitCode = 1;
  }
}
