// The front door's tests with queues of several shards: the variable SHARDS says how many each queue of the file has.
import { env } from "cloudflare:workers";
import { parse, stringify } from "yaml";

interface Entry {
  name: string;
  rate?: string;
  extensions?: { shards?: number };
}

const shards = Number((env as { SHARDS?: string }).SHARDS ?? 1);

/** queue.yaml with as many shards for each queue that does not say itself, the default one too. */
export function withShards(queueYaml: string): string {
  if (shards === 1) return queueYaml;
  const file = parse(queueYaml) as { queue: Entry[] };
  const isThere = file.queue.some(({ name }) => name === "default");
  const all: Entry[] = isThere ? file.queue : [...file.queue, { name: "default", rate: "5/s" }];
  const queue = all.map((entry) => ({
    ...entry,
    extensions: { shards, ...entry.extensions },
  }));
  return stringify({ ...file, queue });
}
