// What other objects do with a queue of several shards: they call its first one, which has it done where the tasks
// are. What they try again is done once: a name goes where it was, and a batch of a group is split as it was before.
import type { CronTask } from "../../core/config/cron-task.ts";
import type { Answer, Failure } from "../../core/errors.ts";
import type { MeterCounts } from "../../core/metrics/meter.ts";
import { shardOf } from "../../core/sharding/shard-map.ts";
import type { NewTask, Task } from "../../core/task/task.ts";
import type { BatchCall, MasterEnd, QueueRpc } from "../rpc.ts";
import { type OnShard, type RouteDeps, Routes } from "./routes.ts";
import { takenBefore } from "./taken-names.ts";

export interface IncomingDeps extends RouteDeps {
  /** Why the queue takes no tasks. */
  refusal: () => Answer<unknown>;
  ensureListed: () => Promise<void>;
  /** The caller has used this for the queue: counted here, and not by the shards that the call goes on to. */
  used: (counts: MeterCounts | undefined) => void;
  batches: GroupBatches;
}

/** Batches at the first shard, which has accepted one when all shards have. */
export interface GroupBatches {
  isAccepted(call: BatchCall): boolean;
  /** From now on some shards may have accepted it: until all have, the queue keeps its number of shards. */
  begin(call: BatchCall): void;
  /** Accepts the part of the first shard, the last one. */
  acceptOwn(call: BatchCall): Answer<Failure[]>;
}

type Verb = "addCronTasks" | "addDeadLetters";

/** A task of a batch, with its place in that. */
type Subtask = [i: number, route: string];

export class Incoming
  implements Omit<QueueRpc, "mode" | "deadLetterHop" | "pulse" | "wake" | "cancelled">
{
  readonly #deps: IncomingDeps;
  readonly #routes: Routes;

  constructor(deps: IncomingDeps) {
    this.#deps = deps;
    this.#routes = new Routes(deps);
  }

  addCronTasks(tasks: readonly CronTask[], used?: MeterCounts): Promise<Answer<Answer<Task>[]>> {
    this.#deps.used(used);
    return this.#add<CronTask>("addCronTasks", tasks, ({ task }) => task.name);
  }

  addDeadLetters(tasks: readonly NewTask[]): Promise<Answer<Answer<Task>[]>> {
    return this.#add<NewTask>("addDeadLetters", tasks, ({ name }) => name);
  }

  async #add<T>(
    verb: Verb,
    tasks: readonly T[],
    nameOf: (task: T) => string | undefined,
  ): Promise<Answer<Answer<Task>[]>> {
    const { failure } = this.#deps.refusal();
    if (failure) return { failure };
    const added = await this.#routes.each<T, Answer<Task>>(tasks, {
      routeOf: (task) => nameOf(task) ?? "",
      call: async (on, part, map) => {
        const taken = await takenBefore(this.#routes, part.map(nameOf), map);
        const free = part.filter((_, i) => !taken[i]);
        const { ok, failure } = await on(verb, free as never);
        const answers = ok?.values();
        return part.map((_, i) => {
          const refused = taken[i] ?? failure;
          return refused ? { failure: refused } : (answers?.next().value as Answer<Task>);
        });
      },
      isMissing: () => false,
    });
    return { ok: added };
  }

  async acceptBatch(call: BatchCall, used?: MeterCounts): Promise<Answer<Failure[]>> {
    this.#deps.used(used);
    const { refusal, ensureListed, batches, map } = this.#deps;
    const { failure } = refusal();
    if (failure) return { failure };
    await ensureListed();
    if (batches.isAccepted(call)) return { ok: [] };
    batches.begin(call);
    const { shards } = map();
    const routed = call.indexes.map((_, i): Subtask => [i, routeOf(call, i)]);
    const isOwn = ([, route]: Subtask) => shardOf(route, shards) === 0;
    const others = await this.#routes.each<Subtask, Answer<Failure[]>>(
      routed.filter((subtask) => !isOwn(subtask)),
      {
        routeOf: ([, route]) => route,
        call: (on, part) => this.#acceptPart(on, call, part),
        isMissing: () => false,
      },
    );
    const own =
      others.find(({ failure }) => failure) ?? (await this.#acceptOwn(call, routed.filter(isOwn)));
    return own.failure ? own : { ok: [...others, own].flatMap(({ ok = [] }) => ok) };
  }

  // One answer for all of the part, which stands at its first.
  async #acceptPart(
    on: OnShard,
    call: BatchCall,
    part: readonly Subtask[],
  ): Promise<Answer<Failure[]>[]> {
    const answer = await on("acceptBatch", await this.#partOf(call, part));
    return part.map((_, i) => (i === 0 ? answer : { ok: [] }));
  }

  async #acceptOwn(call: BatchCall, part: readonly Subtask[]): Promise<Answer<Failure[]>> {
    return this.#deps.batches.acceptOwn(await this.#partOf(call, part));
  }

  async #partOf(call: BatchCall, part: readonly Subtask[]): Promise<BatchCall> {
    const tasks = part.map(([i]) => call.tasks[i] as object);
    const taken = await takenBefore(this.#routes, tasks.map(nameOf), this.#deps.map());
    const indexes = part.map(([i]) => call.indexes[i] as number | null);
    return { ...call, indexes, tasks, ...(taken.length > 0 && { taken }) };
  }

  findMaster(name: string, group: string): Promise<Answer<number>> {
    return this.#routes.one(name, isUnknown, "findMaster", name, group);
  }

  bindMaster(name: string, group: string): Promise<Answer<number>> {
    return this.#routes.one(name, isUnknown, "bindMaster", name, group);
  }

  // It does not say whether the master was there.
  async endMaster(end: MasterEnd): Promise<void> {
    await this.#routes.one(end.name, () => true, "endMaster", end);
  }

  async dropGroup(group: string, batch: number): Promise<void> {
    await this.#routes.all("dropGroup", group, batch);
  }

  async forgetGroup(
    group: string,
    batch: number,
    state?: "done" | "cancelled",
    used?: MeterCounts,
  ): Promise<void> {
    this.#deps.used(used);
    await this.#routes.all("forgetGroup", group, batch, state);
  }

  // The first shard knows all groups of the queue.
  async groupFailed(group: string): Promise<void> {
    await this.#routes.byMap(async (map) => {
      await this.#routes.on(map, 0)("groupFailed", group);
      return TOLD;
    });
  }

  async runningOfGroup(group: string): Promise<number> {
    const running = await this.#routes.all("runningOfGroup", group);
    return running.reduce((sum, n) => sum + n, 0);
  }
}

const TOLD = {};

function nameOf(task: object): string | undefined {
  const { name } = task as { name?: string };
  return name || undefined;
}

// Without a name it goes where its number in the group says, each time it is sent.
function routeOf({ group, indexes, tasks }: BatchCall, i: number): string {
  return nameOf(tasks[i] as object) ?? `${group} ${indexes[i]}`;
}

function isUnknown({ failure }: Answer<unknown>): boolean {
  return failure?.code === "UNKNOWN_TASK";
}
