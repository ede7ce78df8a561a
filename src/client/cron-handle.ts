// The caller's side of the recurring tasks: what `queues.cron(env)` gives.

import type { ActKind } from "../core/audit.ts";
import type { CronView } from "../core/config/cron-view.ts";
import { unwrap } from "../core/errors.ts";
import type { Task } from "../core/task/task.ts";
import { audited } from "./audited.ts";
import type { CallerStubs, CronStub } from "./stubs.ts";

export class CronHandle {
  readonly #stubs: CallerStubs;

  constructor(stubs: CallerStubs) {
    this.#stubs = stubs;
  }

  /** The entries of cron.yaml in its order, with their next and last runs. */
  async list(): Promise<CronView[]> {
    return this.#cron.list();
  }

  /** Adds a task of the entry now, regardless of its schedule or a pause. Throws UnknownCronError. */
  async run(name: string): Promise<Task> {
    return this.#act("cron_run", name, async () => unwrap(await this.#cron.run(name)));
  }

  /** Adds no tasks until it is resumed, restarts and deploys included. Throws UnknownCronError. */
  async pause(name: string): Promise<CronView> {
    return this.#act("cron_pause", name, async () => unwrap(await this.#cron.pause(name)));
  }

  /** Continues with the next due time; runs missed while paused are skipped. Throws UnknownCronError. */
  async resume(name: string): Promise<CronView> {
    return this.#act("cron_resume", name, async () => unwrap(await this.#cron.resume(name)));
  }

  /** Makes sure that the object has its entries and its alarm set. */
  async wake(): Promise<void> {
    await this.#cron.wake();
  }

  #act<T>(what: ActKind, name: string, work: () => Promise<T>): Promise<T> {
    return audited(this.#stubs, { what, name }, work);
  }

  get #cron(): CronStub {
    return this.#stubs.cron();
  }
}
