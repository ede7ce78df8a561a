// A change of a queue's number of shards, as its first shard sees it through. States, by the map:
//
//   { shards }          -> the definition wants another number -> { shards, former }
//   { shards, former }  -> every shard there was has nothing left that is not its own -> { shards }
//
// Each of them is told of the map, and hands over what has to go by itself; from time to time it is asked how far it is.
import type { Resharding } from "../../../core/metrics/queue-view.ts";
import type { QueueTotals } from "../../../core/metrics/totals.ts";
import { AlarmJob, type JobRun } from "../../alarm-job.ts";
import type { MoveReport } from "../../rpc.ts";
import type { QueueJobDeps } from "../context/job-deps.ts";
import type { Mover } from "./mover.ts";
import type { Shard } from "./shard.ts";

export interface ShardChangeDeps extends QueueJobDeps {
  shard: Shard;
  mover: Mover;
  /** Inside a commit: takes over what shards have counted that are no more. */
  takeOver: (totals: readonly QueueTotals[]) => void;
}

const RETRY_MS = 1_000;
/** When it asks again, in ms: after two seconds, then twice as long each time that nothing has moved. */
const ASK_AGAIN_MS = { first: 2_000, most: 60_000 };

export class ShardChange extends AlarmJob {
  readonly #deps: ShardChangeDeps;
  #version = 0;
  readonly #reports = new Map<number, MoveReport>();
  #askAt = 0;
  #waitMs = ASK_AGAIN_MS.first;

  constructor(deps: ShardChangeDeps) {
    super({
      name: "changing the number of shards",
      now: deps.now,
      pendingAt: () => (this.#isUnderWay ? this.#askAt : undefined),
      run: (run) => this.#ask(run),
      ended: deps.ended,
      retryMs: RETRY_MS,
    });
    this.#deps = deps;
  }

  /** How far it has come; undefined when there is none. */
  get progress(): Resharding | undefined {
    const { former, shards, version } = this.#deps.shard.map;
    if (!this.#isUnderWay || former === undefined) return undefined;
    const reports = version === this.#version ? [...this.#reports.values()] : [];
    return {
      ...{ from: former, to: shards },
      shardsDone: reports.filter(({ isDone }) => isDone).length,
      moved: reports.reduce((sum, { moved }) => sum + moved, 0),
    };
  }

  /** A shard says that it has nothing left: it is asked. */
  look(): void {
    this.#askAt = 0;
    this.#deps.ended();
  }

  get #isUnderWay(): boolean {
    const { index, map } = this.#deps.shard;
    return index === 0 && map.former !== undefined && !this.#deps.store.meta.get("removing");
  }

  async #ask(run: JobRun): Promise<void> {
    const { now, shard } = this.#deps;
    const { former = 0, version } = shard.map;
    if (version !== this.#version) this.#reports.clear();
    this.#version = version;
    const before = this.progress;
    const open = [...Array(former).keys()].filter((index) => !this.#reports.get(index)?.isDone);
    const asked = await Promise.allSettled(open.map((index) => this.#askOne(index)));
    if (!run.isCurrent || shard.map.version !== version) return;
    const reports = [...this.#reports.values()];
    if (reports.length === former && reports.every(({ isDone }) => isDone))
      return shard.endChange(() =>
        this.#deps.takeOver(reports.flatMap(({ totals }) => totals ?? [])),
      );
    const hasMoved = this.progress?.moved !== before?.moved;
    this.#waitMs = hasMoved ? ASK_AGAIN_MS.first : Math.min(2 * this.#waitMs, ASK_AGAIN_MS.most);
    this.#askAt = now() + this.#waitMs;
    for (const one of asked) if (one.status === "rejected") throw one.reason;
  }

  async #askOne(index: number): Promise<void> {
    const { mover, shard } = this.#deps;
    const { version } = shard.map;
    const report = index === 0 ? mover.report : await this.#reportOf(index);
    if (report && version === this.#version) this.#reports.set(index, report);
  }

  async #reportOf(index: number): Promise<MoveReport | undefined> {
    const { definition, shard, stubs } = this.#deps;
    const other = stubs.shard(definition.config.name, index);
    const answered = await other.onShard(shard.map, "moves", []);
    return "answer" in answered ? (answered.answer as MoveReport) : undefined;
  }
}
