// The Durable Object that adds the recurring tasks of cron.yaml. Its public methods are the RPC surface,
// which callers reach through client/cron-handle.ts.
import type { CronFile } from "../../core/config/cron-config.ts";
import type { CronView } from "../../core/config/cron-view.ts";
import type { QueueFile } from "../../core/config/queue-config.ts";
import type { Answer } from "../../core/errors.ts";
import type { NewMeter } from "../../core/metrics/meter.ts";
import type { Task } from "../../core/task/task.ts";
import { CronStore } from "../../store/cron/cron-store.ts";
import { CRON_MIGRATIONS } from "../../store/migrations.ts";
import { allFormerRows, FORMER_CRON } from "../first-version.ts";
import { clock, Host } from "../host.ts";
import { Stubs } from "../stubs.ts";
import { Scheduler } from "./scheduler.ts";

export class TaskCronObject<Env = unknown> extends Host<Env> {
  readonly #scheduler: Scheduler;

  /**
   * `entries`, `file`: the cron.yaml and the queue.yaml this Worker was deployed with; `newMeter`: where it is counted
   * what it uses.
   */
  constructor(
    ctx: DurableObjectState,
    env: Env,
    entries: CronFile,
    file?: QueueFile,
    newMeter?: NewMeter,
  ) {
    super(ctx, env, CRON_MIGRATIONS, newMeter?.(clock));
    const stubs = new Stubs(ctx.exports, (name) => file?.queues.get(name));
    const store = new CronStore(this.sql);
    this.#scheduler = new Scheduler({
      store,
      commit: this.commit,
      entries,
      now: () => this.now(),
      queue: (name) => stubs.queue(name),
      ended: () => this.arm(),
      meter: this.meter,
    });
    this.commit.onCommit(() => this.arm());
    const former = stubs.formerRole(FORMER_CRON);
    this.drive(this.#scheduler.jobs, async () => {
      if (entries.size === 0 || store.schedules.all().length > 0) return;
      const rows = await allFormerRows(former, "recurring");
      if (rows.length > 0) this.commit.run(() => store.adopt(rows));
    });
  }

  static {
    TaskCronObject.countCalls(TaskCronObject.prototype, ["constructor"]);
  }

  protected get title(): string {
    return "recurring tasks";
  }

  async list(): Promise<CronView[]> {
    return this.#scheduler.list();
  }

  /** Adds a task now, whatever the schedule or a pause say. */
  async run(name: string): Promise<Answer<Task>> {
    return this.#scheduler.run(name);
  }

  async pause(name: string): Promise<Answer<CronView>> {
    return this.#scheduler.pause(name);
  }

  /** Due times of the pause are skipped. */
  async resume(name: string): Promise<Answer<CronView>> {
    return this.#scheduler.resume(name);
  }
}
