// Adds that begin in one turn of the event loop leave together: a hundred `add`s under a Promise.all cost one
// message and one commit. A message holds a thousand tasks and 30 MiB at most, or a single call.
import { type Answer, TooManyTasksError } from "../core/errors.ts";
import { MAX_TASKS_PER_CALL } from "../core/limits.ts";
import type { AddCall, Added } from "../objects/queue/admission.ts";
import { messageSize } from "./message-size.ts";

type Send = (calls: readonly AddCall[]) => Promise<Answer<Added[]>[]>;

/** Of one message, under the platform's 32 MiB. */
const MAX_MESSAGE_BYTES = 30 * 1024 * 1024;

interface PendingCall {
  call: AddCall;
  /** Bytes at most, infinite when it cannot be told: such a call is sent alone. */
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
      throw new TooManyTasksError({ code: "TOO_MANY_TASKS", message });
    }
    return new Promise((resolve, reject) => {
      const size = messageSize(call.tasks, MAX_MESSAGE_BYTES);
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
      for (const { reject } of calls) reject(error);
    }
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
    if (message && tasks <= MAX_TASKS_PER_CALL && bytes <= MAX_MESSAGE_BYTES) {
      message.push(pending);
    } else {
      messages.push([pending]);
      [tasks, bytes] = [pending.call.tasks.length, pending.size];
    }
  }
  return messages;
}
