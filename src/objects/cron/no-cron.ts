// The Durable Object of a Worker without the part that runs recurring tasks: there are no entries. One that had
// some may still have an alarm set.
import { DurableObject } from "cloudflare:workers";
import type { CronView } from "../../core/config/cron-view.ts";
import { type Answer, type Refusal, refuse } from "../../core/errors.ts";
import type { Task } from "../../core/task/task.ts";

export class NoCronObject<Env = unknown> extends DurableObject<Env> {
  override async alarm(): Promise<void> {}

  async wake(): Promise<void> {}

  async list(): Promise<CronView[]> {
    return [];
  }

  async run(name: string): Promise<Answer<Task>> {
    return unknown(name);
  }

  async pause(name: string): Promise<Answer<CronView>> {
    return unknown(name);
  }

  async resume(name: string): Promise<Answer<CronView>> {
    return unknown(name);
  }
}

function unknown(name: string): Refusal {
  return refuse("UNKNOWN_CRON", `cron: there is no entry "${name}"; this Worker has none at all`);
}
