// The command in this process: a process of its own for each of hundreds of calls would take minutes.
import { vi } from "vitest";
import { run } from "../../src/cli/program.ts";
import { Terminal } from "../../src/cli/terminal/terminal.ts";

const VERSION = "1.2.3";
const terminal = new Terminal();

export async function runHere(...args: readonly string[]) {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).flatMap((name) => [
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += text;
      return true;
    }),
    vi.spyOn(console, name === "stdout" ? "log" : "error").mockImplementation((text) => {
      written[name] += `${text}\n`;
    }),
  ]);
  try {
    return { status: await run(args, VERSION, terminal), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
