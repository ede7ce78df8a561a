// `redrive` at a rate, or of one fault: a redrive that goes on by itself. This begins it, and looks how far it is.
import type { FailurePage } from "../../core/failures/groups.ts";
import { acceptRedrive, type NewRedrive, type Redrive } from "../../core/failures/redrive.ts";
import { sleep } from "../../remote/clock.ts";
import type { RemoteQueue } from "../../remote/index.ts";
import { textOption } from "../given/command.ts";
import { type Exit, UsageError } from "../terminal/exit.ts";
import { counted } from "./bulk.ts";
import type { Remote } from "./queues-of.ts";

const LOOK_MS = 500;

/** What names its tasks otherwise, which no redrive goes by. */
const OTHERS = ["tag", "key", "prefix", "olderThan"];

/** Whether it is asked for by these options. */
export function isPaced({ given }: Remote): boolean {
  return ["rate", "fingerprint", "stop"].some((name) => textOption(given, name) !== undefined);
}

export async function redrivePaced(remote: Remote): Promise<Exit> {
  const { given, queues, signal } = remote;
  const [name = "", ...names] = given.args;
  checkAlone(remote, names);
  const queue = queues.get(name) as RemoteQueue;
  const stop = textOption(given, "stop");
  if (stop !== undefined) return said(remote, name, await queue.cancelRedrive(stop, { signal }));
  const wanted = wantedOf(remote);
  const found = await queue.failures({ signal });
  const matched = matchedIn(found, wanted);
  const about = found.more ? `at least ${counted(matched)}` : counted(matched);
  const isDry = given.options.dryRun === true;
  if (isDry || (matched === 0 && !found.more)) {
    const word = isDry ? "would redrive" : "redriven";
    remote.say({ queue: name, matched, done: 0 }, () => [`${word} ${about} of "${name}"`]);
    return 0;
  }
  const question = `redrive ${about} of "${name}"${rateWords(wanted)}?`;
  if (given.options.yes !== true && !(await remote.terminal.isAgreed(question))) {
    remote.terminal.note("nothing was done");
    return 1;
  }
  const begun = await queue.startRedrive(wanted, { signal });
  if (given.options.detach === true) return said(remote, name, begun);
  return said(remote, name, await followed(remote, queue, begun, found.more ? 0 : matched));
}

function checkAlone({ given }: Remote, names: readonly string[]): void {
  const { options } = given;
  const other = OTHERS.find((name) => options[name] !== undefined);
  if (names.length > 0 || other !== undefined) {
    throw new UsageError("redrive: found names or filters beside --rate, --fingerprint or --stop");
  }
  const isWhole = options.all === true || options.fingerprint !== undefined;
  if (!isWhole && options.stop === undefined) {
    throw new UsageError("--rate: expected --all or --fingerprint beside it");
  }
}

function wantedOf({ given }: Remote): NewRedrive {
  const [rate, fingerprint] = [textOption(given, "rate"), textOption(given, "fingerprint")];
  const { ok, failure } = acceptRedrive({ rate, fingerprint });
  if (failure) throw new UsageError(`--${failure.message}`);
  return ok;
}

function rateWords({ rate }: NewRedrive): string {
  return rate === undefined || rate === "none" ? "" : ` at ${rate}`;
}

function matchedIn({ failures }: FailurePage, { fingerprint }: NewRedrive): number {
  const meant = failures.filter((it) => (fingerprint ?? it.fingerprint) === it.fingerprint);
  return meant.reduce((sum, { count }) => sum + count, 0);
}

/** Until it has ended; interrupted, it goes on. */
async function followed(
  { signal, terminal }: Remote,
  queue: RemoteQueue,
  begun: Redrive,
  total: number,
): Promise<Redrive> {
  const progress = terminal.progress("redriven", total);
  let redrive = begun;
  try {
    while (redrive.state === "running") {
      await sleep(LOOK_MS, signal);
      const all = await queue.redrives({ signal });
      const now = all.find(({ id }) => id === begun.id) ?? { ...redrive, state: "cancelled" };
      progress.add(now.redriven - redrive.redriven);
      redrive = now;
    }
    return redrive;
  } catch (error) {
    progress.end();
    terminal.note(`redrive ${begun.id} of "${queue.name}" goes on; --stop ${begun.id} stops it`);
    throw error;
  } finally {
    progress.end();
  }
}

function said({ given, say }: Remote, queue: string, redrive: Redrive): Exit {
  const { id, state, redriven, why } = redrive;
  const reason = why === undefined ? "" : `: ${why}`;
  const line = `redrive ${id} of "${queue}" is ${state}${reason}, redriven ${counted(redriven)}`;
  say({ queue, ...redrive }, () => [line]);
  const isMeant = given.options.stop !== undefined || given.options.detach === true;
  return state === "done" || isMeant ? 0 : 1;
}
