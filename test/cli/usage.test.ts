import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/command.ts";

const ROOT = join(import.meta.dirname, "../..");

function run(...args: string[]) {
  const command = [join(ROOT, "src/cli.ts"), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("help", () => {
  it.each([["--help"], ["-h"], ["help"], ["help", "nonsense"]])("%j tells of all", (...args) => {
    const { status, stdout, stderr } = run(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const name of Object.keys(COMMANDS)) expect(stdout).toContain(`\n  ${name} `);
  });

  it.each(
    Object.keys(COMMANDS).flatMap((name) => [
      [name, "--help"],
      [name, "-h"],
      ["help", name],
      [name, "something", "--help"],
    ]),
  )("%s %s tells of one", (...args) => {
    const name = args[0] === "help" ? args[1] : args[0];
    const { status, stdout, stderr } = run(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^usage: durable-taskqueue ${name} `));
  });
});

it.each([["--version"], ["-v"], ["version"]])("%s prints the version", (...args) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(run(...args)).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
});

describe("wrong usage", () => {
  it.each([[], [""], ["nonsense"], ["--nonsense"], ["constructor"], ["Check"]])(
    "%j tells of all commands",
    (...args) => {
      const { status, stdout, stderr } = run(...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^usage: durable-taskqueue COMMAND/);
    },
  );

  it.each([
    ["check", "a", "b", "c"],
    ["schema", "x"],
    ["schema", "queue", "cron"],
    ["schema", "toString"],
  ])("%s %s tells of the command", (...args) => {
    const { status, stdout, stderr } = run(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^usage: durable-taskqueue ${args[0]} `));
  });
});
