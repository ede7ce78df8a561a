// Adding to a queue of several shards. A named task goes where its name says, so that a name is accepted once; one
// without a name goes to any shard, which makes up a name of its own. What callers hand in together is checked as a
// whole before it is split.
import type { Answer } from "../../core/errors.ts";
import { MAX_SHARDS, type ShardMap } from "../../core/sharding/shard-map.ts";
import { acceptCall } from "../../core/task/add-call.ts";
import type { AddCall, Added } from "../../core/task/calls.ts";
import type { Admission } from "../../core/task/new-task.ts";
import { random } from "../host.ts";
import type { OnShard, Route, Routes } from "./routes.ts";
import { knownBefore, nameOf } from "./taken-names.ts";

export interface AddingDeps {
  routes: Routes;
  map: () => ShardMap;
  /** Adds by way of the queue's own object, which knows what new tasks are checked against. */
  addWhole: (calls: readonly AddCall[]) => Promise<Answer<Added[]>[]>;
  /** What new tasks are checked against; undefined where only the queue's object knows. */
  admission: () => Answer<Admission> | undefined;
}

/** Tasks of one call that go to one shard together: one with a name, some without, all of a call that is atomic. */
interface Piece {
  call: AddCall;
  tasks: readonly unknown[];
  /** Where they are in the call. */
  places: readonly number[];
  route: Route;
}

/** As many tasks without names go to a shard together. */
const TOGETHER = 100;

/** Tasks without names take turns over the shards, whoever adds them; each Worker begins somewhere else. */
let turn: number | undefined;

function nextTurn(): number {
  turn ??= Math.floor(random() * MAX_SHARDS);
  return turn++;
}

/** Each call has its own answer. */
export async function addToShards(
  deps: AddingDeps,
  calls: readonly AddCall[],
): Promise<Answer<Added[]>[]> {
  const areTogether = calls.map(goesTogether);
  const admission = areTogether.includes(false) ? deps.admission() : undefined;
  const known = calls.map((call, i) =>
    areTogether[i] ? undefined : answerBefore(call, admission),
  );
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

/** Whether all of a call goes to one shard, which then checks it as a whole. */
function goesTogether({ tasks, atomic }: AddCall): boolean {
  if (tasks.length <= 1) return tasks.length === 1;
  return !atomic && tasks.length <= TOGETHER && tasks.every((task) => nameOf(task) === undefined);
}

/** What can be said of a call before it is split; "whole" where it is not for this side to split it. */
function answerBefore(
  call: AddCall,
  admission: Answer<Admission> | undefined,
): Answer<Added[]> | "whole" | undefined {
  if (!admission) return "whole";
  if (admission.failure) return admission;
  const { failure } = acceptCall(call, admission.ok);
  if (failure) return { failure };
  return call.tasks.length === 0 ? { ok: [] } : undefined;
}

async function addSplit(
  { routes }: AddingDeps,
  calls: readonly AddCall[],
): Promise<Answer<Added[]>[]> {
  const pieces = calls.map(piecesOf);
  const results = await routes.each<Piece, Answer<Added[]>>(pieces.flat(), {
    routeOf: ({ route }) => route,
    call: (on, part, map) => addPart(routes, on, part, map),
    isMissing: () => false,
  });
  return pieces.map((part) => joined(part, results.splice(0, part.length)));
}

function piecesOf(call: AddCall): Piece[] {
  const names = call.tasks.map(nameOf);
  const all = [...names.keys()];
  const first = names.find((name) => name !== undefined);
  if (call.atomic) return [pieceOf(call, all, first ?? nextTurn())];
  const named = first === undefined ? [] : all.filter((i) => names[i] !== undefined);
  const unnamed = first === undefined ? all : all.filter((i) => names[i] === undefined);
  const pieces = named.map((i) => pieceOf(call, [i], names[i] as string));
  for (let i = 0; i < unnamed.length; i += TOGETHER) {
    pieces.push(pieceOf(call, unnamed.slice(i, i + TOGETHER), nextTurn()));
  }
  return pieces;
}

function pieceOf(call: AddCall, places: readonly number[], route: Route): Piece {
  return { call, tasks: places.map((i) => call.tasks[i]), places, route };
}

/** Adds what goes to one shard; for each piece what became of it. */
async function addPart(
  routes: Routes,
  on: OnShard,
  pieces: readonly Piece[],
  map: ShardMap,
): Promise<Answer<Added[]>[]> {
  const known = await knownBefore(routes, pieces, map);
  const left = pieces.filter((_, i) => !known[i]);
  const added = left.length > 0 ? await addPieces(on, left) : new Map();
  return pieces.map((piece, i) => known[i] ?? added.get(piece));
}

/** The pieces of a call go together, as a call. */
async function addPieces(
  on: OnShard,
  pieces: readonly Piece[],
): Promise<Map<Piece, Answer<Added[]>>> {
  const calls = [...Map.groupBy(pieces, ({ call }) => call)];
  const answers = await on(
    "add",
    calls.map(([{ atomic }, own]) => ({ atomic, tasks: own.flatMap(({ tasks }) => tasks) })),
  );
  const results = new Map<Piece, Answer<Added[]>>();
  for (const [i, [, own]] of calls.entries()) {
    const { ok, failure } = answers[i] as Answer<Added[]>;
    let from = 0;
    for (const piece of own) {
      const to = from + piece.tasks.length;
      results.set(piece, failure ? { failure } : { ok: ok.slice(from, to) });
      from = to;
    }
  }
  return results;
}

// A call that one shard refused while another took its part has been added in part: each entry says what it came to.
function joined(pieces: readonly Piece[], results: readonly Answer<Added[]>[]): Answer<Added[]> {
  const [first] = results as [Answer<Added[]>];
  if (pieces.length === 1 || (first.failure && results.every(({ failure }) => failure)))
    return first;
  const added: Added[] = [];
  for (const [i, { places }] of pieces.entries()) {
    const { ok, failure } = results[i] as Answer<Added[]>;
    for (const [k, place] of places.entries())
      added[place] = failure ? { error: failure } : (ok[k] as Added);
  }
  return { ok: added };
}
