// The subcommands: how each is used, and where it is. A command is loaded when it is called, so that the
// others cost nothing at start.

import type { Exit } from "./exit.ts";

export interface Command {
  /** After the name, for one line of the usage. */
  args: string;
  /** What it does, in lines. */
  about: readonly string[];
  load(): Promise<{ default: (args: readonly string[]) => Exit | Promise<Exit> }>;
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  build: {
    args: "[queue.yaml [cron.yaml]] [--out taskqueue.json]",
    about: ["writes what the files say as JSON, for a Worker that imports durable-taskqueue/slim"],
    load: () => import("./build.ts"),
  },
  init: {
    args: "[dir] [--yes] [--template [name]]",
    about: [
      "puts queues into the Worker in dir (default here): queue.yaml, the exports of the main",
      "module, the lines of the wrangler file, types; shows the changes and asks, unless --yes;",
      "--template makes a new Worker of that name, in a folder of that name unless dir is given",
    ],
    load: () => import("./init.ts"),
  },
  check: {
    args: "[queue.yaml [cron.yaml]]",
    about: ["says whether the files are good; a cron.yaml beside queue.yaml is looked for"],
    load: () => import("./check.ts"),
  },
  schema: {
    args: "[queue | cron]",
    about: ["prints the JSON Schema of queue.yaml or cron.yaml"],
    load: () => import("./schema.ts"),
  },
};

export function usageOf(name: string): string {
  const { args, about } = COMMANDS[name] as Command;
  return [`usage: durable-taskqueue ${name} ${args}`, ...about.map((line) => `  ${line}`)].join(
    "\n",
  );
}

export function usage(): string {
  const commands = Object.entries(COMMANDS).flatMap(([name, { args, about }]) => [
    `  ${name} ${args}`,
    ...about.map((line) => `      ${line}`),
  ]);
  return [
    "usage: durable-taskqueue COMMAND, where COMMAND is one of",
    "",
    ...commands,
    "",
    ENDS,
  ].join("\n");
}

const ENDS = "--help after a command tells about it alone; --version prints the version.";
