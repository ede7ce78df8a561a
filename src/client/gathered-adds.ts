// Adds begun in one go of the event loop leave in one call: a hundred `add`s under a Promise.all cost one
// message and one commit.
import { type Answer, TooManyTasksError } from "../core/errors.ts";
import { MAX_TASKS_PER_CALL } from "../core/limits.ts";
import type { AddCall, Added } from "../objects/queue/admission.ts";

type Send = (calls: readonly AddCall[]) => Promise<Answer<Added[]>[]>;

interface PendingCall {
  call: AddCall;
  resolve: (answer: Answer<Added[]>) => void;
  reject: (error: unknown) => void;
}

export class GatheredAdds {
  readonly #send: Send;
  #pending: PendingCall[] = [];

  /** `send` adds several callers' tasks, each call standing for itself. */
  constructor(send: Send) {
    this.#send = send;
  }

  add(call: AddCall): Promise<Answer<Added[]>> {
    if (call.tasks.length > MAX_TASKS_PER_CALL) {
      const message = `tasks: found ${call.tasks.length}, expected at most ${MAX_TASKS_PER_CALL} in one call`;
      throw new TooManyTasksError({ code: "TOO_MANY_TASKS", message });
    }
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) queueMicrotask(() => this.#sendPending());
      this.#pending.push({ call, resolve, reject });
    });
  }

  async #sendPending(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    for (let i = 0; i < pending.length; i += MAX_TASKS_PER_CALL) {
      await this.#sendGroup(pending.slice(i, i + MAX_TASKS_PER_CALL));
    }
  }

  async #sendGroup(group: readonly PendingCall[]): Promise<void> {
    try {
      const answers = await this.#send(group.map(({ call }) => call));
      for (const [index, { resolve }] of group.entries()) {
        resolve(answers[index] as Answer<Added[]>);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
