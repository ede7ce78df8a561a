// queue.yaml and a cron.yaml beside it as a Worker imports them compiled.
import { readCronYaml } from "../../core/config/cron-yaml.ts";
import { type CompiledFiles, compiledFiles } from "../../core/config/files.ts";
import { queueFile } from "../../core/config/queue-config.ts";
import { readQueueYaml } from "../../core/config/queue-yaml.ts";
import { textOf } from "./read.ts";

/** `name` is how messages call a file. Throws a QueueConfigError, or what reading a file threw. */
export function compile(
  queueYaml: string,
  cronYaml: string | undefined,
  name = (file: string) => file,
): CompiledFiles {
  const queueName = name(queueYaml);
  const queues = readQueueYaml(textOf(queueYaml, queueName), queueName);
  if (cronYaml === undefined) return compiledFiles(queues);
  const cronName = name(cronYaml);
  const cron = readCronYaml(textOf(cronYaml, cronName), queueFile(queues), cronName);
  return compiledFiles(queues, cron);
}
