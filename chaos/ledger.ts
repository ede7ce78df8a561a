// What was asked of the servers, and what they answered.
import type { Grant } from "./leases.ts";
import type { Fate } from "./ruled.ts";
import type { Added, Redrive } from "./sort.ts";

export interface MadeGroup {
  name: string;
  answer: Added["answer"];
  /** Ids of its subtasks and of the task that comes last, and how many subtasks may fail. */
  parts: readonly string[];
  last: string;
  mayFail: number;
}

/** Names of several shards are not added all or none, and then none is. */
const IS_APART = /atomic: the names are on \d+ of the queue's \d+ shards/;

export class Ledger {
  readonly added: Added[] = [];
  readonly grants: Grant[] = [];
  readonly groups: MadeGroup[] = [];
  readonly redrives: Redrive[] = [];
  /** Tasks that an operator made run: they take no tokens. */
  readonly ranByHand = new Set<string>();
  /** What was refused as wrong, of which nothing here should be. */
  readonly invalid: string[] = [];
  /** Where each name was sent to. */
  readonly queueOf = new Map<string, string>();
  /** The key of each task that has one. */
  readonly keyOf = new Map<string, string>();
  /** What became of tasks by their names. */
  readonly fates: Fate[] = [];
  #ids = 0;

  new(end: Added["end"] = "done", isNamed = false): Added {
    const id = `t${++this.#ids}`;
    const one: Added = { id, answer: "doubt", end, ...(isNamed && { name: `n-${id}` }) };
    this.added.push(one);
    return one;
  }

  /** Notes what was answered to an add of these, in their order. */
  async answered(response: Response | undefined, ones: readonly Added[]): Promise<void> {
    if (!response || response.status >= 500) return;
    const text = await response.text();
    if (response.status === 400 && !IS_APART.test(text)) this.invalid.push(text);
    const taken = response.ok ? takenOf(JSON.parse(text), ones.length) : [];
    for (const [i, one] of ones.entries()) one.answer = taken[i] ? "accepted" : "refused";
  }
}

interface Answer {
  results?: { task?: unknown }[];
  /** Of a batch over Google's API. */
  metadata?: { failedRequests?: Record<string, unknown> };
}

function takenOf({ results, metadata }: Answer, n: number): boolean[] {
  const failed = metadata?.failedRequests ?? {};
  return Array.from({ length: n }, (_, i) =>
    results ? results[i]?.task !== undefined : !(`${i}` in failed),
  );
}
