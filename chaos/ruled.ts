// A queue whose tasks expire, and are kept or replaced where their name is taken. The version before knows of none, and is
// not given the queue.
import { type Door, native } from "./door.ts";
import type { Ledger } from "./ledger.ts";
import { pick } from "./random.ts";
import type { Added } from "./sort.ts";

export const RULED = "ruled";

/** Slower than tasks come, so that some expire. */
export const RULED_SHAPE = { rate: "2/s", bucket_size: 2, max_concurrent_requests: 4 };

const BEHAVIOURS = ["ok", "ok", "slow", "fail", "permanent"];
export const NAMES_AT_ONCE = 3;
const STEPS = ["keep", "replace", "replace", "delete", "none"] as const;

/** What was done to a task by who uses its name, beside what its queue does. */
export interface Fate {
  id: string;
  gone?: "replaced" | "deleted";
  /** When that was asked. */
  askedAt?: number;
  /** The same without an answer: then it may have gone, or not. */
  isDoubtful?: boolean;
  /** The one that is there in its place, if that happened. */
  heir?: string;
}

export interface RuledWork {
  door: Door;
  ledger: Ledger;
  random: () => number;
}

/** A name, and what is added under it one after the other. */
export async function workOnName(work: RuledWork): Promise<void> {
  const { ledger, random } = work;
  const first = newTask(ledger);
  const name = `r-${first.id}`;
  const added = await add(work, first, { name });
  if (added !== "added") return;
  let fate: Fate = { id: first.id };
  ledger.fates.push(fate);
  for (const step of [pick(random, STEPS), pick(random, STEPS)]) {
    if (fate.gone || fate.isDoubtful) return;
    await new Promise((resolve) => setTimeout(resolve, random() * 400));
    if (step === "delete") await remove(work, fate, name);
    if (step === "keep" || step === "replace") {
      fate = await again(work, fate, { name, ifExists: step });
    }
  }
}

function newTask(ledger: Ledger): Added {
  return ledger.new("any");
}

/** Adds it once more; who has the name then. */
async function again(
  work: RuledWork,
  fate: Fate,
  more: { name: string; ifExists: "keep" | "replace" },
): Promise<Fate> {
  const next = newTask(work.ledger);
  const askedAt = Date.now();
  const outcome = await add(work, next, more);
  const heir = { id: next.id };
  if (outcome === "doubt") {
    if (more.ifExists === "replace") Object.assign(fate, { isDoubtful: true, heir: next.id });
    else fate.isDoubtful = true;
  }
  // It was there already, so this one never is.
  if (outcome === "kept") next.answer = "refused";
  if (outcome !== "replaced" && outcome !== "added") return fate;
  work.ledger.fates.push(heir);
  if (outcome === "replaced") {
    Object.assign(fate, { gone: "replaced", askedAt });
    removed(work.ledger, fate.id);
  }
  return heir;
}

type Outcome = "added" | "kept" | "replaced" | "refused" | "doubt";

async function add(work: RuledWork, one: Added, more: object): Promise<Outcome> {
  const { door, ledger, random } = work;
  const countdown = pick(random, [undefined, 0.5, 1.5]);
  const expires = pick(random, [undefined, 2, 2, 4]);
  const url = `/task/${one.id}/${pick(random, BEHAVIOURS)}`;
  const task = { url, countdown, expires, ...more };
  const response = await door.send(`${native(RULED)}/tasks`, task);
  await ledger.answered(response?.clone(), [one]);
  if (!response || one.answer !== "accepted") return one.answer as "refused" | "doubt";
  const { outcome = "added" } = (await response.json()) as { outcome?: Outcome };
  return outcome;
}

async function remove({ door, ledger }: RuledWork, fate: Fate, name: string): Promise<void> {
  const askedAt = Date.now();
  const response = await door.send(`${native(RULED)}/tasks:delete`, { names: [name] });
  if (!response?.ok) fate.isDoubtful = true;
  else if ((await response.text()).includes('"deleted":true')) {
    Object.assign(fate, { gone: "deleted", askedAt });
    removed(ledger, fate.id);
  }
}

function removed(ledger: Ledger, id: string): void {
  const one = ledger.added.find((it) => it.id === id);
  if (one) one.removedAt = Date.now();
}
