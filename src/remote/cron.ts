// The recurring tasks elsewhere: the verbs of the Worker's own CronHandle, over HTTP.

import type { CronView } from "../core/config/cron-view.ts";
import { CRON_NAME } from "../core/config/names.ts";
import { invalid } from "../core/errors.ts";
import type { Task } from "../core/task/task.ts";
import type { Connection } from "./connection.ts";
import type { CallOptions } from "./options.ts";
import { part } from "./paths.ts";

export class RemoteCron {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The entries of cron.yaml in its order, with their next and last runs. */
  async list(options?: CallOptions): Promise<CronView[]> {
    const call = { method: "GET", path: "/cron", mayRepeat: true } as const;
    return (await this.#connection.call<{ cron: CronView[] }>(call, options)).cron;
  }

  /** Adds a task of the entry now, regardless of its schedule or a pause. Throws UnknownCronError. */
  async run(name: string, options?: CallOptions): Promise<Task> {
    return this.#post(name, "run", false, options);
  }

  /** Adds no tasks until it is resumed. Throws UnknownCronError. */
  async pause(name: string, options?: CallOptions): Promise<CronView> {
    return this.#post(name, "pause", true, options);
  }

  /** Continues with the next due time. Throws UnknownCronError. */
  async resume(name: string, options?: CallOptions): Promise<CronView> {
    return this.#post(name, "resume", true, options);
  }

  #post<T>(name: string, verb: string, mayRepeat: boolean, options?: CallOptions): Promise<T> {
    const refusal = CRON_NAME.test(name)
      ? undefined
      : invalid("cron", name, "the name of an entry of cron.yaml", "UNKNOWN_CRON");
    const path = `/cron/${part(name, refusal)}:${verb}`;
    return this.#connection.call({ method: "POST", path, mayRepeat }, options);
  }
}
