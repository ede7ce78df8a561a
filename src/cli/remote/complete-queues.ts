// Names of queues for a shell that completes: soon, or none.
import { connect } from "../../remote/index.ts";

const TIMEOUT_S = 2;

export async function queueNames(words: readonly string[]): Promise<string[]> {
  const url = wordBehind(words, "--url") ?? process.env.TASKQUEUE_URL;
  const token = wordBehind(words, "--token") ?? process.env.TASKQUEUE_TOKEN;
  if (!url) return [];
  try {
    const queues = connect({ url, token, retries: 0, timeout: TIMEOUT_S });
    return (await queues.list()).queues.map(({ name }) => name);
  } catch {
    return [];
  }
}

/** The value of an option on a command line that may be no whole one yet. */
function wordBehind(words: readonly string[], flag: string): string | undefined {
  const at = words.indexOf(flag);
  const joined = words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
  return at < 0 ? joined : words[at + 1];
}
