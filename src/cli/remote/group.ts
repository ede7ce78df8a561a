// `group`: a group and what can be done with it.
import type { RemoteGroup } from "../../remote/index.ts";
import { type Exit, UsageError } from "../terminal/exit.ts";
import { fieldLines } from "../terminal/fields.ts";
import { type Remote, remote } from "./queues-of.ts";

type Verb = "show" | "close" | "cancel";

export default remote(async (it) => {
  const [name = "", verb = "show"] = it.given.args;
  const group = it.queues.group(name);
  if (verb === "results") return results(it, group);
  if (verb !== "show" && verb !== "close" && verb !== "cancel") {
    throw new UsageError(`verb: found "${verb}", expected show, close, cancel or results`);
  }
  const progress = await progressOf(group, verb, it.signal);
  it.say(progress, () => fieldLines(progress));
  return 0;
});

function progressOf(group: RemoteGroup, verb: Verb, signal: AbortSignal) {
  if (verb === "close") return group.close({ signal });
  return verb === "cancel" ? group.cancel({ signal }) : group.progress({ signal });
}

async function results({ signal, say }: Remote, group: RemoteGroup): Promise<Exit> {
  for await (const result of group.results({ signal })) {
    say(result, () => [fieldLines(result).join("  ")]);
  }
  return 0;
}
