// What may come next on a command line that is being written: asked by the scripts of `completion`.

import { COMMANDS } from "./commands.ts";
import { type Command, type Completes, type Option, optionsOf } from "./given/command.ts";

/** Stands for names of files, which the shell knows best. */
export const FILES = ":file";

/** `words`: those behind the command's own, the last being written. `queues` asks the Worker for names. */
export async function complete(
  words: readonly string[],
  queues: (words: readonly string[]) => Promise<string[]>,
): Promise<string[]> {
  const [name = "", ...rest] = words;
  const current = words.at(-1) ?? "";
  if (words.length <= 1) return matching([...Object.keys(COMMANDS), "help"], current);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) return name === "help" ? matching(Object.keys(COMMANDS), current) : [];
  const options = optionsOf(command);
  const before = options.find((it) => takesValue(it) && flagsOf(it).includes(rest.at(-2) ?? ""));
  if (before) return matching(await valuesOf(before.completes, () => queues(words)), current);
  if (current.startsWith("-")) return matching([...options.flatMap(flagsOf), "--help"], current);
  const argument = argumentAt(command, placed(rest.slice(0, -1), options).length);
  return matching(await valuesOf(argument?.completes, () => queues(words)), current);
}

function matching(values: readonly string[], current: string): string[] {
  return values.filter((value) => value === FILES || value.startsWith(current));
}

async function valuesOf(
  completes: Completes = "none",
  queues: () => Promise<string[]>,
): Promise<readonly string[]> {
  if (completes === "queue") return queues();
  if (completes === "file") return [FILES];
  return completes === "none" ? [] : completes;
}

function flagsOf({ flags }: Option): string[] {
  return flags.match(/--?[A-Za-z][\w-]*/g) ?? [];
}

function takesValue({ flags }: Option): boolean {
  return /[<[]/.test(flags);
}

/** The words that are arguments. */
function placed(words: readonly string[], options: readonly Option[]): string[] {
  const takers = new Set(options.filter(takesValue).flatMap(flagsOf));
  return words.filter((word, i) => !word.startsWith("-") && !takers.has(words[i - 1] ?? ""));
}

function argumentAt({ args = [] }: Command, index: number) {
  const last = args.at(-1);
  return args[index] ?? (last?.form.includes("...") ? last : undefined);
}
