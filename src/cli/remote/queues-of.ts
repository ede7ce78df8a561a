// The queues that a command speaks with, and what is said of refusals.
import { TaskQueueError } from "../../core/errors.ts";
import { connect, NoAnswerError, type RemoteQueues } from "../../remote/index.ts";
import { type Given, type Run, textOption } from "../given/command.ts";
import { type Exit, UsageError } from "../terminal/exit.ts";
import { printable } from "../terminal/printable.ts";
import { Interrupted, type Terminal } from "../terminal/terminal.ts";

export type Queues = RemoteQueues<Record<string, unknown>>;

export interface Remote {
  given: Given;
  queues: Queues;
  terminal: Terminal;
  isJson: boolean;
  signal: AbortSignal;
  /** Prints a value as JSON, or else the lines. */
  say(value: unknown, lines: () => readonly string[]): void;
}

/** A command that speaks with a Worker: what that refuses is said, and the exit is 1. */
export function remote(execute: (remote: Remote) => Promise<Exit>): Run {
  return async (given) => {
    const { terminal } = given;
    const isJson = given.options.json === true;
    const say = (value: unknown, lines: () => readonly string[]) => {
      for (const line of isJson ? [JSON.stringify(value)] : lines()) terminal.line(line);
    };
    const { signal } = terminal;
    try {
      return await execute({ given, queues: queuesOf(given), terminal, isJson, signal, say });
    } catch (error) {
      return failed(error, isJson, terminal);
    }
  };
}

/** Throws a UsageError where nothing says which. */
function queuesOf(given: Given): Queues {
  const url = textOption(given, "url") ?? process.env.TASKQUEUE_URL ?? "";
  const token = textOption(given, "token") ?? process.env.TASKQUEUE_TOKEN;
  if (url === "") throw new UsageError("--url: missing, expected it or the variable TASKQUEUE_URL");
  try {
    return connect({ url, token });
  } catch (error) {
    throw new UsageError(`--${(error as Error).message}`);
  }
}

function failed(error: unknown, isJson: boolean, terminal: Terminal): Exit {
  if (error instanceof Interrupted || (error as Error)?.name === "AbortError") {
    terminal.note("interrupted");
    return 130;
  }
  const isKnown = error instanceof TaskQueueError || error instanceof NoAnswerError;
  if (!isKnown) throw error;
  const { message } = error;
  const code = error instanceof TaskQueueError ? error.code : "NO_ANSWER";
  terminal.note(isJson ? JSON.stringify({ error: { code, message } }) : messageOf(code, message));
  return 1;
}

function messageOf(code: string, message: string): string {
  return `${code}: ${message.split("\n").map(printable).join("\n")}`;
}
