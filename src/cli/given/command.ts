// What a subcommand is: how it is used, by which the arguments are read, the help is written and shells complete, and
// where it is. It is loaded when it is called, so that the others cost nothing at start.
import type { Exit } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** What may stand in a place of the command line, for shells to complete. */
export type Completes = "queue" | "file" | "none" | readonly string[];

export interface Argument {
  /** `<queue>`, `[name...]` */
  form: string;
  about: string;
  completes?: Completes;
}

export interface Option {
  /** `-o, --out <file>` */
  flags: string;
  about: string;
  completes?: Completes;
  /** It may be given several times. */
  isRepeated?: true;
}

/** The arguments in their order, and the options by their names: `--older-than` is `olderThan`. */
export interface Given {
  args: readonly string[];
  options: Readonly<Record<string, unknown>>;
  terminal: Terminal;
}

export type Run = (given: Given) => Exit | Promise<Exit>;

export interface Command {
  about: string;
  args?: readonly Argument[];
  options?: readonly Option[];
  /** It speaks with a Worker. */
  isRemote?: true;
  load(): Promise<{ default: Run }>;
}

/** Of every command that speaks with a Worker. */
export const REMOTE_OPTIONS: readonly Option[] = [
  {
    flags: "--url <url>",
    about: "the Worker that has the queues; default TASKQUEUE_URL",
    completes: "none",
  },
  { flags: "--token <token>", about: "its token; default TASKQUEUE_TOKEN", completes: "none" },
  { flags: "--json", about: "print JSON: one value, or one a line where it is a list" },
];

export function optionsOf({ options = [], isRemote }: Command): readonly Option[] {
  return isRemote ? [...options, ...REMOTE_OPTIONS] : options;
}

/** The value of an option that takes a text. */
export function textOption({ options }: Given, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** The values of one that may be given several times. */
export function textsOption({ options }: Given, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : [];
}
