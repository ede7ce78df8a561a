// The calls of one queue: their paths, and whether they may be repeated.
import { checkQueueName } from "../core/config/names.ts";
import { checkTaskName } from "../core/task/new-task-rules.ts";
import type { Call, Connection } from "./connection.ts";
import type { CallOptions } from "./options.ts";
import { part } from "./paths.ts";

export class QueueCalls {
  readonly connection: Connection;
  readonly #name: string;

  constructor(connection: Connection, name: string) {
    this.connection = connection;
    this.#name = name;
  }

  get(rest: string): Call {
    return { method: "GET", path: this.path(rest), mayRepeat: true };
  }

  post(rest: string, body: unknown, mayRepeat: boolean): Call {
    return { method: "POST", path: this.path(rest), body, mayRepeat };
  }

  put(rest: string, body: unknown): Call {
    return { method: "PUT", path: this.path(rest), body, mayRepeat: true };
  }

  delete(rest: string): Call {
    return { method: "DELETE", path: this.path(rest), mayRepeat: true };
  }

  /** Throws the refusal of a name that no queue can have. */
  path(rest: string): string {
    return `/queues/${part(this.#name, checkQueueName(this.#name))}${rest}`;
  }

  /** What became of each of several. */
  async results<T>(call: Call, options: CallOptions | undefined): Promise<T[]> {
    return (await this.connection.call<{ results: T[] }>(call, options)).results;
  }
}

export function taskPath(name: string): string {
  return `/tasks/${part(name, checkTaskName(name))}`;
}
