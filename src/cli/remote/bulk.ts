// An act on many tasks: those that are named, or those that filters find, which are counted first and asked about.

import { MAX_NAMES_PER_CALL } from "../../core/limits.ts";
import type { ListQuery } from "../../core/task/calls.ts";
import { now } from "../../remote/clock.ts";
import type { RemoteQueue } from "../../remote/index.ts";
import { type Exit, UsageError } from "../terminal/exit.ts";
import { type Filters, filtered, filtersOf } from "./filters.ts";
import { lookingAt } from "./looking.ts";
import type { Remote } from "./queues-of.ts";

export interface Act {
  /** "delete": what it is called in a question. */
  verb: string;
  /** "deleted": what it is called when it is done. */
  done: string;
  /** What the filters are beside those that were given. */
  fixed?: ListQuery;
  /** Acts on up to 1,000; of how many it was done. */
  act: (queue: RemoteQueue, names: readonly string[], signal: AbortSignal) => Promise<number>;
}

/** What came of it, which is printed as JSON. */
interface Outcome {
  queue: string;
  matched: number;
  done: number;
}

export async function bulk(remote: Remote, act: Act): Promise<Exit> {
  const [name = "", ...given] = remote.given.args;
  const queue = remote.queues.get(name) as RemoteQueue;
  const filters = filtersOf(remote.given, now(), act.fixed);
  checkChoice(given, filters, remote);
  const names = given.length > 0 ? [...new Set(given)] : await namesOf(queue, filters, remote);
  const matched = names.length;
  const isDry = remote.given.options.dryRun === true;
  if (isDry) return said(remote, { queue: name, matched, done: 0 }, `would ${act.verb}`);
  const isAsked = given.length === 0 && matched > 0 && remote.given.options.yes !== true;
  const question = `${act.verb} ${counted(matched)} of "${name}"?`;
  if (isAsked && !(await remote.terminal.isAgreed(question))) {
    remote.terminal.note("nothing was done");
    return 1;
  }
  const done = await actOn(remote, act, queue, names);
  said(remote, { queue: name, matched, done }, act.done);
  return done < given.length ? 1 : 0;
}

function checkChoice(names: readonly string[], { isAny }: Filters, { given }: Remote): void {
  const isAll = given.options.all === true;
  if (names.length > 0 && (isAny || isAll)) {
    throw new UsageError("name: found names and filters, expected either");
  }
  if (names.length === 0 && !isAny && !isAll) {
    throw new UsageError("name: missing, expected names, filters or --all");
  }
}

// All names are known before the first is acted on: what is acted on is what was counted.
async function namesOf(queue: RemoteQueue, filters: Filters, remote: Remote): Promise<string[]> {
  const names = new Set<string>();
  const looking = await lookingAt(remote, queue, filters, "counting");
  for await (const page of filtered(queue, filters, remote.signal)) {
    for (const { name } of page.tasks) names.add(name);
    looking.add(page);
  }
  looking.end();
  return [...names];
}

async function actOn(
  { terminal, signal }: Remote,
  { act, done: word }: Act,
  queue: RemoteQueue,
  names: readonly string[],
): Promise<number> {
  const progress = terminal.progress(word, names.length);
  let done = 0;
  try {
    for (let i = 0; i < names.length; i += MAX_NAMES_PER_CALL) {
      const some = names.slice(i, i + MAX_NAMES_PER_CALL);
      done += await act(queue, some, signal);
      progress.add(some.length);
    }
    return done;
  } catch (error) {
    progress.end();
    terminal.note(`${word} ${done} of ${names.length} before this:`);
    throw error;
  } finally {
    progress.end();
  }
}

function said({ say }: Remote, outcome: Outcome, word: string): Exit {
  const { queue, matched, done } = outcome;
  const many = word.startsWith("would") ? matched : done;
  say(outcome, () => [`${word} ${counted(many)} of "${queue}"`]);
  return 0;
}

export function counted(tasks: number): string {
  return tasks === 1 ? "1 task" : `${tasks.toLocaleString("en-US")} tasks`;
}
