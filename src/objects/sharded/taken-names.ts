// What keeps new tasks from the shard that their names are on: names of a call that is to be added as a whole on others,
// and, while their number changes, what the shards before have.
import { type Answer, type Failure, refuse } from "../../core/errors.ts";
import { type ShardMap, shardOf } from "../../core/sharding/shard-map.ts";
import { refuseCall } from "../../core/task/add-call.ts";
import { mayHaveRule } from "../../core/task/add-rule.ts";
import type { AddCall, Added } from "../../core/task/calls.ts";
import type { Routes } from "./routes.ts";

/** Tasks of one call: all of it where that is atomic, else one with a name, or some without. */
export interface PartOfCall {
  call: AddCall;
  tasks: readonly unknown[];
}

/** The name that a task, which may be anything, was given. */
export function nameOf(task: unknown): string | undefined {
  const { name } = (task ?? {}) as { name?: unknown };
  return typeof name === "string" ? name : undefined;
}

/** For each part what it comes to before its shard is asked; undefined where it is to be added there. */
export async function knownBefore(
  routes: Routes,
  parts: readonly PartOfCall[],
  map: ShardMap,
): Promise<(Answer<Added[]> | undefined)[]> {
  const apart = parts.map((part) => refuseApart(part, map));
  if (map.former === undefined) return apart;
  const names = parts.flatMap(({ tasks }) => tasks.map(nameOf));
  const taken = await takenBefore(routes, names, map);
  const each = parts.map(({ tasks }) => taken.splice(0, tasks.length));
  return Promise.all(
    parts.map((part, i) => apart[i] ?? whatComesOf(routes, part, each[i] as Taken[], map)),
  );
}

function refuseApart({ call, tasks }: PartOfCall, { shards }: ShardMap): Answer<never> | undefined {
  if (!call.atomic) return undefined;
  const places = new Set(
    tasks.flatMap((task) => nameOf(task) ?? []).map((name) => shardOf(name, shards)),
  );
  if (places.size < 2) return undefined;
  const message = `atomic: the names are on ${places.size} of the queue's ${shards} shards, expected them on one, where alone all or none can be added`;
  return refuse("INVALID_REQUEST", message);
}

/** What a name collides with on the shard that had it before; null, or undefined where nobody was asked, if nothing. */
type Taken = Failure | null | undefined;

function whatComesOf(
  routes: Routes,
  { call, tasks }: PartOfCall,
  taken: readonly Taken[],
  map: ShardMap,
): Answer<Added[]> | undefined | Promise<Answer<Added[]> | undefined> {
  if (call.atomic) return refuseTaken(tasks, taken);
  // One with a name is alone.
  const [[task], [found]] = [tasks, taken];
  if (!found) return undefined;
  return mayHaveRule(task) ? addWhereItWas(routes, task, map) : { ok: [{ error: found }] };
}

function refuseTaken(
  tasks: readonly unknown[],
  taken: readonly Taken[],
): Answer<never> | undefined {
  const bad = taken.flatMap((failure, index) => (failure ? [{ index, ...failure }] : []));
  if (bad.length === 0) return undefined;
  const refused = bad.filter(({ index }) => !mayHaveRule(tasks[index]));
  if (refused.length > 0) return refuseCall(refused, tasks.length);
  // By its rule each would be added where its name still is.
  const message = `atomic: ${bad.length} of the ${tasks.length} tasks have rules for names that are still on another shard, as the number of shards changes, expected all on one, where alone all or none can be added`;
  return refuse("INVALID_REQUEST", message);
}

/** What becomes of a task with a rule whose name a shard before has; undefined where nothing keeps it from its own. */
async function addWhereItWas(
  routes: Routes,
  task: unknown,
  map: ShardMap,
): Promise<Answer<Added[]> | undefined> {
  const before = shardOf(nameOf(task) as string, map.former ?? map.shards);
  const { ok, failure } = await routes.on(map, before)("addWhereItWas", task);
  if (failure) return { failure };
  return ok === null ? undefined : { ok: [ok as Added] };
}

// While names are on their way, the shard that had one before is asked first. It takes the new map with the question,
// and so accepts the name no more: whoever has it, has it from before, or has it where it belongs now.
export async function takenBefore(
  routes: Routes,
  names: readonly (string | undefined)[],
  map: ShardMap,
): Promise<Taken[]> {
  const { former, shards } = map;
  if (former === undefined) return [];
  const taken = new Array<Taken>(names.length).fill(undefined);
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
