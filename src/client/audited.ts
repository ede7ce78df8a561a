// An act of an operator: noted before it is done, so that one whose process ends in the middle is not missing, and how it
// ended afterwards. The line of the log comes from here too, so that neither is without the other.
import { type Act, isAudited } from "../core/audit.ts";
import { TaskQueueError } from "../core/errors.ts";
import { MAX_NAME_LENGTH } from "../core/limits.ts";
import { trouble, writeLine, writes } from "../objects/log.ts";
import type { DirectoryRpc } from "../objects/rpc.ts";
import type { CallerStubs } from "./stubs.ts";

/** Does it, if it can be noted. `countOf`: how many tasks it was done to. */
export function audited<T>(
  stubs: CallerStubs,
  given: Omit<Act, "who">,
  work: () => Promise<T>,
  countOf: (result: T) => number = () => 0,
): Promise<T> {
  return noted(stubs, given, async () => {
    const result = await work();
    return { result, count: countOf(result) };
  });
}

/**
 * The same of an act that may go on when this is answered; whoever does it then notes its end, by the number of its
 * entry, which `work` is given if it has one.
 */
export function auditedLong<T>(
  stubs: CallerStubs,
  given: Omit<Act, "who">,
  work: (entry: number | undefined) => Promise<{ result: T; goesOn: boolean }>,
): Promise<T> {
  return noted(stubs, { ...given, isLong: true }, async (entry) => {
    const { result, goesOn } = await work(entry);
    return goesOn ? { result } : { result, count: 0 };
  });
}

async function noted<T>(
  stubs: CallerStubs,
  given: Omit<Act, "who">,
  work: (entry: number | undefined) => Promise<{ result: T; count?: number }>,
): Promise<T> {
  const name = given.name?.slice(0, MAX_NAME_LENGTH);
  const act = { who: stubs.who, ...given, name };
  if (!isAudited(act)) return (await work(undefined)).result;
  const directory = stubs.directory();
  const id = await begin(directory, act);
  try {
    const { result, count } = await work(id);
    if (count !== undefined) await end(directory, id, { count });
    logAct(act, count ?? 0);
    return result;
  } catch (error) {
    const why = error instanceof TaskQueueError ? error.code : "INTERNAL";
    await end(directory, id, { error: why });
    logAct(act, 0, why);
    throw error;
  }
}

/** Undefined where the directory is of a version, during a deployment, that keeps none. */
async function begin(directory: DirectoryRpc, act: Act): Promise<number | undefined> {
  try {
    return await directory.beginAct(act);
  } catch (error) {
    if (String(error).includes("does not implement")) return undefined;
    throw error;
  }
}

// What is done is done. Its entry then says that it is not known how it ended.
async function end(
  directory: DirectoryRpc,
  id: number | undefined,
  outcome: { count?: number; error?: string },
): Promise<void> {
  if (id === undefined) return;
  try {
    await directory.endAct(id, outcome);
  } catch (error) {
    trouble("task queue: the end of an act could not be noted", error);
  }
}

function logAct({ who: by, what, queue, name }: Act, count: number, error?: string): void {
  if (!writes("info")) return;
  const on = [name, queue].filter((part) => part !== undefined).map((part) => `"${part}"`);
  const line = `${what} of ${on.join(" on ")} by "${by}"${error === undefined ? "" : `: ${error}`}`;
  writeLine("info", "act", line, { by, what, queue, name, count, error });
}
