// Which tasks may share a call of their handler: those that would be sent to the same place in the same way.
import { isSuspect } from "./cut-off.ts";
import { DEFERRED_PATH } from "./deferred-call.ts";
import { isAbsolute } from "./new-task-rules.ts";
import type { Progress, TaskSpec } from "./task.ts";

/** Whose they are is not for others to see, and one request carries those of one caller. */
const CREDENTIALS = /^(authorization|cookie)$/i;

/**
 * Whether the task can be handed on as one of several, or has the form of a request of its own: in a dialect, by another
 * method than POST, or as a deferred call, which no handler of the user's reads. `path`: where the queue's tasks go.
 */
export function isBatchable({ url, method, dialect }: TaskSpec, path: string): boolean {
  const isPost = method === undefined || method === "POST";
  return isPost && dialect === undefined && (url ?? path) !== DEFERRED_PATH;
}

/**
 * Tasks with the same place may share a call. None for one that has a call for itself: one that can be no part of
 * others, that was cut off by a crash, or that failed together with others, of which one may be to blame.
 */
export function batchPlace(
  { spec, progress }: { spec: TaskSpec; progress: Progress },
  path: string,
): string | undefined {
  if (progress.isAlone || isSuspect(progress) || !isBatchable(spec, path)) return undefined;
  const { url = "", target = "", dispatchDeadline, oidcToken, headers } = spec;
  // Who is called from outside reads the headers of the request; one's own handlers find them with each task.
  const sent = isAbsolute(url) ? headers : headers?.filter(([name]) => CREDENTIALS.test(name));
  if (!url && !target && dispatchDeadline === undefined && !oidcToken && !sent?.length) return "";
  return JSON.stringify([url, target, dispatchDeadline, oidcToken, sent ?? []]);
}
