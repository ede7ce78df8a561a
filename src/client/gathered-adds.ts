// Adds that begin in one turn of the event loop leave together: a hundred `add`s under a Promise.all cost one
// message and one commit. A message holds a thousand tasks and 30 MiB at most, or a single call. What is wrong
// with one call is its own.
import { type Answer, refuse } from "../core/errors.ts";
import { MAX_CALL_BYTES, MAX_TASKS_PER_CALL } from "../core/limits.ts";
import type { AddCall, Added } from "../core/task/calls.ts";
import { checkSendable, isUnsent, unsentRefusal } from "../core/task/sendable.ts";

type Send = (calls: readonly AddCall[]) => Promise<Answer<Added[]>[]>;

interface PendingCall {
  call: AddCall;
  /** Bytes at most. */
  size: number;
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
      return Promise.resolve(refuse("TOO_MANY_TASKS", message));
    }
    const size = checkSendable(call.tasks);
    return size.failure ? Promise.resolve(size) : this.#gather(call, size.ok);
  }

  #gather(call: AddCall, size: number): Promise<Answer<Added[]>> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) queueMicrotask(() => this.#sendPending());
      this.#pending.push({ call, size, resolve, reject });
    });
  }

  async #sendPending(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    for (const message of messagesOf(pending)) await this.#sendMessage(message);
  }

  async #sendMessage(calls: readonly PendingCall[]): Promise<void> {
    try {
      const answers = await this.#send(calls.map(({ call }) => call));
      for (const [index, { resolve }] of calls.entries()) {
        resolve(answers[index] as Answer<Added[]>);
      }
    } catch (error) {
      await this.#failed(calls, error);
    }
  }

  // Where nothing has left, each call is sent by itself: one of them is the cause.
  async #failed(calls: readonly PendingCall[], error: unknown): Promise<void> {
    const [first] = calls as readonly [PendingCall];
    if (!isUnsent(error)) for (const { reject } of calls) reject(error);
    else if (calls.length === 1) first.resolve(unsentRefusal(error));
    else for (const call of calls) await this.#sendMessage([call]);
  }
}

/** The calls in their order, as many to a message as fit. */
function messagesOf(calls: readonly PendingCall[]): PendingCall[][] {
  const messages: PendingCall[][] = [];
  let [tasks, bytes] = [0, 0];
  for (const pending of calls) {
    tasks += pending.call.tasks.length;
    bytes += pending.size;
    const message = messages.at(-1);
    if (message && tasks <= MAX_TASKS_PER_CALL && bytes <= MAX_CALL_BYTES) {
      message.push(pending);
    } else {
      messages.push([pending]);
      [tasks, bytes] = [pending.call.tasks.length, pending.size];
    }
  }
  return messages;
}
