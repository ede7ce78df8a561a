// `schema`: prints the JSON Schema of queue.yaml or cron.yaml.
import { cronJsonSchema } from "../core/config/cron-schema.ts";
import { queueJsonSchema } from "../core/config/queue-file-schema.ts";
import type { Given } from "./given/command.ts";
import type { Exit } from "./terminal/exit.ts";

const SCHEMAS = { queue: queueJsonSchema, cron: cronJsonSchema };

export default function schema({ args }: Given): Exit {
  const [file = "queue"] = args;
  if (!Object.hasOwn(SCHEMAS, file)) return "usage";
  console.log(JSON.stringify(SCHEMAS[file as keyof typeof SCHEMAS](), null, 2));
  return 0;
}
