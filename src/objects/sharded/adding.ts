// Adding to a queue of several shards. A named task goes where its name says, so that a name is accepted once; one
// without a name goes to any shard, which makes up a name of its own. What callers hand in together is checked as a
// whole before it is split.
import { type Answer, type Failure, refuse } from "../../core/errors.ts";
import { type ShardMap, shardOf } from "../../core/sharding/shard-map.ts";
import { acceptCall } from "../../core/task/add-call.ts";
import { mayHaveRule } from "../../core/task/add-rule.ts";
import type { AddCall, Added } from "../../core/task/calls.ts";
import type { Admission } from "../../core/task/new-task.ts";
import type { OnShard, Routes } from "./routes.ts";

export interface AddingDeps {
  routes: Routes;
  map: () => ShardMap;
  /** Adds by way of the queue's own object, which knows what new tasks are checked against. */
  addWhole: (calls: readonly AddCall[]) => Promise<Answer<Added[]>[]>;
  /** What new tasks are checked against; undefined where only the queue's object knows. */
  admission: () => Answer<Admission> | undefined;
}

/** One task on its way, with the call it is of. */
interface Item {
  call: AddCall;
  task: unknown;
  /** The name by which it is routed. */
  route: string;
}

/** As many tasks without names go to a shard together. */
const TOGETHER = 100;

/** Tasks without names take turns over the shards, whoever adds them. */
let turn = 0;

/** Each call has its own answer. */
export async function addToShards(
  deps: AddingDeps,
  calls: readonly AddCall[],
): Promise<Answer<Added[]>[]> {
  const admission = calls.some(({ tasks }) => tasks.length !== 1) ? deps.admission() : undefined;
  const known = calls.map((call) => answerBefore(call, admission, deps.map()));
  const isWhole = (i: number) => known[i] === "whole";
  const whole = calls.filter((_, i) => isWhole(i));
  const split = calls.filter((_, i) => known[i] === undefined);
  const [ofWhole, ofSplit] = await Promise.all([
    whole.length > 0 ? deps.addWhole(whole) : [],
    addSplit(deps, split),
  ]);
  const [nextWhole, nextSplit] = [ofWhole.values(), ofSplit.values()];
  return known.map((answer) => {
    if (answer === "whole") return nextWhole.next().value as Answer<Added[]>;
    return answer ?? (nextSplit.next().value as Answer<Added[]>);
  });
}

/** What can be said of a call before it is split; "whole" where it is not for this side to split it. */
function answerBefore(
  call: AddCall,
  admission: Answer<Admission> | undefined,
  { shards }: ShardMap,
): Answer<Added[]> | "whole" | undefined {
  if (call.tasks.length === 1) return undefined;
  if (!admission) return "whole";
  if (admission.failure) return admission;
  const { failure } = acceptCall(call, admission.ok);
  if (failure) return { failure };
  if (call.tasks.length === 0) return { ok: [] };
  return call.atomic ? refuseApart(call, shards) : undefined;
}

function refuseApart({ tasks }: AddCall, shards: number): Answer<never> | undefined {
  const places = new Set(
    tasks.flatMap((task) => nameOf(task) ?? []).map((name) => shardOf(name, shards)),
  );
  if (places.size < 2) return undefined;
  const message = `atomic: the names are on ${places.size} of the queue's ${shards} shards, expected them on one, where alone all or none can be added`;
  return refuse("INVALID_REQUEST", message);
}

async function addSplit(
  { routes }: AddingDeps,
  calls: readonly AddCall[],
): Promise<Answer<Added[]>[]> {
  const items = calls.flatMap(itemsOf);
  const results = await routes.each<Item, Answer<Added>>(items, {
    nameOf: ({ route }) => route,
    call: (on, part, map) => addPart(routes, on, part, map),
    isMissing: () => false,
  });
  const byCall = Map.groupBy(items.keys(), (i) => items[i]?.call);
  return calls.map((call) =>
    joined((byCall.get(call) ?? []).map((i) => results[i] as Answer<Added>)),
  );
}

