// `check`: says whether queue.yaml and cron.yaml are good.
import { dirname } from "node:path";
import { parseCronYaml } from "../core/config/cron-yaml.ts";
import { type QueueFile, UNLISTED_DEFAULT } from "../core/config/queue-config.ts";
import { queueWarnings } from "../core/config/queue-warnings.ts";
import { parseQueueYaml } from "../core/config/queue-yaml.ts";
import { complaint, cronBeside, textOf } from "./files/read.ts";
import type { Given } from "./given/command.ts";
import { lacksIn } from "./set-up.ts";
import type { Exit } from "./terminal/exit.ts";

export default function check({ args }: Pick<Given, "args">): Exit {
  const [queueFile = "queue.yaml", cronFile = cronBeside(queueFile)] = args;
  // It is said, and no more: a wrangler file may stand there for another Worker.
  for (const sentence of lacksIn(dirname(queueFile))) console.error(sentence);
  return checkFiles(queueFile, cronFile);
}

function checkFiles(queueFile: string, cronFile: string | undefined): Exit {
  let file = queueFile;
  try {
    const text = textOf(file);
    const queues = parseQueueYaml(text, file);
    for (const warning of queueWarnings(text, file)) console.error(warning);
    console.log(`${file}: ${countedQueues(queues)}`);
    if (cronFile === undefined) return 0;
    file = cronFile;
    const { size } = parseCronYaml(textOf(file), queues, file);
    console.log(`${file}: ${counted(size, "entry", "entries")}`);
    return 0;
  } catch (error) {
    console.error(complaint(file, error));
    return 1;
  }
}

function countedQueues({ queues }: QueueFile): string {
  if (queues.get("default") !== UNLISTED_DEFAULT) return counted(queues.size, "queue", "queues");
  return `${counted(queues.size - 1, "queue", "queues")}, and default`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
