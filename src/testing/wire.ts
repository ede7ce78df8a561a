// What goes between a test in Node and the kit beside the Worker: a verb with its arguments, and what it comes to.
import { errorOf, type Failure, TaskQueueError } from "../core/errors.ts";
import { richText, richValue } from "../core/rich-json.ts";
import type { AddedTask, TaskAttempt } from "./log.ts";

/** A verb of the kit, of a queue or of a group. */
export interface Call {
  queue?: string;
  group?: string;
  verb: string;
  args: unknown[];
  /** How many entries of each list the test knows. */
  knows: { added: number; attempts: number };
}

export interface Reply {
  value?: unknown;
  /** The name of the group whose handle is the value. */
  group?: string;
  failure?: Failure;
  /** Of any other error. */
  error?: string;
  /** ms since 1970 */
  now: number;
  /** How many entries there are, and those the test does not know. */
  added: { from: number; entries: AddedTask[] };
  attempts: { from: number; entries: TaskAttempt[] };
}

export function written(message: Call | Reply): string {
  return richText(message);
}

export function read<Message>(text: string): Message {
  return richValue(text) as Message;
}

export function failureOf(error: unknown): Pick<Reply, "failure" | "error"> {
  if (!(error instanceof TaskQueueError)) return { error: messageOf(error) };
  const { code, message, details } = error;
  return { failure: details === undefined ? { code, message } : { code, message, details } };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function throwOf({ failure, error }: Pick<Reply, "failure" | "error">): void {
  if (failure) throw errorOf(failure);
  if (error !== undefined) throw new Error(error);
}