function itemsOf(call: AddCall): Item[] {
  const first = call.atomic ? call.tasks.map(nameOf).find((name) => name !== undefined) : undefined;
  const from = turn;
  turn += Math.ceil(call.tasks.length / TOGETHER);
  return call.tasks.map((task, i) => ({
    ...{ call, task },
    route: nameOf(task) ?? first ?? `${from + Math.floor(i / TOGETHER)}`,
  }));
}

// The part of an atomic call is all of it.
function nameOf(task: unknown): string | undefined {
  const { name } = (task ?? {}) as { name?: unknown };
  return typeof name === "string" ? name : undefined;
}

/** Adds tasks of several calls that go to one shard; for each what became of it. */
async function addPart(
  routes: Routes,
  on: OnShard,
  items: readonly Item[],
  map: ShardMap,
): Promise<Answer<Added>[]> {
  const names = items.map(({ task }) => nameOf(task));
  const taken = await takenBefore(routes, names, map);
  const byRule = await addedBefore(routes, items, taken, map);
  const isFree = (i: number) => !byRule[i] && (!taken[i] || byRule[i] === null);
  const free = items.filter((_, i) => isFree(i));
  const groups = [...Map.groupBy(free, ({ call }) => call)];
  const answers = await on(
    "add",
    groups.map(([{ atomic }, part]) => ({ tasks: part.map(({ task }) => task), atomic })),
  );
  const results = new Map<Item, Answer<Added>>();
  for (const [i, [, part]] of groups.entries()) {
    const { ok, failure } = answers[i] as Answer<Added[]>;
    for (const [k, item] of part.entries()) {
      results.set(item, failure ? { failure } : { ok: ok[k] as Added });
    }
  }
  return items.map((item, i) => {
    if (isFree(i)) return results.get(item) as Answer<Added>;
    return byRule[i] ?? { ok: { error: taken[i] as Failure } };
  });
}

/** What becomes of tasks with rules whose names the shards before have; null where nothing keeps them from here. */
function addedBefore(
  routes: Routes,
  items: readonly Item[],
  taken: readonly (Failure | null | undefined)[],
  map: ShardMap,
): Promise<(Answer<Added> | null | undefined)[]> {
  return Promise.all(
    items.map(async ({ task }, i) => {
      const name = nameOf(task);
      if (!taken[i] || name === undefined || !mayHaveRule(task)) return undefined;
      const before = routes.on(map, shardOf(name, map.former ?? map.shards));
      const { ok, failure } = await before("addWhereItWas", task);
      if (failure) return { failure };
      return ok === null ? null : { ok: ok as Added };
    }),
  );
}

// While names are on their way, the shard that had one before is asked first. It takes the new map with the question,
// and so accepts the name no more: whoever has it, has it from before, or has it where it belongs now.
export async function takenBefore(
  routes: Routes,
  names: readonly (string | undefined)[],
  map: ShardMap,
): Promise<(Failure | null | undefined)[]> {
  const { former, shards } = map;
  if (former === undefined) return [];
  const taken: (Failure | null | undefined)[] = new Array(names.length);
  const moved = names.flatMap((name, index) => {
    return name === undefined || shardOf(name, shards) === shardOf(name, former)
      ? []
      : [{ name, index }];
  });
  const asked = [...Map.groupBy(moved, ({ name }) => shardOf(name, former))];
  await Promise.all(
    asked.map(async ([shard, part]) => {
      const names = part.map(({ name }) => name);
      const found = await routes.on(map, shard)("collisions", names);
      for (const [i, { index }] of part.entries()) taken[index] = found[i];
    }),
  );
  return taken;
}

// A call that one shard refused while another took its part has been added in part: each entry says what it came to.
function joined(results: readonly Answer<Added>[]): Answer<Added[]> {
  const [first] = results;
  if (first?.failure && results.every(({ failure }) => failure)) return first;
  return { ok: results.map(({ ok, failure }) => (failure ? { error: failure } : ok)) };
}
