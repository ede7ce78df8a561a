// `init`: puts the queues into a Worker that is there, or makes a new one.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import type { Given } from "./given/command.ts";
import { type Advice, type Change, Refusal } from "./init/plan.ts";
import { planOf } from "./init/project.ts";
import { adviceOf, diffOf, nextSteps } from "./init/said.ts";
import { templateOf } from "./init/template.ts";
import type { Exit } from "./terminal/exit.ts";

interface Options {
  dir: string;
  isYes: boolean;
  /** The name of a new project. */
  template?: string;
}

export default async function init(given: Given): Promise<Exit> {
  const options = optionsOf(given);
  try {
    const { dir, template } = options;
    return template === undefined ? await extend(options) : await begin(dir, template, options);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(error.message);
    return 1;
  }
}

/** A template without a folder is made in one of its name, and one without a name has that of its folder. */
function optionsOf({ args: [dir], options: { yes, template } }: Given): Options {
  const isYes = yes === true;
  const name = typeof template === "string" ? template : undefined;
  const place = dir ?? name ?? ".";
  if (template === undefined) return { dir: place, isYes };
  return { dir: place, isYes, template: name ?? basename(resolve(place)) };
}

async function extend({ dir, isYes }: Options): Promise<Exit> {
  const { changes, advice, main, router } = planOf(dir);
  if (changes.length === 0) return nothingToDo(advice);
  return settle(
    dir,
    changes,
    isYes,
    () => [...adviceOf(advice), ...nextSteps(main, router)],
    advice,
  );
}

async function begin(dir: string, name: string, { isYes }: Options): Promise<Exit> {
  return settle(dir, templateOf(dir, name), isYes, () => [
    `Next:  ${dir === "." ? "" : `cd ${dir} && `}npm install && npm start`,
  ]);
}

function nothingToDo(advice: readonly Advice[]): Exit {
  const left = adviceOf(advice);
  if (left.length > 0) console.log(left.join("\n"));
  const isDone = !advice.some(({ isNeeded }) => isNeeded);
  if (isDone) console.log("Nothing to be done: the queues are set up.");
  return isDone ? 0 : 1;
}

/** Shows the changes, and makes them when they are wanted. */
async function settle(
  dir: string,
  changes: readonly Change[],
  isYes: boolean,
  after: () => string[],
  advice: readonly Advice[] = [],
): Promise<Exit> {
  console.log(diffOf(changes));
  if (!isYes && !(await isAgreed())) {
    console.error("Nothing was written. To write it: the same command with --yes");
    return 1;
  }
  for (const change of changes) write(dir, change);
  console.log([`Wrote ${changes.map(({ path }) => path).join(", ")}.`, "", ...after()].join("\n"));
  return advice.some(({ isNeeded }) => isNeeded) ? 1 : 0;
}

async function isAgreed(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question("Write these changes? [y/N] ");
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function write(dir: string, { path, after }: Change): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), after);
}
