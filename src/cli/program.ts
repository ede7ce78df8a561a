// The command line as commander reads it, made of what the subcommands say of themselves.
import { CommanderError, Command as Program } from "commander";
import { COMMANDS } from "./commands.ts";
import { type Command, type Given, optionsOf } from "./given/command.ts";
import { type Exit, UsageError } from "./terminal/exit.ts";
import type { Terminal } from "./terminal/terminal.ts";

const NAME = "durable-taskqueue";

/** Reads the arguments and does what they say; the status to exit with. */
export async function run(
  args: readonly string[],
  version: string,
  terminal: Terminal,
): Promise<number> {
  const ended: { exit: Exit } = { exit: 0 };
  const program = programOf(version, async (command, given) => {
    const { default: execute } = await command.load();
    ended.exit = await execute({ ...given, terminal });
  });
  try {
    await program.parseAsync(withHelp(args), { from: "user" });
    return ended.exit === "usage" ? usage(program, args) : ended.exit;
  } catch (error) {
    if (error instanceof UsageError) return usage(program, args, error.message);
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.unknownOption") console.error(DASHES);
    return error.exitCode === 0 ? 0 : 2;
  }
}

// "help nonsense" tells of all.
function withHelp(args: readonly string[]): string[] {
  const [first, name = ""] = args;
  if (first === "-v" || first === "version") return ["--version"];
  if (first !== "help") return [...args];
  return Object.hasOwn(COMMANDS, name) ? [name, "--help"] : ["--help"];
}

function usage(program: Program, [name]: readonly string[], message?: string): 2 {
  const found = program.commands.find((it) => it.name() === name) ?? program;
  if (message !== undefined) console.error(`error: ${message}`);
  console.error(`usage: ${NAME} ${name} ${found.usage()}\n${MORE}`);
  return 2;
}

const DASHES = "A name that begins with - comes after --.";
const MORE = "--help after a command tells about it.";

type Execute = (command: Command, given: Omit<Given, "terminal">) => Promise<void>;

function programOf(version: string, execute: Execute): Program {
  const program = withOutput(new Program(NAME))
    .version(version, "--version", "prints the version")
    .usage("COMMAND ...")
    .helpCommand(false)
    .addHelpText("after", AFTER);
  for (const [name, command] of Object.entries(COMMANDS)) {
    program.addCommand(subprogramOf(name, command, execute));
  }
  return program;
}

const AFTER = `
Exit status: 0 done, 1 refused or something was found, 2 used wrongly (plan: something is lost).
TASKQUEUE_URL and TASKQUEUE_TOKEN stand for --url and --token. ${MORE}`;

function subprogramOf(name: string, command: Command, execute: Execute): Program {
  const made = withOutput(new Program(name)).description(sentence(command.about));
  for (const { form, about } of command.args ?? []) made.argument(form, about);
  for (const { flags, about, isRepeated } of optionsOf(command)) {
    if (isRepeated)
      made.option(flags, about, (value: string, all: string[] = []) => [...all, value]);
    else made.option(flags, about);
  }
  return made.action(async () => execute(command, { args: made.args, options: made.opts() }));
}

function withOutput(program: Program): Program {
  return program
    .exitOverride()
    .helpOption("-h, --help", "tells how it is used")
    .showHelpAfterError(MORE)
    .configureHelp({
      styleTitle: (title) => title.toLowerCase(),
      // Of the commands in the list the first words say enough.
      subcommandDescription: (it) => it.description(),
      subcommandTerm: (it) => it.name(),
    });
}

function sentence(about: string): string {
  return `${about}.`;
}
